package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who reaches whom by connections; what is wrong hurts nothing else. */
class ConnectionResolutionTest {
  private final Map<String, String> files = new TreeMap<>();
  private IntentMerge merge = IntentMerge.EMPTY;

  private static String tenant(String name, int vni, String subnet) {
    return """
    kind: Tenant
    metadata: {name: %s}
    spec: {l3vni: %d}
    ---
    kind: Network
    metadata: {name: %s-net}
    spec: {tenant: %s, vni: %d, subnets: [%s], gateway: true}
    ---
    """
        .formatted(name, vni, name, name, vni - 4000, subnet);
  }

  private static String connection(String name, String spec) {
    return "kind: TenantConnection\nmetadata: {name: " + name + "}\nspec: {" + spec + "}\n";
  }

  @BeforeEach
  void tenants() {
    put(
        "t.yaml",
        tenant("hub", 5000, "10.0.0.0/24")
            + tenant("red", 5001, "10.1.0.0/24")
            + tenant("blue", 5002, "10.2.0.0/24")
            + tenant("green", 5003, "10.3.0.0/24"));
  }

  private List<String> put(String file, String text) {
    files.put(file, text);
    return read();
  }

  private List<String> read() {
    var parsed =
        files.entrySet().stream()
            .map(e -> IntentFile.read(e.getKey(), e.getValue().getBytes(StandardCharsets.UTF_8)))
            .toList();
    merge = merge.next(parsed);
    return merge.reading().problems().stream().map(Problem::toString).toList();
  }

