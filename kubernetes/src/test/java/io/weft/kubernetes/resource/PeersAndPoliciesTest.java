package io.weft.kubernetes.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.kubernetes.resource.PeerSpec.AddPath;
import io.weft.kubernetes.resource.PeerSpec.BfdSpec;
import io.weft.kubernetes.resource.PeerSpec.MaximumPrefixes;
import io.weft.kubernetes.resource.PeerSpec.NextHop;
import io.weft.kubernetes.resource.PeerSpec.PeerAs;
import io.weft.kubernetes.resource.PeerSpec.PeerFamily;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.kubernetes.resource.PolicySpec.Changes;
import io.weft.kubernetes.resource.PolicySpec.Match;
import io.weft.kubernetes.resource.PolicySpec.PrefixMatch;
import io.weft.kubernetes.resource.PolicySpec.Rule;
import io.weft.kubernetes.resource.PolicySpec.Verdict;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlReading;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PeersAndPoliciesTest {
  private static final String FABRIC =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        longLivedSeconds: 3600
        underlay: {announceVtep: true, maximumPaths: 8}
        peers:
        - address: 10.0.1.1
          asn: external
          families: [ipv4-unicast, l2vpn-evpn]
          holdSeconds: 3
          passwordFrom: {file: /etc/weft/secrets/tor}
          ttlSecurity: 1
          allowAsIn: 2
          nextHop: unchanged
          maximumPrefixes: {limit: 1000, warnPercent: 80, action: close, restartSeconds: 30}
          bfd: {intervalMillis: 50, multiplier: 5}
          shutdown: "new cable"
          import: from-tor
          export: from-tor
          addPath: both
        - {interface: eth1, asn: internal, bfd: {}}
        - {range: 10.1.0.0/16, asn: 65001, multihop: 3}
        policies:
        - name: from-tor
          rules:
          - match:
              families: [ipv4-unicast, l2vpn-evpn]
              types: [2, 5]
              routeTargets: [65000:100]
              communities: [no-export, 65000:1, 1:2:3]
              prefixes: [10.0.0.0/8 ge 24 le 32]
              peers: [10.0.1.1, 10.1.0.0/16]
            set: {localPreference: 200, med: 5, addCommunities: [65000:7], removeCommunities: [65000:8]}
            verdict: accept
          - verdict: reject
          default: accept
      """;

  private static ResourceReading read(String text) {
    return switch (YamlDocument.parse("f.yaml", text)) {
      case YamlReading.Documents(var documents) -> ResourceReader.read(documents.getFirst());
      case YamlReading.Unreadable(var problem) -> throw new AssertionError(problem.toString());
    };
  }

  @Test
  void everythingIsRead() {
    assertThat(read(FABRIC).problems()).isEmpty();
    var spec = ((Fabric) read(FABRIC).declared().orElseThrow().resource()).spec();
    assertThat(spec.longLivedSeconds()).isEqualTo(3600);
    assertThat(spec.underlay()).isEqualTo(new FabricSpec.Underlay(true, 8));
    assertThat(spec.peers().get(0))
        .isEqualTo(
            new PeerSpec(
                new Remote.AtAddress(IpAddress.parse("10.0.1.1")),
                new PeerAs.External(),
                List.of(PeerFamily.IPV4_UNICAST, PeerFamily.L2VPN_EVPN),
                OptionalInt.of(3),
                Optional.of(Path.of("/etc/weft/secrets/tor")),
                OptionalInt.of(1),
                OptionalInt.empty(),
                2,
                Optional.of(NextHop.UNCHANGED),
                Optional.of(new MaximumPrefixes(1000, 80, MaximumPrefixes.Action.CLOSE, 30)),
                Optional.of(new BfdSpec(50, 5, false)),
                Optional.of("new cable"),
                Optional.of("from-tor"),
                Optional.of("from-tor"),
                AddPath.BOTH));
    assertThat(spec.peers().get(1).remote()).isEqualTo(new Remote.OnInterface("eth1"));
    assertThat(spec.peers().get(1).as()).isEqualTo(new PeerAs.Internal());
    assertThat(spec.peers().get(1).bfd()).contains(new BfdSpec(100, 3, false));
    assertThat(spec.peers().get(1).families()).containsExactly(PeerFamily.L2VPN_EVPN);
    assertThat(spec.peers().get(2).remote())
        .isEqualTo(new Remote.InRange(IpPrefix.parse("10.1.0.0/16")));
    assertThat(spec.peers().get(2).as()).isEqualTo(new PeerAs.Exact(new AutonomousSystem(65001)));
    assertThat(spec.peers().get(2).multihop()).hasValue(3);
    assertThat(spec.policies())
        .containsExactly(
            new PolicySpec(
                "from-tor",
                List.of(
                    new Rule(
                        new Match(
                            List.of(PeerFamily.IPV4_UNICAST, PeerFamily.L2VPN_EVPN),
                            List.of(2, 5),
                            List.of(RouteTarget.parse("65000:100")),
                            List.of(
                                new Community.Standard(65535, 65281),
                                new Community.Standard(65000, 1),
                                new Community.Large(1, 2, 3)),
                            List.of(new PrefixMatch(IpPrefix.parse("10.0.0.0/8"), 24, 32)),
                            List.of(IpPrefix.parse("10.0.1.1/32"), IpPrefix.parse("10.1.0.0/16"))),
                        new Changes(
                            OptionalLong.of(200),
                            OptionalLong.of(5),
                            List.of(new Community.Standard(65000, 7)),
                            List.of(new Community.Standard(65000, 8))),
                        Verdict.ACCEPT),
                    new Rule(Match.ANY, Changes.NONE, Verdict.REJECT)),
                Verdict.ACCEPT));
  }

  /** What is put in the place of what, and the complaint. */
  static Stream<Arguments> wrongLines() {
    return Stream.of(
        f(
            "longLivedSeconds: 3600",
            "longLivedSeconds: 16777216",
            "4:21",
            "longLivedSeconds 16777216 is out of 0..16777215"),
        f("maximumPaths: 8", "maximumPaths: 65", "5:48", "maximumPaths 65 is out of 1..64"),
        f(
            "{interface: eth1,",
            "{interface: eth1, address: 10.0.1.9,",
            "21:5",
            "a peer has one of 'address', 'interface' and 'range'; remove the others"),
        f(
            "{interface: eth1,",
            "{interface: eth/1,",
            "21:17",
            "interface: 'eth/1' is not an interface name"),
        f(
            "{range: 10.1.0.0/16,",
            "{interface: eth1,",
            "22:17",
            "interface: interface eth1 is given twice"),
        f(
            "{interface: eth1,",
            "{range: 10.1.2.0/24,",
            "22:13",
            "range: range 10.1.0.0/16 overlaps range 10.1.2.0/24: one neighbour would have two settings"),
        f(
            "10.1.0.0/16, asn",
            "10.1.0.1/16, asn",
            "22:13",
            "range: 10.1.0.1/16 has bits set behind the prefix length; the prefix is 10.1.0.0/16"),
        f(
            "asn: external",
            "asn: extern",
            "8:10",
            "asn 'extern' is not known; did you mean 'external'?"),
        f("asn: external", "asn: 0", "8:10", "asn 0 is out of 1..4294967295"),
        f(
            "[ipv4-unicast, l2vpn-evpn]\n    holdS",
            "[]\n    holdS",
            "9:15",
            "families: the list is empty; leave the key out for l2vpn-evpn alone"),
        f(
            "[ipv4-unicast, l2vpn-evpn]\n    holdS",
            "[l2vpn-evpn, l2vpn-evpn]\n    holdS",
            "9:28",
            "families: l2vpn-evpn is given twice"),
        f(
            "[ipv4-unicast, l2vpn-evpn]\n    holdS",
            "[l2vpn-epvn]\n    holdS",
            "9:16",
            "families 'l2vpn-epvn' is not known; did you mean 'l2vpn-evpn'?"),
        f(
            "holdSeconds: 3",
            "holdSeconds: 2",
            "10:18",
            "holdSeconds 2 is neither 0 (never expires) nor in 3..65535"),
        f(
            "file: /etc/weft/secrets/tor",
            "file: tor",
            "11:26",
            "file: 'tor' is not an absolute path; begin it with '/'"),
        f("{file: /etc/weft/secrets/tor}", "{}", "11:19", "'file' is missing; it is required"),
        f("ttlSecurity: 1", "ttlSecurity: 255", "12:18", "ttlSecurity 255 is out of 1..254"),
        f(
            "allowAsIn: 2",
            "multihop: 2",
            "7:5",
            "peers: 'multihop' does not go with 'ttlSecurity', which says the hops already; remove one"),
        f("allowAsIn: 2", "allowAsIn: 11", "13:16", "allowAsIn 11 is out of 0..10"),
        f("multihop: 3", "multihop: 256", "22:48", "multihop 256 is out of 1..255"),
        f(
            "asn: internal,",
            "multihop: 2,",
            "21:5",
            "peers: 'multihop' does not go with 'interface', whose neighbour is on the link; remove one"),
        f(
            "bfd: {}",
            "bfd: {multihop: true}",
            "21:5",
            "peers: bfd 'multihop' does not go with 'interface', whose neighbour is on the link"),
        f(
            "nextHop: unchanged",
            "nextHop: me",
            "14:14",
            "nextHop 'me' is not known; known: self, unchanged"),
        f("limit: 1000", "limit: 4000001", "15:30", "limit 4000001 is out of 1..4000000"),
        f("limit: 1000, ", "", "15:22", "'limit' is missing; it is required"),
        f("warnPercent: 80", "warnPercent: 101", "15:49", "warnPercent 101 is out of 1..100"),
        f(
            "action: close",
            "action: warn",
            "15:83",
            "restartSeconds does not go with action warn, which closes nothing"),
        f(
            "intervalMillis: 50",
            "intervalMillis: 49",
            "16:27",
            "intervalMillis 49 is out of 50..60000"),
        f("multiplier: 5", "multiplier: 1", "16:43", "multiplier 1 is out of 2..255"),
        f(
            "new cable",
            "x".repeat(256),
            "17:15",
            "shutdown: the text has 256 octets; 255 fit in a NOTIFICATION"),
        f(
            "import: from-tor",
            "import: from-tro",
            "18:13",
            "import 'from-tro' is not known; did you mean 'from-tor'?"),
        f("export: from-tor", "export: x", "19:13", "export 'x' is not known; known: from-tor"),
        f(
            "addPath: both",
            "addPath: all",
            "20:14",
            "addPath 'all' is not known; known: send, receive, both"),
        f(
            "name: from-tor",
            "name: From",
            "24:11",
            "name: 'From' is not a DNS label: 1 to 63 lower-case letters, digits and inner hyphens"),
        f(
            "  default: accept",
            "  default: accept\n  - {name: from-tor}",
            "37:12",
            "name: policy 'from-tor' is given twice"),
        f("[2, 5]", "[0]", "28:17", "types 0 is out of 1..255"),
        f("[2, 5]", "[]", "28:16", "the list is empty; leave the key out to match everything"),
        f(
            "families: [ipv4-unicast, l2vpn-evpn]\n        types",
            "families: [ipv4-unicast]\n        types",
            "27:9",
            "match: 'types' are EVPN route types, and 'families' leaves l2vpn-evpn out; nothing matches"),
        f(
            "[65000:100]",
            "[red]",
            "29:24",
            "routeTargets: 'red' is not a route target (AS:number or IPv4:number)"),
        f(
            "[no-export,",
            "[no-exprot,",
            "30:23",
            "communities: 'no-exprot' is not a community (AS:number, AS:number:number, or no-export)"),
        f(
            "65000:1, 1",
            "65536:1, 1",
            "30:34",
            "communities: community 65536:1: 65536 is out of 0..65535"),
        f(
            "ge 24 le 32",
            "ge 24 le 33",
            "31:20",
            "prefixes: 10.0.0.0/8 ge 24 le 33 matches nothing: the lengths go up from 8 to 32"),
        f(
            "ge 24 le 32",
            "to 24",
            "31:20",
            "prefixes: '10.0.0.0/8 to 24' is not 'PREFIX', or 'PREFIX ge LENGTH le LENGTH' with one or both"),
        f(
            "[10.0.1.1, 10.1.0.0/16]",
            "[224.0.0.1]",
            "32:17",
            "peers: 224.0.0.1 is not the address of a neighbour"),
        f(
            "localPreference: 200",
            "localPreference: -1",
            "33:30",
            "localPreference -1 is out of 0..4294967295"),
        f(
            "[65000:8]",
            "[65000:7]",
            "33:12",
            "set: community 65000:7 is both added and removed; keep one"),
        f(
            "      verdict: accept",
            "      verdict: reject",
            "26:7",
            "rules: 'set' does not go with verdict reject: a rejected route is not changed; remove one"),
        f("- verdict: reject", "- match: {}", "35:7", "'verdict' is missing; it is required"));
  }

  private static Arguments f(String from, String to, String place, String problem) {
    assertThat(FABRIC).contains(from);
    return Arguments.of(
        FABRIC.replace(from, to), "f.yaml:" + place + ": Fabric default: " + problem);
  }

  @ParameterizedTest
  @MethodSource("wrongLines")
  void aWrongLineIsNamedWithItsPlace(String text, String problem) {
    assertThat(read(text).problems().stream().map(Object::toString)).contains(problem);
    assertThat(read(text).declared()).isEmpty();
  }

  @Test
  void lengthsOfAPrefixMatch() {
    assertThat(PrefixMatch.parse("10.0.0.0/8"))
        .isEqualTo(new PrefixMatch(IpPrefix.parse("10.0.0.0/8"), 8, 8));
    assertThat(PrefixMatch.parse("10.0.0.0/8 le 16"))
        .isEqualTo(new PrefixMatch(IpPrefix.parse("10.0.0.0/8"), 8, 16));
    var longer = PrefixMatch.parse("fd00::/16 ge 64");
    assertThat(longer).isEqualTo(new PrefixMatch(IpPrefix.parse("fd00::/16"), 64, 128));
    assertThat(longer.matches(IpPrefix.parse("fd00:1::/64"))).isTrue();
    assertThat(longer.matches(IpPrefix.parse("fd00:1::/63"))).isFalse();
    assertThat(longer.matches(IpPrefix.parse("fe00:1::/64"))).isFalse();
    assertThat(longer.matches(IpPrefix.parse("0.0.0.0/0"))).isFalse();
    assertThatThrownBy(() -> PrefixMatch.parse("10.0.0.0/8 le 16 ge 9"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aFabricCannotNameAPolicyThatIsNotThere() {
    assertThat(
            read("kind: Fabric\nmetadata: {name: default}\nspec:\n  peers:\n  - {address: 10.0.0.1, import: a}")
                .problems())
        .singleElement()
        .asString()
        .startsWith("f.yaml:5:33: Fabric default: import 'a' is not known");
  }
}
