package io.weft.kubernetes.resource;

import static io.weft.kubernetes.resource.ResourceText.FABRIC;
import static io.weft.kubernetes.resource.ResourceText.NETWORK;
import static io.weft.kubernetes.resource.ResourceText.good;
import static io.weft.kubernetes.resource.ResourceText.problems;
import static io.weft.kubernetes.resource.ResourceText.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.kubernetes.resource.FabricSpec.AutoRouteTarget;
import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.kubernetes.resource.FabricSpec.VtepFamily;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlReading;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.net.VniRange;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ResourceReaderTest {
  @Test
  void aFullFabric() {
    var spec = ((Fabric) good(FABRIC)).spec();
    assertThat(spec.asn()).isEqualTo(new AutonomousSystem(4_200_000_000L));
    assertThat(spec.vtep()).isEqualTo(new Vtep.OfCidrs(List.of(IpPrefix.parse("10.0.0.0/16"))));
    assertThat(spec.reflectors().addresses())
        .containsExactly(IpAddress.parse("10.0.0.1"), IpAddress.parse("fd00::1"));
    assertThat(spec.reflectorClients()).containsExactly(IpPrefix.parse("10.0.0.0/8"));
    assertThat(spec.peers())
        .containsExactly(
            PeerSpec.of(
                new PeerSpec.Remote.AtAddress(IpAddress.parse("10.0.1.1")),
                new PeerSpec.PeerAs.Exact(new AutonomousSystem(65001))),
            PeerSpec.of(
                new PeerSpec.Remote.AtAddress(IpAddress.parse("10.0.1.2")),
                new PeerSpec.PeerAs.Exact(spec.asn())));
    assertThat(spec.vniPools().networks()).isEqualTo(VniRange.parse("5000-5999"));
    assertThat(spec.autoRouteTarget()).isEqualTo(AutoRouteTarget.RFC8365);
    assertThat(spec.holdSeconds()).isZero();
    assertThat(spec.restartSeconds()).isEqualTo(4095);
  }

  @Test
  void whereServicesAre() {
    var text = "kind: Fabric\nmetadata: {name: default}\nspec: {services: [%s]}";
    var both = ((Fabric) good(text.formatted("10.96.0.0/12, 'fd00:96::/108'"))).spec();
    assertThat(both.services())
        .containsExactly(IpPrefix.parse("10.96.0.0/12"), IpPrefix.parse("fd00:96::/108"));
    assertThat(both.withReflectors(both.reflectors())).isEqualTo(both);
    assertThat(problems(text.formatted("0.0.0.0/0")))
        .singleElement()
        .asString()
        .contains("services are not everywhere");
    assertThat(problems(text.formatted("10.96.0.0/16, ".repeat(17))))
        .singleElement()
        .asString()
        .contains("more than 16");
  }

  @Test
  void vtepsOfBothFamilies() {
    var text = "kind: Fabric\nmetadata: {name: default}\nspec: {vtep: {families: [ipv6, ipv4]%s}}";
    var spec = ((Fabric) good(text.formatted(", interface: lo"))).spec();
    assertThat(spec.isDual()).isTrue();
    assertThat(spec.families()).containsExactly(VtepFamily.IPV4, VtepFamily.IPV6);
    var prefixes = List.of(IpPrefix.parse("fd00::/64"), IpPrefix.parse("10.0.0.0/16"));
    var byPrefix = ((Fabric) good(text.formatted(", cidrs: ['fd00::/64', 10.0.0.0/16]"))).spec();
    assertThat(byPrefix.vtep()).isEqualTo(new Vtep.OfCidrs(prefixes));
    assertThat(byPrefix.reflectorClients()).isEqualTo(prefixes);
    assertThat(((Fabric) good(text.formatted(""))).spec().vtep())
        .isEqualTo(new Vtep.OfDefaultRoute());
    assertThat(((Fabric) good(FABRIC)).spec().isDual()).isFalse();
  }

  @Test
  void defaultsOfTheFabric() {
    assertThat(good("kind: Fabric\nmetadata: {name: default}\n")).isEqualTo(Fabric.DEFAULT);
    assertThat(good("kind: Fabric\nmetadata: {name: default}\nspec:\n")).isEqualTo(Fabric.DEFAULT);
    var byCidr =
        (Fabric) good("kind: Fabric\nmetadata: {name: default}\nspec: {vtep: {cidr: 10.9.0.0/16}}");
    assertThat(byCidr.spec().reflectorClients()).containsExactly(IpPrefix.parse("10.9.0.0/16"));
    assertThat(byCidr.spec().asn()).isEqualTo(new AutonomousSystem(65000));
    assertThat(byCidr.spec().holdSeconds()).isEqualTo(90);
    assertThat(byCidr.spec().restartSeconds()).isEqualTo(120);
    assertThat(byCidr.spec().vniPools().networks()).isEqualTo(VniRange.parse("10000-99999"));
  }

  @Test
  void aFullNetworkAndABareOne() {
    var spec = ((Network) good(NETWORK)).spec();
    assertThat(spec.tenant()).contains("red");
    assertThat(spec.vni()).contains(new Vni(100));
    assertThat(spec.subnets())
        .containsExactly(IpPrefix.parse("192.168.1.0/24"), IpPrefix.parse("fd00:1::/64"));
    assertThat(spec.routeTargets().imports())
        .containsExactly(RouteTarget.parse("65000:100"), RouteTarget.parse("10.0.0.1:7"));
    assertThat(spec.mtu()).isEqualTo(OptionalInt.of(1450));
    assertThat(((Network) good("kind: Network\nmetadata: {name: a}")).spec())
        .isEqualTo(NetworkSpec.DEFAULT);
    assertThat(good("kind: Tenant\nmetadata: {name: red}\nspec: {}")).isInstanceOf(Tenant.class);
  }

  @Test
  void placesOfFieldsAreRemembered() {
    var declared = read(NETWORK).getFirst().declared().orElseThrow();
    assertThat(declared.place()).hasToString("f.yaml:2:18");
    assertThat(declared.placeOf("vni")).hasToString("f.yaml:5:8");
    assertThat(declared.placeOf("subnets[1]")).hasToString("f.yaml:6:29");
    assertThat(declared.placeOf("nothing")).hasToString("f.yaml:2:18");
  }

  /** Each a line of the network or the fabric put in the place of another, and the complaint. */
  static Stream<Arguments> wrongLines() {
    return Stream.of(
        n(
            "kind: Network",
            "kind: Netwrok",
            "1:7: kind 'Netwrok' is not known; did you mean 'Network'?"),
        n(
            "kind: Network",
            "kind: Pod",
            "1:7: kind 'Pod' is not known; known: Fabric, Tenant, Network, TenantConnection,"
                + " Endpoint"),
        n("kind: Network", "x: 1", "1:1: 'kind' is missing; it is required"),
        n(
            "red-web",
            "Red_Web",
            "2:18: Network: name: 'Red_Web' is not a DNS label: 1 to 63 lower-case letters, digits"
                + " and inner hyphens"),
        n(
            "red-web",
            "" + "a".repeat(64),
            "2:18: Network: name: '"
                + "a".repeat(64)
                + "' is not a DNS label: 1 to 63 lower-case letters, digits and inner hyphens"),
        n("red-web", "5", "2:18: Network: name must be text, not the number 5; put it in quotes"),
        n("{name: red-web}", "{}", "2:11: Network: 'name' is missing; it is required"),
        n(
            "metadata: {name: red-web}",
            "apiVersion: weft.io/v1",
            "1:1: Network: 'metadata' is missing; it is required"),
        n(
            "kind: Network",
            "{kind: Network, apiVersion: weft.io/v1, metadata: {name: a}}\n---\n",
            "1:29: Network a: apiVersion: 'weft.io/v1' is not known; write weft.io/v1alpha1 or"
                + " leave it out"),
        n("vni: 100", "vni: 16777216", "5:8: Network red-web: vni 16777216 is out of 1..16777215"),
        n("vni: 100", "vni: 0", "5:8: Network red-web: vni 0 is out of 1..16777215"),
        n("vni: 100", "vnii: 100", "5:3: Network red-web: unknown key 'vnii'; did you mean 'vni'?"),
        n(
            "vni: 100",
            "tenant: blue",
            "5:3: Network red-web: key 'tenant' is already given at line 4"),
        n(
            "tenant: red",
            "tenant: Red",
            "4:11: Network red-web: tenant: 'Red' is not a DNS label: 1 to 63 lower-case letters,"
                + " digits and inner hyphens"),
        n(
            "192.168.1.0/24",
            "192.168.1.1/24",
            "6:13: Network red-web: subnets: 192.168.1.1/24 has bits set behind the prefix length;"
                + " the prefix is 192.168.1.0/24"),
        n(
            "\"fd00:1::/64\"",
            "192.168.0.0/16",
            "6:29: Network red-web: subnets: subnet 192.168.0.0/16 overlaps 192.168.1.0/24 of the"
                + " same network"),
        n(
            "192.168.1.0/24",
            "224.0.0.0/24",
            "6:13: Network red-web: subnets: 224.0.0.0/24 is multicast; hosts cannot have its"
                + " addresses"),
        n(
            "export: [65000:100]",
            "export: []",
            "7:59: Network red-web: the list is empty; leave the key out for the automatic route"
                + " targets"),
        n(
            "10.0.0.1:7",
            "red",
            "7:38: Network red-web: import: 'red' is not a route target (AS:number or"
                + " IPv4:number)"),
        n("mtu: 1450", "mtu: 575", "8:8: Network red-web: mtu 575 is out of 576..9000"),
        n(
            "mtu: 1450",
            "mtu: 1279",
            "8:8: Network red-web: mtu 1279 is below 1280, which an IPv6 subnet needs (RFC 8200"
                + " §5)"),
        f(
            "name: default",
            "name: other",
            "3:11: Fabric other: the one Fabric is named 'default', not 'other'"),
        f(
            "asn: 4200000000",
            "asn: 4294967296",
            "5:8: Fabric default: asn 4294967296 is out of 1..4294967295"),
        f(
            "{cidr: 10.0.0.0/16}",
            "{cidr: 10.0.0.0/16, interface: lo}",
            "6:9: Fabric default: vtep has one of 'interface', 'cidr' and 'cidrs'; remove the"
                + " others"),
        f(
            "{cidr: 10.0.0.0/16}",
            "{}",
            "6:9: Fabric default: vtep has one of 'interface', 'cidr' and 'cidrs'; give one or"
                + " leave vtep out"),
        f(
            "{cidr: 10.0.0.0/16}",
            "{cidr: 10.0.0.0/16, families: [ipv4, ipv6]}",
            "6:16: Fabric default: no prefix is of ipv6, which families has; give 'cidrs: [...]'"
                + " with one of each"),
        f(
            "{cidr: 10.0.0.0/16}",
            "{cidrs: [10.0.0.0/16, 10.1.0.0/16], families: [ipv4]}",
            "6:31: Fabric default: cidrs: 10.1.0.0/16 is the second prefix of its IP version"),
        f(
            "{cidr: 10.0.0.0/16}",
            "{cidrs: [10.0.0.0/16, 'fd00::/64']}",
            "6:17: Fabric default: prefixes of both IP versions go with 'families: [ipv4, ipv6]';"
                + " add it"),
        f(
            "{cidr: 10.0.0.0/16}",
            "{cidr: 10.0.0.0/16, families: [ipv4, ipv4]}",
            "6:46: Fabric default: families: ipv4 is given twice"),
        f(
            "{cidr: 10.0.0.0/16}",
            "{interface: a/b}",
            "6:21: Fabric default: interface: 'a/b' is not an interface name"),
        f(
            "\"fd00::1\"",
            "10.0.0.1",
            "7:38: Fabric default: addresses: address 10.0.0.1 is given twice"),
        f(
            "\"fd00::1\"",
            "0.0.0.0",
            "7:38: Fabric default: addresses: 0.0.0.0 is not the address of a neighbour"),
        f(
            "{address: 10.0.1.2}",
            "{asn: 5}",
            "10:5: Fabric default: a peer has one of 'address', 'interface' and 'range'; give one"),
        f(
            "10.0.1.2",
            "10.0.1.1",
            "10:15: Fabric default: address: address 10.0.1.1 is given twice"),
        f(
            "5000-5999",
            "5999-5000",
            "11:24: Fabric default: networks: VNI range 5999-5000 is empty"),
        f(
            "autoRouteTarget: rfc8365",
            "autoRouteTarget: shrt",
            "12:20: Fabric default: autoRouteTarget 'shrt' is not known; did you mean 'short'?"),
        f(
            "holdSeconds: 0",
            "holdSeconds: 2",
            "13:16: Fabric default: holdSeconds 2 is neither 0 (never expires) nor in 3..65535"),
        f(
            "restartSeconds: 4095",
            "restartSeconds: 4096",
            "14:19: Fabric default: restartSeconds 4096 is out of 0..4095"));
  }

  private static Arguments n(String from, String to, String problem) {
    return Arguments.of(NETWORK.replace(from, to), "f.yaml:" + problem);
  }

  private static Arguments f(String from, String to, String problem) {
    return Arguments.of(FABRIC.replace(from, to), "f.yaml:" + problem);
  }

  @ParameterizedTest
  @MethodSource("wrongLines")
  void aWrongLineIsNamedWithItsPlace(String text, String problem) {
    assertThat(problems(text)).contains(problem);
    assertThat(read(text).getFirst().declared()).isEmpty();
  }

  @Test
  void anIdentifiedBadResourceHasItsKeyAnUnidentifiedOneNone() {
    assertThat(read(NETWORK.replace("vni: 100", "vni: x")).getFirst().key())
        .contains(new ResourceKey(Kind.NETWORK, "red-web"));
    assertThat(read(NETWORK.replace("name:", "nmae:")).getFirst().key()).isEmpty();
  }

  @Test
  void recordsCannotBeWrong() {
    assertThatThrownBy(() -> new Metadata("A")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Vtep.OfInterface("sixteencharacter"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Fabric(new Metadata("x"), FabricSpec.DEFAULT))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Any text gives a resource or problems, never an exception. */
  @Test
  void mutationsOfAGoodFileNeverThrow() {
    var good =
        FABRIC + "---\n" + NETWORK + "---\nkind: Tenant\nmetadata: &m {name: red}\nspec: {}\n";
    var pieces =
        List.of(
            "[",
            "]",
            "{",
            "}",
            ":",
            ": ",
            "- ",
            "\n",
            "  ",
            "\t",
            "&a ",
            "*a",
            "*m",
            "!!",
            "!x ",
            "---\n",
            "\"",
            "'",
            "|",
            ">",
            "%",
            "@",
            "?",
            "? ",
            "#",
            "null",
            "\0",
            "\u0085",
            "\uFFFE",
            "\uD800",
            "\"\\UFFFFFFFF\"",
            "99999999999999999999",
            "-1",
            "%YAML 9.9\n",
            "<<: ");
    int readable = 0;
    for (int seed = 0; seed < 4000; seed++) {
      var random = new Random(seed);
      var text = new StringBuilder(good);
      for (int i = random.nextInt(1, 6); i > 0; i--) {
        int at = random.nextInt(text.length() + 1);
        int end = Math.min(text.length(), at + random.nextInt(6));
        text.replace(
            at, end, random.nextInt(4) == 0 ? "" : pieces.get(random.nextInt(pieces.size())));
      }
      var readings = new ArrayList<ResourceReading>();
      switch (YamlDocument.parse("f.yaml", text.toString())) {
        case YamlReading.Documents(var documents) -> {
          documents.forEach(document -> readings.add(ResourceReader.read(document)));
          readable++;
        }
        case YamlReading.Unreadable(var problem) -> assertThat(problem.message()).isNotBlank();
      }
      for (var reading : readings) {
        assertThat(reading.declared().isPresent()).isEqualTo(reading.problems().isEmpty());
        assertThat(reading.problems()).allMatch(p -> p.line() > 0 && !p.message().contains("\n"));
      }
    }
    assertThat(readable).isBetween(400, 3600); // else the mutations are too wild or too tame
  }

  @Test
  void randomOctetsNeverThrow() {
    for (int seed = 0; seed < 2000; seed++) {
      var octets = new byte[200];
      new Random(seed).nextBytes(octets);
      for (int i = 0; i < octets.length && seed % 2 == 0; i++) {
        octets[i] = (byte) (' ' + (octets[i] & 0x3f));
      }
      assertThat(YamlDocument.parse("f.yaml", octets)).isNotNull();
    }
  }
}
