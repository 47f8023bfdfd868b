package io.weft.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.addresses.AddressStore;
import io.weft.agent.cluster.PodEvents.News;
import io.weft.agent.intent.Configuration;
import io.weft.agent.intent.Secrets.Found;
import io.weft.agent.intent.Secrets.Reading;
import io.weft.apiserver.ApiServer;
import io.weft.apiserver.Permissions;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import io.weft.kubernetes.intent.IntentApi;
import io.weft.kubernetes.nodes.SpeakerNodes;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressWrite;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the roles in {@code deploy/} allow is what agent and controller really ask of the API:
 * nothing is missing, and nothing is granted that nobody uses.
 */
final class RolesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Of a node that forwards. */
  private static final String READY =
      "{vtep: 10.0.0.1, converged: true, peers: {configured: 0, established: 0}}";

  @TempDir private Path directory;
  private Cluster cluster;

  @BeforeEach
  void open() throws Exception {
    cluster = new Cluster();
  }

  @AfterEach
  void close() throws Exception {
    cluster.close();
  }

  private static Set<String> granted(String file, String... roles) throws Exception {
    var granted = new TreeSet<String>();
    for (var object : Manifests.read(file)) {
      for (var role : roles) {
        if (object.path("kind").asText().endsWith("Role")
            && object.at("/metadata/name").asText().equals(role)) {
          granted.addAll(Permissions.granted(object));
        }
      }
    }
    return granted;
  }

  /** Objects come without calls, so that all calls are those of the daemon. */
  private void put(String yaml) {
    cluster.server.put(Cluster.yaml(yaml));
  }

  private void assertNeeds(Set<String> granted) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!needed(cluster.server, granted).containsAll(granted) && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
    assertThat(needed(cluster.server, granted)).isEqualTo(granted);
  }

  /** What is granted in all namespaces is so in each. */
  private static Set<String> needed(ApiServer server, Set<String> granted) {
    var needed = new TreeSet<String>();
    for (var each : Permissions.needed(server.calls())) {
      var everywhere = each.replaceFirst(" [a-z0-9-]+/", " ");
      needed.add(granted.contains(everywhere) ? everywhere : each);
    }
    return needed;
  }

  @Test
  void theControllerUsesWhatItMayAndNothingElse() throws Exception {
    put("{kind: Fabric, metadata: {name: default}, spec: {}}");
    put("{kind: Tenant, metadata: {name: red}, spec: {}}");
    put("{kind: Tenant, metadata: {name: blue}, spec: {}}");
    put("{kind: TenantConnection, metadata: {name: both}, spec: {between: [red, blue]}}");
    put("{kind: Network, metadata: {name: web}, spec: {tenant: red}}");
    put("{kind: Endpoint, metadata: {name: vm}, spec: {network: web, node: n1, tap: t}}");
    put("{kind: Network, metadata: {name: bad}, spec: {tenant: none}}");
    put(
        "{kind: VniClaim, metadata: {name: '77777'}, spec: {releasedAt: '2020-01-01T00:00:00Z',"
            + " owner: {kind: Network, name: gone, uid: u-1}}}");
    put(
        "{kind: VniClaim, metadata: {name: '77776'}, spec: {releasedAt: '2020-01-01T00:00:00Z',"
            + " owner: {kind: Tenant, name: gone, uid: u-3}}}");
    var options = new ControllerOptions("a", "weft-system", directory.resolve("socket"));
    try (var daemon = ControllerDaemon.start(options, cluster.client())) {
      assertThat(daemon.ended()).isNotDone();
      put(
          "{kind: VniClaim, metadata: {name: '77778'},"
              + " spec: {owner: {kind: Network, name: gone, uid: u-2}}}");
      assertNeeds(granted("controller.yaml", "weft-controller", "weft-controller-events"));
    }
  }

  @Test
  void anAgentUsesWhatItMayAndNothingElse() throws Exception {
    put(
        "{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {kubernetes.io/os: linux}},"
            + " spec: {taints: [{key: weft.io/not-ready, effect: NoSchedule}]}}");
    put("{kind: Tenant, metadata: {name: pods}, spec: {egress: cluster}, status: {l3vni: 5001}}");
    var block = new AddressBlock("web", IpPrefix.parse("10.0.1.0/24"), "n1");
    var claim =
        new AddressClaim(
            "vm",
            "web",
            List.of(IpAddress.parse("10.0.0.1")),
            MacAddress.parse("02:00:00:00:00:01"),
            List.of(),
            Optional.empty());
    try (var intent = IntentApi.open(cluster.client(), PATIENCE, Optional.empty());
        var nodes = SpeakerNodes.open(cluster.client(), "n1", PATIENCE, Optional.empty());
        var own =
            new io.weft.agent.cluster.Cluster(
                cluster.client(), "n1", directory.resolve("mark"), Optional.empty());
        var pods = own.pods();
        var store = own.addressStore()) {
      own.start(_ -> {}, () -> Cluster.yaml(READY));
      // Of a namespace and a pod that no watch has shown yet.
      pods.facts(new PodName("fresh", Optional.of("pod"), Optional.empty()));
      assertThat(intent.reading().problems()).isEmpty();
      var secrets = new Reading(Found.none(), Found.none());
      own.follow(new Configuration(intent.reading(), secrets), _ -> {}, () -> {});
      assertThat(nodes.speakers().reflectors()).hasSize(1);
      store.read();
      for (var record : List.of(block, claim)) {
        assertThat(store.write(new AddressWrite.Create(record))).isTrue();
        assertThat(store.write(new AddressWrite.Create(record))).as("it looks whose").isFalse();
      }
      var held = claim.with(new AddressClaim.Holder("n1", "vm"));
      assertThat(store.write(new AddressWrite.Replace(held, claimVersion(store)))).isTrue();
      assertThat(store.write(new AddressWrite.Remove(held, claimVersion(store)))).isTrue();
      var version = store.read().blocks().firstEntry().getValue().version();
      assertThat(store.write(new AddressWrite.Remove(block, version))).isTrue();
      var pod = new PodName("fresh", Optional.of("pod"), Optional.of("u-4"));
      own.tellPods(() -> List.of(new News(pod, "FramesStopped", "as it is")));
      assertNeeds(granted("node.yaml", "weft-node"));
    }
  }

  private static String claimVersion(AddressStore store) throws IOException {
    return store.read().claims().firstEntry().getValue().version();
  }

  @Test
  void permissionsAreReadAsKubernetesMeansThem() {
    assertThat(
            Permissions.needed(
                Set.of(
                    "GET /api/v1/nodes",
                    "WATCH /api/v1/nodes",
                    "GET /api/v1/nodes/n1",
                    "GET /api/v1/namespaces",
                    "GET /api/v1/namespaces/shop",
                    "POST /api/v1/namespaces/default/events",
                    "PATCH /apis/weft.io/v1alpha1/networks/web/status",
                    "PUT /apis/coordination.k8s.io/v1/namespaces/w/leases/l")))
        .containsExactlyInAnyOrder(
            "list nodes",
            "watch nodes",
            "get nodes",
            "list namespaces",
            "get namespaces",
            "create default/events",
            "patch networks/status.weft.io",
            "update w/leases.coordination.k8s.io");
    JsonNode role =
        Cluster.yaml(
            "{metadata: {name: r}, rules: [{apiGroups: ['', weft.io], resources: [a], verbs:"
                + " [get]}]}");
    assertThat(Permissions.granted(role)).containsExactlyInAnyOrder("get a", "get a.weft.io");
  }
}
