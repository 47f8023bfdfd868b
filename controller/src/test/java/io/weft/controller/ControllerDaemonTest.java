package io.weft.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.intent.VniAllocation;
import io.weft.net.Vni;
import io.weft.net.VniRange;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What users of the API see of the controller. */
final class ControllerDaemonTest {
  private static final VniRange POOL = new VniRange(new Vni(10000), new Vni(99999));

  @TempDir private Path directory;
  private final List<ControllerDaemon> daemons = new ArrayList<>();
  private Cluster cluster;

  @BeforeEach
  void open() throws Exception {
    cluster = new Cluster();
  }

  @AfterEach
  void close() throws Exception {
    for (var daemon : daemons) {
      daemon.close();
    }
    cluster.close();
  }

  private ControllerDaemon start(String name) throws Exception {
    return start(name, "weft-system");
  }

  private ControllerDaemon start(String name, String namespace) throws Exception {
    var daemon =
        ControllerDaemon.start(
            new ControllerOptions(name, namespace, directory.resolve(name + ".sock")),
            cluster.client());
    daemons.add(daemon);
    return daemon;
  }

  private void settle() throws Exception {
    var last = new long[] {-1, 0};
    Cluster.await(
        "no more writes",
        cluster::writes,
        writes -> {
          last[1] = writes == last[0] ? last[1] + 1 : 0;
          last[0] = writes;
          return last[1] > 50;
        });
  }

  @Test
  void aNetworkAndItsTenantGetTheirVnisAndAreReady() throws Exception {
    start("a");
    cluster.create("fabrics", "default", "{asn: 65010}");
    cluster.create("tenants", "red", "{}");
    cluster.network("red-web", "{tenant: red, subnets: [10.0.0.0/24], gateway: true}");
    var web = cluster.awaitSaid("networks/red-web", "Ready", "True InForce");
    assertThat(web.at("/status/vni").asInt())
        .as("the one that a directory of files gives, so that a move keeps it")
        .isEqualTo(VniAllocation.automatic("red-web", POOL).value());
    assertThat(Cluster.said(web, "Accepted")).isEqualTo("True Valid");
    assertThat(Cluster.condition(web, "Ready").path("observedGeneration").asInt()).isEqualTo(1);
    assertThat(Cluster.condition(web, "Ready").path("lastTransitionTime").asText())
        .matches("20[0-9-]{8}T[0-9:]{8}Z");
    var red = cluster.await("tenants/red", tenant -> tenant.at("/status/l3vni").asInt() >= 100000);
    assertThat(red.at("/status/l3vni").asInt()).isBetween(100000, 199999);
    cluster.awaitSaid("tenants/red", "Ready", "True InForce");
    cluster.awaitSaid("fabrics/default", "Ready", "True InForce");

    var claim = cluster.claims().get(web.at("/status/vni").asText());
    assertThat(claim.at("/spec/owner/name").asText()).isEqualTo("red-web");
    assertThat(claim.at("/spec/owner/uid").asText()).isEqualTo(web.at("/metadata/uid").asText());
    assertThat(cluster.claims()).hasSize(2);

    settle();
    assertThat(cluster.events()).containsExactly("VniAllocated red", "VniAllocated red-web");
    long writes = cluster.writes();
    cluster.server.compact(); // 410 Gone: everything is listed again
    cluster.server.cutWatches();
    Thread.sleep(1500);
    assertThat(cluster.writes()).as("nothing changed, nothing is written").isEqualTo(writes);

    cluster.delete("networks/red-web");
    cluster.await(
        "vniclaims/" + web.at("/status/vni").asText(),
        released -> released.at("/spec/releasedAt").isTextual());
  }

