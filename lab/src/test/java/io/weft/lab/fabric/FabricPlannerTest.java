package io.weft.lab.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.lab.topology.Topologies;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FabricPlannerTest {
  private final FabricPlan plan = FabricPlanner.plan(Topologies.twoRacks());

  @Test
  void plansTheExample() {
    assertThat(text(plan))
        .containsExactly(
            """
            spine two-racks-spine
            tor two-racks-tor-a
            tor two-racks-tor-b
            node two-racks-a1 10.255.0.1
            node two-racks-a2 10.255.0.2
            node two-racks-b1 10.255.0.3
            node two-racks-b2 10.255.0.4
            reflector two-racks-rr1 10.255.0.5
            reflector two-racks-rr2 10.255.0.6
            endpoint two-racks-red-1
            endpoint two-racks-red-2
            endpoint two-racks-red-3
            endpoint two-racks-blue-1
            endpoint two-racks-blue-2
            endpoint two-racks-blue-3
            check two-racks-check-red-net
            check two-racks-check-blue-net
            spine p1 100.64.0.0 - tor-a uplink 100.64.0.1
            spine p2 100.64.0.2 - tor-b uplink 100.64.0.3
            tor-a p1 100.64.0.4 - a1 eth0 100.64.0.5
            tor-a p2 100.64.0.6 - a2 eth0 100.64.0.7
            tor-b p3 100.64.0.8 - b1 eth0 100.64.0.9
            tor-b p4 100.64.0.10 - b2 eth0 100.64.0.11
            tor-a p5 100.64.0.12 - rr1 eth0 100.64.0.13
            tor-b p6 100.64.0.14 - rr2 eth0 100.64.0.15
            tor-a: 0.0.0.0/0 via 100.64.0.0
            tor-b: 0.0.0.0/0 via 100.64.0.2
            a1: 0.0.0.0/0 via 100.64.0.4 from 10.255.0.1
            tor-a: 10.255.0.1/32 via 100.64.0.5
            spine: 10.255.0.1/32 via 100.64.0.1
            a2: 0.0.0.0/0 via 100.64.0.6 from 10.255.0.2
            tor-a: 10.255.0.2/32 via 100.64.0.7
            spine: 10.255.0.2/32 via 100.64.0.1
            b1: 0.0.0.0/0 via 100.64.0.8 from 10.255.0.3
            tor-b: 10.255.0.3/32 via 100.64.0.9
            spine: 10.255.0.3/32 via 100.64.0.3
            b2: 0.0.0.0/0 via 100.64.0.10 from 10.255.0.4
            tor-b: 10.255.0.4/32 via 100.64.0.11
            spine: 10.255.0.4/32 via 100.64.0.3
            rr1: 0.0.0.0/0 via 100.64.0.12 from 10.255.0.5
            tor-a: 10.255.0.5/32 via 100.64.0.13
            spine: 10.255.0.5/32 via 100.64.0.1
            rr2: 0.0.0.0/0 via 100.64.0.14 from 10.255.0.6
            tor-b: 10.255.0.6/32 via 100.64.0.15
            spine: 10.255.0.6/32 via 100.64.0.3\
            """
                .split("\n"));
  }

  @Test
  void noSubnetHasTwoLinks() {
    assertThat(plan.cables())
        .allSatisfy(
            cable ->
                assertThat(cable.lower().addresses().getFirst().masked(31))
                    .isEqualTo(cable.upper().addresses().getFirst()));
    assertThat(plan.cables().stream().map(c -> c.upper().addresses().getFirst()))
        .doesNotHaveDuplicates();
  }

  /** The prefix of the VTEPs alone decides; nothing of the other family is left. */
  @Test
  void plansAnUnderlayOfIpv6() {
    var ipv6 =
        FabricPlanner.plan(
            Topologies.good(
                Topologies.twoRacksText()
                    .replace("vtep: {cidr: 10.255.0.0/16}", "vtep: {cidr: 'fd00:255::/64'}")));
    assertThat(ipv6.hasIpv6()).isTrue();
    assertThat(ipv6.overhead()).isEqualTo(70);
    assertThat(text(ipv6))
        .contains(
            "node two-racks-a1 fd00:255::1",
            "reflector two-racks-rr2 fd00:255::6",
            "spine p2 fd00:6464::2 - tor-b uplink fd00:6464::3",
            "tor-a: ::/0 via fd00:6464::",
            "a1: ::/0 via fd00:6464::4 from fd00:255::1",
            "spine: fd00:255::3/128 via fd00:6464::3")
        .noneMatch(line -> line.contains("."));
    assertThat(IntentText.files(ipv6).get("fabric.yaml"))
        .contains("vtep: {cidr: \"fd00:255::/64\"}")
        .contains("reflectors: {addresses: [\"fd00:255::5\", \"fd00:255::6\"]}");
  }

  /** Links and hosts have both families, and a host of one family has only what is of that. */
  @Test
  void plansAnUnderlayOfBothFamilies() {
    var dual =
        FabricPlanner.plan(
            Topologies.good(
                Topologies.twoRacksText()
                    .replace("vtep: {cidr: 10.255.0.0/16}", "vtep: {families: [ipv4, ipv6]}")
                    .replace("{name: a2, rack: a}", "{name: a2, rack: a, families: [ipv4]}")
                    .replace("{name: b1, rack: b}", "{name: b1, rack: b, families: [ipv6]}")));
    assertThat(dual.overhead()).isEqualTo(70);
    assertThat(dual.namespace("a1").loopbacks())
        .containsExactly(IpAddress.parse("10.255.0.1"), IpAddress.parse("fd00:255::1"));
    assertThat(text(dual))
        .contains(
            "a1: 0.0.0.0/0 via 100.64.0.4 from 10.255.0.1",
            "a1: ::/0 via fd00:6464::4 from fd00:255::1",
            "tor-a: 0.0.0.0/0 via 100.64.0.0",
            "tor-a: ::/0 via fd00:6464::",
            "a2: 0.0.0.0/0 via 100.64.0.6 from 10.255.0.2")
        .noneMatch(line -> line.startsWith("a2: ::/0") || line.startsWith("b1: 0.0.0.0/0"));
    assertThat(dual.vtep("a1", "b2")).contains(IpAddress.parse("10.255.0.4"));
    assertThat(dual.vtep("a1", "b1")).contains(IpAddress.parse("fd00:255::3"));
    assertThat(dual.vtep("a2", "b1")).isEmpty();
    assertThat(dual.without(IpAddress.parse("10.255.0.1")).vtep("a1", "b2"))
        .contains(IpAddress.parse("fd00:255::4"));
    assertThat(IntentText.files(dual).get("fabric.yaml"))
        .contains("vtep: {families: [ipv4, ipv6], cidrs: [\"10.255.0.0/16\", \"fd00:255::/64\"]}")
        .contains("\"10.255.0.5\", \"fd00:255::5\", \"10.255.0.6\"");
  }

  /** What an agent reads must be what the planner meant; the reader of the agents decides. */
  @Test
  void writesIntentThatReadsBack() {
    var files = IntentText.files(plan);
    assertThat(files.keySet()).containsExactly("fabric.yaml", "networks.yaml", "tenants.yaml");
    assertThat(files.get("fabric.yaml"))
        .contains("reflectors: {addresses: [\"10.255.0.5\", \"10.255.0.6\"]}");
    var again =
        Topologies.good(
            files.get("fabric.yaml").replaceFirst("  reflectors: .*\n", "")
                + "---\n"
                + files.get("tenants.yaml")
                + "---\n"
                + files.get("networks.yaml")
                + "---\nkind: Topology\nmetadata: {name: t}\nspec: {racks: [], nodes: []}\n");
    assertThat(again.fabric()).isEqualTo(plan.topology().fabric());
    assertThat(again.tenants()).isEqualTo(plan.topology().tenants());
    assertThat(again.networks()).isEqualTo(plan.topology().networks());
  }

  @Test
  void whatEndpointsMaySayIsWrittenToo() throws IOException {
    var example = Files.readString(Topologies.TWO_RACKS.resolveSibling("endpoint-bgp.yaml"));
    var written = FabricPlanner.plan(Topologies.good(example));
    var again =
        Topologies.good(
            IntentText.files(written).get("tenants.yaml")
                + "---\n"
                + IntentText.files(written).get("networks.yaml")
                + "---\nkind: Topology\nmetadata: {name: t}\nspec: {racks: [], nodes: []}\n");
    assertThat(again.networks())
        .extracting(network -> network.spec().bgp())
        .isEqualTo(
            written.topology().networks().stream().map(network -> network.spec().bgp()).toList());
    assertThat(again.networks().getFirst().spec().bgp()).isPresent();
  }

  private static List<String> text(FabricPlan plan) {
    var lines = new ArrayList<String>();
    for (var n : plan.namespaces()) {
      var role = n.role().name().toLowerCase(java.util.Locale.ROOT);
      lines.add(role + " " + n.name() + n.loopback().map(a -> " " + a).orElse(""));
    }
    for (var c : plan.cables()) {
      lines.add(
          end(c.upper())
              + " "
              + c.upper().addresses().getFirst()
              + " - "
              + end(c.lower())
              + " "
              + c.lower().addresses().getFirst());
    }
    for (var r : plan.routes()) {
      lines.add(
          thing(r.namespace())
              + ": "
              + r.prefix()
              + " via "
              + r.via()
              + r.source().map(s -> " from " + s).orElse(""));
    }
    return lines;
  }

  private static String end(FabricPlan.End end) {
    return thing(end.namespace()) + " " + end.link();
  }

  private static String thing(String namespace) {
    return namespace.substring("two-racks-".length());
  }
}
