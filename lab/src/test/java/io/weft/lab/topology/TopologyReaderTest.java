package io.weft.lab.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.lab.topology.Topology.Gateway;
import io.weft.lab.topology.Topology.Speaker;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpPrefix;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TopologyReaderTest {
  private static final String GOOD =
      """
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: web}
      spec: {tenant: red, vni: 100, subnets: [10.1.0.0/24]}
      ---
      kind: Topology
      metadata: {name: small}
      spec:
        racks: [{name: a}]
        nodes: [{name: n1, rack: a}, {name: n2, rack: a, speaker: external}]
        reflectors: [{name: rr, rack: a}]
        endpoints:
        - {name: e1, node: n1, network: web, addresses: [10.1.0.1], mac: "02:00:00:00:00:01"}
      """;

  @Test
  void readsTheExample() {
    var topology = Topologies.twoRacks();
    assertThat(topology.name()).isEqualTo("two-racks");
    assertThat(topology.racks()).containsExactly("a", "b");
    assertThat(topology.nodes()).extracting(n -> n.name()).containsExactly("a1", "a2", "b1", "b2");
    assertThat(topology.reflectors()).extracting(r -> r.name()).containsExactly("rr1", "rr2");
    assertThat(topology.tenants()).extracting(t -> t.name()).containsExactly("red", "blue");
    assertThat(topology.endpointsOf("red-net"))
        .extracting(e -> e.addresses())
        .isEqualTo(topology.endpointsOf("blue-net").stream().map(e -> e.addresses()).toList())
        .hasSize(3);
    assertThat(topology.network("red-net").spec().subnets())
        .isEqualTo(topology.network("blue-net").spec().subnets());
  }

  @Test
  void readsGatewaysWithTheirDefaults() {
    var topology = Topologies.good(GOOD + "  gateways: [{name: gw, rack: a, tenant: red}]\n");
    assertThat(topology.gateways())
        .containsExactly(
            new Gateway("gw", "a", "red", List.of(IpPrefix.parse("0.0.0.0/0")), Gateway.OUTSIDE));
    assertThat(topology.gateways().getFirst().host().isWeft()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {name: gw, rack: a, tenant: rde}|there is no Tenant 'rde'; did you mean 'red'?
          {name: gw, rack: a, tenant: red, outside: 10}|Topology: outside
          {name: gw, rack: a}|is missing; it is required
          {name: n1, rack: a, tenant: red}|there is 'n1' already
          """)
  void saysWhatIsWrongWithAGateway(String gateway, String problem) {
    assertThat(problems(GOOD + "  gateways: [" + gateway + "]\n"))
        .anySatisfy(text -> assertThat(text).contains(problem));
  }

  private static String speaking(String endpoint) {
    return GOOD.replace(
                "bnets: [10.1.0.0/24]}", "bnets: [10.1.0.0/24], gateway: true, bgp: {asn: 65001}}")
            .replaceFirst("  - \\{name: e1.*\n", "")
        + "  - {name: e1, node: n1, network: web, "
        + endpoint
        + "}\n";
  }

  @Test
  void anEndpointWithANumberSaysItsPrefixesByBgp() {
    var text = speaking("prefixes: [10.5.0.0/16], asn: 65100");
    var endpoint = Topologies.good(text).speaking().getFirst();
    assertThat(endpoint.as()).contains(new AutonomousSystem(65100));
    assertThat(endpoint.prefixes()).containsExactly(IpPrefix.parse("10.5.0.0/16"));
    assertThat(endpoint.given()).isEmpty();
    assertThat(problems(text.replace("bgp: {asn: 65001}", "mtu: 1400")))
        .anySatisfy(p -> assertThat(p).contains("'web' does not speak BGP with its endpoints"));
    assertThat(problems(text.replace("asn: 65001", "passwordFrom: {file: /s}")))
        .anySatisfy(p -> assertThat(p).contains("the lab gives no password to an endpoint"));
    assertThat(problems(speaking("prefixes: [10.5.0.0/16], asn: 65001")))
        .anySatisfy(p -> assertThat(p).contains("65001 is that of the network itself"));
    assertThat(problems(speaking("asn: 65100")))
        .anySatisfy(p -> assertThat(p).contains("give it prefixes"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {name: vm, network: web, nodes: [n1], address: 10.1.0.9, mac: '02:00:00:00:00:09'}|moves between two nodes
          {name: vm, network: web, nodes: [n1, x], address: 10.1.0.9, mac: '02:00:00:00:00:09'}|there is no node 'x'
          {name: vm, network: web, nodes: [n1, n1], address: 10.9.0.9, mac: '02:00:00:00:00:09'}|no host address
          {name: n1, network: web, nodes: [n1, n1], address: 10.1.0.9, mac: '02:00:00:00:00:09'}|there is 'n1' already
          {name: vm, network: web, nodes: [n1, n1], address: 10.1.0.9}|is missing; it is required
          """)
  void saysWhatIsWrongWithAMachine(String machine, String problem) {
    assertThat(problems(GOOD + "  machines: [" + machine + "]\n"))
        .anySatisfy(text -> assertThat(text).contains(problem));
  }

  @Test
  void gatewaysNeedAReflector() {
    var alone = GOOD.replace("  reflectors: [{name: rr, rack: a}]\n", "");
    assertThat(problems(alone + "  gateways: [{name: gw, rack: a, tenant: red}]\n"))
        .anySatisfy(text -> assertThat(text).contains("gateways speak to the reflectors"));
  }

  @Test
  void gatewaysNeedAnUnderlayOfIpv4() {
    var fabric = "kind: Fabric\nmetadata: {name: default}\nspec: {vtep: {cidr: 'fd00:255::/64'}}\n";
    var gateways = "  gateways: [{name: gw, rack: a, tenant: red}]\n";
    assertThat(problems(fabric + "---\n" + GOOD + gateways))
        .anySatisfy(text -> assertThat(text).contains("whose VTEPs are of IPv4 before 10.6"));
  }

  @Test
  void fillsInDefaults() {
    var topology = Topologies.good(GOOD);
    assertThat(topology.mtu()).isEqualTo(1500);
    assertThat(topology.node("n1").speaker()).isEqualTo(Speaker.WEFT);
    assertThat(topology.node("n2").isWeft()).isFalse();
  }

  /** One thing replaced in the good text, and the problem that it must give, with its place. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          nodes: [{name: n1|nodes: [{nmae: n1|t.yaml:12:12: Topology: unknown key 'nmae'; did you mean 'name'?
          {name: n1, rack: a}|{name: n1, rack: b}|t.yaml:12:28: Topology: rack: there is no rack 'b'
          {name: n2|{name: n1|t.yaml:12:39: Topology: name: there is 'n1' already; names are unique
          {name: e1|{name: n2|t.yaml:15:12: Topology: name: there is 'n2' already; names are unique
          {name: e1|{name: spine|t.yaml:15:12: Topology: name: there is 'spine' already; names are unique
          {name: e1|{name: tor-a|t.yaml:15:12: Topology: name: there is 'tor-a' already; names are unique
          {name: e1|{name: check-1|t.yaml:15:12: Topology: name: 'check-1' is like the names of namespaces
          {name: e1|{name: Big|t.yaml:15:12: Topology: name: 'Big' is not a DNS label
          node: n1|node: n9|t.yaml:15:22: Topology: node: there is no node 'n9'; did you mean 'n1'?
          node: n1|node: rr|t.yaml:15:22: Topology: node: there is no node 'rr'
          network: web|network: wbe|t.yaml:15:35: Topology: network: there is no Network 'wbe'; did you mean 'web'?
          [10.1.0.1]|[10.2.0.1]|t.yaml:15:52: Topology: addresses: 10.2.0.1 is no host address of a subnet of web
          [10.1.0.1]|[10.1.0.0]|t.yaml:15:52: Topology: addresses: 10.1.0.0 is no host address of a subnet of web
          [10.1.0.1]|[10.1.0.1, 10.1.0.1]|t.yaml:15:62: Topology: addresses: 10.1.0.1 is given twice in web
          02:00:00:00:00:01|01:00:00:00:00:01|t.yaml:15:68: Topology: mac: 01:00:00:00:00:01 cannot be the address
          name: small|name: this-name-has-more-than-thirty-two-letters|t.yaml:9:18: Topology: name: 'this-name-has-more-than-thirty-two-letters' has more than 32
          racks: [{name: a}]|racks: [{name: a}, {name: a}]|t.yaml:11:29: Topology: there is a rack 'a' already
          racks: [{name: a}]|mtu: 200|t.yaml:11:8: Topology: mtu 200 is out of 1280..9216
          racks: [{name: a}]|spines: 2|t.yaml:11:11: Topology: spines 2 is out of 1..1
          racks: [{name: a}]|rakcs: []|t.yaml:11:3: Topology: unknown key 'rakcs'; did you mean 'racks'?
          speaker: external|speaker: frr|t.yaml:12:61: Topology: speaker 'frr' is not known
          tenant: red|tenant: rde|t.yaml:6:16: Network web: there is no Tenant 'rde'; did you mean 'red'?
          vni: 100|vni: 16777216|t.yaml:6:26: Network web: vni 16777216 is out of 1..16777215
          kind: Topology|kind: Fabric|t.yaml: has no document of kind Topology; add one
          """)
  void saysWhatIsWrongAndWhere(String good, String bad, String problem) {
    assertThat(GOOD).contains(good);
    assertThat(problems(GOOD.replace(good, bad))).anyMatch(p -> p.startsWith(problem));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {vtep: {interface: lo}}|in a lab give vtep.cidr
          {vtep: {cidr: 10.0.0.0/24}}|in a lab vtep.cidr is /22 or shorter, or of IPv6 /118 or shorter, not 10.0.0.0/24
          {vtep: {cidr: 'fd00::/120'}}|or of IPv6 /118 or shorter, not fd00::/120
          {vtep: {cidr: 'fd00::/16'}}|vtep.cidr fd00::/16 overlaps the links of the lab, fd00:6464::/64
          {vtep: {cidr: 100.64.0.0/10}}|vtep.cidr 100.64.0.0/10 overlaps the links of the lab, 100.64.0.0/16
          {reflectors: {addresses: [10.0.0.1]}}|in a lab the Topology names the reflectors
          """)
  void refusesAFabricThatALabCannotMake(String spec, String problem) {
    var fabric = "kind: Fabric\nmetadata: {name: default}\nspec: " + spec + "\n---\n";
    assertThat(problems(fabric + GOOD)).anyMatch(p -> p.contains(problem));
  }

  @Test
  void refusesWaysOutOfAnUnderlayOfIpv6() {
    var fabric = "kind: Fabric\nmetadata: {name: default}\nspec: {vtep: {cidr: '%s'}}\n---\n";
    var out = GOOD.replace("metadata: {name: red}", "metadata: {name: red}\nspec: {egress: node}");
    assertThat(problems(fabric.formatted("fd00:255::/64") + out))
        .containsExactly(
            "t.yaml:6:18: Tenant red: in a lab 'egress' needs an underlay of IPv4; remove" + " it");
    Topologies.good(fabric.formatted("10.255.0.0/16") + out);
  }

  @Test
  void namesBothNetworksOfOneVni() {
    var more = "---\nkind: Network\nmetadata: {name: other}\nspec: {vni: 100}\n";
    assertThat(problems(GOOD + more))
        .containsExactly("t.yaml:6:26: Network web: Network other has VNI 100 too; give another");
  }

  @Test
  void refusesTheSameResourceTwice() {
    var more = "---\nkind: Tenant\nmetadata: {name: red}\n";
    assertThat(problems(GOOD + more))
        .containsExactly("t.yaml:18:18: Tenant red: is declared already at t.yaml:2:18");
  }

  @Test
  void limitsTheNumberOfNodes() {
    var nodes =
        IntStream.rangeClosed(1, 130)
            .mapToObj(i -> "{name: n" + i + ", rack: a}")
            .collect(Collectors.joining(", "));
    var text = GOOD.replaceFirst("nodes: .*", "nodes: [" + nodes + "]");
    assertThat(problems(text)).anyMatch(p -> p.contains("there are 130; a lab has at most 128"));
  }

  private static List<String> problems(String text) {
    return switch (TopologyReader.read("t.yaml", text.getBytes(StandardCharsets.UTF_8))) {
      case TopologyReading.Good(var topology) -> throw new AssertionError(topology.toString());
      case TopologyReading.Bad(var problems) -> problems.stream().map(Object::toString).toList();
    };
  }
}