  @Test
  void aBadObjectIsToldOfOnceAndHurtsNoOther() throws Exception {
    start("a");
    cluster.create("tenants", "red", "{}");
    cluster.network("bad", "{subnets: [10.9.0.0/24], gateway: true}");
    cluster.network("lost", "{tenant: rod, subnets: [10.8.0.0/24]}");
    cluster.network("good", "{tenant: red, subnets: [10.7.0.0/24]}");
    cluster.awaitSaid("networks/good", "Ready", "True InForce");
    var bad = cluster.awaitSaid("networks/bad", "Accepted", "False Invalid");
    assertThat(Cluster.condition(bad, "Accepted").path("message").asText())
        .isEqualTo(
            "a gateway routes within a tenant, and this network has none; name one or remove the"
                + " gateway");
    assertThat(bad.at("/status").has("vni")).isFalse();
    var lost = cluster.awaitSaid("networks/lost", "Accepted", "False Unresolved");
    assertThat(Cluster.condition(lost, "Accepted").path("message").asText())
        .contains("did you mean 'red'?");
    settle();
    assertThat(cluster.events())
        .containsOnlyOnce("Invalid bad", "Unresolved lost", "VniAllocated good");

    cluster.merge("networks/bad", "{spec: {tenant: red}}");
    var mended = cluster.awaitSaid("networks/bad", "Ready", "True InForce");
    assertThat(Cluster.condition(mended, "Ready").path("observedGeneration").asInt()).isEqualTo(2);
  }

  @Test
  void twoWhoWantOneVniAndAPoolThatIsTooSmall() throws Exception {
    cluster.create("fabrics", "default", "{vniPools: {networks: 500-501}}");
    cluster.network("first", "{vni: 700}");
    start("a");
    cluster.awaitSaid("networks/first", "Ready", "True InForce");
    cluster.network("second", "{vni: 700}");
    var second = cluster.awaitSaid("networks/second", "Ready", "False VniInUse");
    assertThat(Cluster.condition(second, "Accepted").path("message").asText())
        .isEqualTo("VNI 700 is that of Network/first; give another");
    assertThat(cluster.vni("first")).isEqualTo(700);
    cluster.network("n1", "{}");
    cluster.network("n2", "{}");
    cluster.awaitSaid("networks/n1", "Ready", "True InForce");
    cluster.awaitSaid("networks/n2", "Ready", "True InForce");
    cluster.network("n3", "{}");
    var full = cluster.awaitSaid("networks/n3", "Ready", "False PoolExhausted");
    assertThat(Cluster.said(full, "Accepted")).isEqualTo("True Valid");
    settle();
    assertThat(cluster.events()).containsOnlyOnce("PoolExhausted n3", "VniInUse second");

    cluster.merge("fabrics/default", "{spec: {vniPools: {networks: 500-600}}}");
    cluster.awaitSaid("networks/n3", "Ready", "True InForce");
    cluster.merge("networks/second", "{spec: {vni: 701}}");
    cluster.awaitSaid("networks/second", "Ready", "True InForce");
    assertThat(cluster.vni("second")).isEqualTo(701);
  }

  @Test
  void withoutAReadableFabricNothingIsTakenFromAPool() throws Exception {
    cluster.create(
        "fabrics", "default", "{vniPools: {networks: 500-600}, vtep: {cidr: 10.0.0.0/99}}");
    cluster.network("waits", "{}");
    cluster.network("given", "{vni: 700}");
    start("a");
    cluster.awaitSaid("networks/given", "Ready", "True InForce");
    cluster.awaitSaid("networks/waits", "Ready", "False Unresolved");
    cluster.awaitSaid("fabrics/default", "Accepted", "False Invalid");
    cluster.merge("fabrics/default", "{spec: {vtep: null}}");
    cluster.awaitSaid("networks/waits", "Ready", "True InForce");
    assertThat(cluster.vni("waits")).isBetween(500, 600);
  }