  private String reaches() {
    var pairs = new StringBuilder();
    for (var tenant : merge.reading().intent().tenants().values()) {
      for (var reach : tenant.reaches()) {
        pairs.append(pairs.isEmpty() ? "" : " ").append(tenant.name()).append('>');
        pairs.append(reach.tenant());
        pairs.append(reach.prefixes().isEmpty() ? "" : reach.prefixes());
      }
    }
    return pairs.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hub: hub, spokes: [red, blue] | blue>hub hub>blue hub>red red>hub",
        "between: [red, blue] | blue>red red>blue",
        "between: [red, blue, green] | blue>green blue>red green>blue green>red red>blue red>green",
        "hub: hub, spokes: [red], direction: toHub | red>hub",
        "hub: hub, spokes: [red], direction: toSpokes | hub>red",
        "hub: hub, spokes: [red], direction: both | hub>red red>hub",
        "hub: {tenant: hub, prefixes: [10.0.0.128/25]}, spokes: [red, {tenant: blue, prefixes:"
            + " [10.2.0.5/32]}]| blue>hub[10.0.0.128/25] hub>blue[10.2.0.5/32] hub>red"
            + " red>hub[10.0.0.128/25]",
        "between: [red, {tenant: blue}] | blue>red red>blue"
      })
  void whoReachesWhom(String spec, String expected) {
    assertThat(put("c.yaml", connection("c", spec))).isEmpty();
    assertThat(reaches()).isEqualTo(expected);
    files.remove("c.yaml");
    assertThat(read()).isEmpty();
    assertThat(reaches()).isEmpty();
  }

  @Test
  void nothingGoesThroughAThird() {
    put("a.yaml", connection("a", "between: [red, hub]"));
    assertThat(put("b.yaml", connection("b", "between: [hub, blue]"))).isEmpty();
    assertThat(reaches()).isEqualTo("blue>hub hub>blue hub>red red>hub");
  }

  @Test
  void twoConnectionsOfOnePairAddUp() {
    put("a.yaml", connection("a", "hub: {tenant: hub, prefixes: [10.0.0.1/32]}, spokes: [red]"));
    put("b.yaml", connection("b", "hub: {tenant: hub, prefixes: [10.0.0.2/32]}, spokes: [red]"));
    assertThat(reaches()).contains("red>hub[10.0.0.1/32, 10.0.0.2/32]");
    put("b.yaml", connection("b", "hub: hub, spokes: [red]"));
    assertThat(reaches()).isEqualTo("hub>red red>hub");
  }

  @Test
  void targetsAreThoseThatTheOtherExports() {
    put("c.yaml", connection("c", "between: [red, blue]"));
    assertThat(targetsOfBlueAtRed()).isEqualTo("[65000:5002, 65000:268440458]");
    put(
        "t.yaml",
        files
            .getOrDefault("t.yaml", "")
            .replace("l3vni: 5002", "l3vni: 5002, routeTargets: {export: ['1:2']}"));
    assertThat(targetsOfBlueAtRed()).isEqualTo("[1:2]");
  }

  private String targetsOfBlueAtRed() {
    return merge.reading().intent().tenants().get("red").reaches().getFirst().targets().toString();
  }

  @Test
  void anAutomaticL3VniDoesAsWell() {
    put("t.yaml", files.getOrDefault("t.yaml", "").replace("spec: {l3vni: 5002}", "spec: {}"));
    assertThat(put("c.yaml", connection("c", "between: [red, blue]"))).isEmpty();
    assertThat(reaches()).isEqualTo("blue>red red>blue");
  }

  @Test
  void whoIsMissingOrDoesNotRouteIsLeftOut() {
    put("u.yaml", "kind: Tenant\nmetadata: {name: flat}\n");
    assertThat(put("c.yaml", connection("c", "hub: hub, spokes: [red, blu, flat]")))
        .containsExactly(
            "c.yaml:3:32: TenantConnection c: there is no Tenant 'blu'; declare it or name another;"
                + " did you mean 'blue'?",
            "c.yaml:3:37: TenantConnection c: tenant 'flat' does not route, so nothing of it can be"
                + " reached, nor can it reach others; give one of its networks a gateway");
    assertThat(reaches()).isEqualTo("hub>red red>hub");
  }

  @Test
  void ownSubnetsWinAndTheOverlapIsSaid() {
    put("g.yaml", tenant("grey", 5009, "10.1.0.0/25"));
    assertThat(put("c.yaml", connection("c", "between: [red, grey]")))
        .containsExactly(
            "c.yaml:3:18: TenantConnection c: subnet 10.1.0.0/24 of Network red-net (t.yaml:14:18)"
                + " overlaps 10.1.0.0/25 of Network grey-net (g.yaml:6:18): tenant 'grey' keeps its"
                + " own and cannot reach that of tenant 'red'; choose subnets that do not overlap",
            "c.yaml:3:23: TenantConnection c: subnet 10.1.0.0/25 of Network grey-net (g.yaml:6:18)"
                + " overlaps 10.1.0.0/24 of Network red-net (t.yaml:14:18): tenant 'red' keeps its"
                + " own and cannot reach that of tenant 'grey'; choose subnets that do not"
                + " overlap");
  }

  @Test
  void aHubNeverReachesTwoSpokesWithOneSubnet() {
    put("g.yaml", tenant("grey", 5009, "10.1.0.0/24"));
    assertThat(put("c.yaml", connection("c", "hub: hub, spokes: [red, grey]")))
        .singleElement()
        .asString()
        .contains("would reach both, so it reaches 'red' only");
    assertThat(reaches()).isEqualTo("grey>hub hub>red red>hub");
  }

  @Test
  void aLimitToANetworkWithoutGatewayIsSaid() {
    put(
        "f.yaml",
        "kind: Network\n"
            + "metadata: {name: flat}\n"
            + "spec: {tenant: red, vni: 77, subnets: [10.7.0.0/24]}\n");
    assertThat(
            put(
                "c.yaml",
                connection("c", "hub: hub, spokes: [{tenant: red, prefixes: [10.7.0.0/25]}]")))
        .containsExactly(
            "c.yaml:3:52: TenantConnection c: 10.7.0.0/25 is of Network flat (f.yaml:2:18), which"
                + " has no gateway and so cannot be reached; give it one");
  }

  @Test
  void whatWasDeclaredIsToldWithWhatStandsAgainstIt() {
    put("g.yaml", tenant("grey", 5009, "10.1.0.0/24"));
    put("c.yaml", connection("c", "hub: hub, spokes: [red, grey, gone], direction: toSpokes"));
    assertThat(merge.reading().intent().ways())
        .extracting(way -> way.from() + ">" + way.to() + " " + way.inForce())
        .containsExactly("hub>red true", "hub>grey false", "hub>gone false");
    assertThat(merge.reading().intent().ways())
        .extracting(ConnectionWay::remark)
        .satisfiesExactly(
            remark -> assertThat(remark).isEmpty(),
            remark -> assertThat(remark).contains("so it reaches 'red' only"),
            remark -> assertThat(remark).startsWith("there is no Tenant 'gone'"));
    put("c.yaml", connection("c", "between: [red, grey]"));
    assertThat(merge.reading().intent().ways())
        .allSatisfy(way -> assertThat(way.inForce()).isTrue())
        .allSatisfy(way -> assertThat(way.remark()).contains("choose subnets that do not overlap"));
    files.remove("c.yaml");
    read();
    assertThat(merge.reading().intent().ways()).isEmpty();
  }

  @Test
  void aBadVersionLeavesTheLastGoodOne() {
    put("c.yaml", connection("c", "between: [red, blue]"));
    for (var bad :
        List.of(
            "between: [red]",
            "between: [red, red]",
            "between: [red, blue], hub: hub",
            "hub: hub",
            "hub: hub, spokes: [hub]",
            "hub: hub, spokes: []",
            "hub: hub, spokes: [red], direction: sideways",
            "hub: hub, spokes: [{prefixes: [10.0.0.0/8]}]",
            "hub: hub, spokes: [{tenant: red, prefixes: []}]",
            "hub: hub, spokes: [{tenant: red, prefixes: [red]}]",
            "spoke: red")) {
      assertThat(put("c.yaml", connection("c", bad))).as(bad).isNotEmpty();
      assertThat(reaches()).as(bad).isEqualTo("blue>red red>blue");
    }
  }
}
