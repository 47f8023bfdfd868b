package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.yaml.Problem;
import io.weft.net.RouteTarget;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Which tenant has which L3 VNI; none is given twice. */
class TenantResolutionTest {
  private final Map<String, String> files = new TreeMap<>();
  private IntentMerge merge = IntentMerge.EMPTY;

  private static String tenant(String name, String spec) {
    return "kind: Tenant\nmetadata: {name: " + name + "}\nspec: {" + spec + "}\n";
  }

  private static String routed(String name, String tenant, String vni) {
    return "kind: Network\nmetadata: {name: "
        + name
        + "}\nspec: {tenant: "
        + tenant
        + ", vni: "
        + vni
        + ", subnets: [10.0.0.0/24], gateway: true}\n";
  }

  private List<String> put(String file, String text) {
    files.put(file, text);
    var parsed =
        files.entrySet().stream()
            .map(e -> IntentFile.read(e.getKey(), e.getValue().getBytes(StandardCharsets.UTF_8)))
            .toList();
    merge = merge.next(parsed);
    return merge.reading().problems().stream().map(Problem::toString).toList();
  }

  private String l3Vnis() {
    var vnis = new TreeMap<String, Integer>();
    merge
        .reading()
        .intent()
        .tenants()
        .forEach((name, tenant) -> tenant.l3Vni().ifPresent(v -> vnis.put(name, v.value())));
    return vnis.toString();
  }

  @Test
  void aTenantWithoutGatewayNeedsNone() {
    assertThat(put("t.yaml", tenant("red", ""))).isEmpty();
    assertThat(l3Vnis()).isEqualTo("{}");
    assertThat(merge.reading().intent().tenants().get("red").imports()).isEmpty();
  }

  @Test
  void theAutomaticOneIsOfThePoolAndTheNameAlone() {
    put("t.yaml", tenant("red", "") + "---\n" + tenant("blue", "l3vni: 7"));
    assertThat(put("n.yaml", routed("web", "red", "100"))).isEmpty();
    var red = merge.reading().intent().tenants().get("red");
    assertThat(red.l3Vni().orElseThrow().value()).isBetween(100_000, 199_999);
    var before = l3Vnis();
    assertThat(before).contains("blue=7");
    put("n.yaml", routed("web", "red", "100") + "---\n" + routed("shop", "blue", "200"));
    assertThat(l3Vnis()).isEqualTo(before);
    assertThat(merge.reading().intent().tenants().get("blue").exports())
        .containsExactly(RouteTarget.parse("65000:7"));
    put(
        "f.yaml",
        "kind: Fabric\nmetadata: {name: default}\nspec: {vniPools: {tenants: 9000-9000}}");
    assertThat(l3Vnis()).isEqualTo("{blue=7, red=9000}");
  }

  @Test
  void ofTwoNewOnesBothLose() {
    assertThat(put("t.yaml", tenant("red", "l3vni: 5") + "---\n" + tenant("blue", "l3vni: 5")))
        .containsExactly(
            "t.yaml:3:15: Tenant red: l3vni 5 is also that of Tenant blue (t.yaml:7:15); give one of them another",
            "t.yaml:7:15: Tenant blue: l3vni 5 is also that of Tenant red (t.yaml:3:15); give one of them another");
    assertThat(l3Vnis()).isEqualTo("{}");
  }

  @Test
  void theOneInForceStays() {
    put("r.yaml", tenant("red", "l3vni: 5"));
    put("b.yaml", tenant("blue", "l3vni: 6"));
    assertThat(put("b.yaml", tenant("blue", "l3vni: 5"))).hasSize(1);
    assertThat(l3Vnis()).as("blue stands as it was").isEqualTo("{blue=6, red=5}");
    assertThat(put("r.yaml", tenant("red", "l3vni: 8"))).isEmpty();
    assertThat(l3Vnis()).as("red has made room").isEqualTo("{blue=5, red=8}");
  }

  @Test
  void noneIsThatOfANetwork() {
    put("t.yaml", tenant("red", "l3vni: 5") + "---\n" + tenant("blue", ""));
    assertThat(put("n.yaml", routed("web", "red", "5")))
        .containsExactly(
            "n.yaml:3:26: Network web: vni 5 is the l3vni of Tenant red (t.yaml:3:15); give the network another vni");
    assertThat(merge.reading().intent().networks()).isEmpty();
    assertThat(put("n.yaml", routed("web", "red", "6"))).isEmpty();
    assertThat(put("t.yaml", tenant("red", "l3vni: 5") + "---\n" + tenant("blue", "l3vni: 6")))
        .containsExactly(
            "t.yaml:7:15: Tenant blue: l3vni 6 is also that of Network web (n.yaml:3:26); give one of them another");
    assertThat(l3Vnis()).isEqualTo("{red=5}");
  }
}