  @Test
  void aServerThatIsAwayOrSlowOrLosesAnswersOnlyDelays() throws Exception {
    start("a");
    cluster.network("one", "{}");
    cluster.awaitSaid("networks/one", "Ready", "True InForce");
    int one = cluster.vni("one");
    cluster.server.away(true);
    Thread.sleep(500);
    cluster.server.away(false);
    cluster.server.compact();
    cluster.network("two", "{}");
    cluster.awaitSaid("networks/two", "Ready", "True InForce");
    cluster.server.fail(10);
    for (int i = 0; i < 10; i++) {
      cluster.server.put(Cluster.yaml("{kind: Network, metadata: {name: n" + i + "}, spec: {}}"));
    }
    cluster.server.latency(Duration.ofMillis(50));
    var vnis = new HashSet<Integer>();
    for (int i = 0; i < 10; i++) {
      cluster.awaitSaid("networks/n" + i, "Ready", "True InForce");
      vnis.add(cluster.vni("n" + i));
    }
    vnis.add(cluster.vni("two"));
    assertThat(cluster.vni("one")).isEqualTo(one);
    vnis.add(one);
    assertThat(vnis).hasSize(12);
    assertThat(cluster.claims()).hasSize(12);
  }

  @Test
  void tenantsThatMeetAreSaidToOnceTheyRoute() throws Exception {
    start("a");
    for (var tenant : List.of("red", "blue")) {
      cluster.create("tenants", tenant, "{}");
      cluster.network(
          tenant + "-web",
          "{tenant: %s, subnets: [10.%d.0.0/24], gateway: true}"
              .formatted(tenant, tenant.length()));
    }
    cluster.create("tenantconnections", "both", "{between: [red, blue]}");
    cluster.awaitSaid("tenantconnections/both", "Ready", "True InForce");
    cluster.create("tenantconnections", "lost", "{between: [red, green]}");
    cluster.awaitSaid("tenantconnections/lost", "Accepted", "False Unresolved");
    settle();
    assertThat(cluster.events()).contains("Unresolved lost").doesNotContain("Unresolved both");
  }

  /** With leases of their own, as if each had missed that the other took over. */
  @Test
  void twoThatBothBelieveToLeadDoNoHarm() throws Exception {
    cluster.create("fabrics", "default", "{vniPools: {networks: 500-589}}");
    start("a", "one");
    start("b", "other");
    for (int i = 0; i < 120; i++) {
      cluster.network("n" + i, i % 3 == 0 ? "{vni: " + (1000 + i) + "}" : "{}");
    }
    var vnis = new HashSet<Integer>();
    for (int i = 0; i < 120; i++) {
      cluster.awaitSaid("networks/n" + i, "Ready", "True InForce");
      assertThat(vnis.add(cluster.vni("n" + i))).as("n%s", i).isTrue();
    }
    settle();
    assertThat(
            cluster.claims().values().stream().filter(each -> !each.at("/spec").has("releasedAt")))
        .hasSize(120);
    assertThat(cluster.events()).filteredOn(each -> each.startsWith("VniAllocated")).hasSize(120);
  }

  @Test
  void anotherTakesOverAtOnceWhenTheLeaderEnds() throws Exception {
    var a = start("a");
    Cluster.await("a leads", this::lease, lease -> holder(lease).startsWith("a_"));
    start("b");
    cluster.network("one", "{}");
    cluster.awaitSaid("networks/one", "Ready", "True InForce");
    assertThat(holder(lease())).startsWith("a_");
    daemons.remove(a);
    long before = System.nanoTime();
    a.close();
    Cluster.await("b leads", this::lease, lease -> holder(lease).startsWith("b_"));
    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .as("the lease was given back; nobody waits for its end")
        .isLessThan(Duration.ofSeconds(12));
    cluster.network("two", "{}");
    cluster.awaitSaid("networks/two", "Ready", "True InForce");
    assertThat(lease().at("/spec/leaseTransitions").asInt()).isEqualTo(1);
  }

  private JsonNode lease() throws Exception {
    return cluster.kubectl.get(
        "/apis/coordination.k8s.io/v1/namespaces/weft-system/leases/weft-controller");
  }

  private static String holder(JsonNode lease) {
    return lease.at("/spec/holderIdentity").asText();
  }
}
