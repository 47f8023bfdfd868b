package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpPrefix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node of a cluster whose Fabric does not say where services are. */
final class ServiceCidrsProcessTest {
  private static final String FABRIC =
      "{kind: Fabric, metadata: {name: default}, spec: {vtep: {cidr: 10.99.0.0/24}%s}}";

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private ApiNodes cluster;
  private NodeProcess node;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    cluster = new ApiNodes(namespaces, 1);
    NetworkNamespaces.<Path, java.io.IOException>callIn(
        cluster.underlay(1),
        () -> Files.writeString(Path.of("/proc/sys/net/ipv4/conf/all/forwarding"), "1"));
    cluster.apply(
        "{kind: Tenant, metadata: {name: pods}, spec: {egress: cluster}, status: {l3vni: 5300}}");
    cluster.apply(
        """
        kind: Network
        metadata: {name: pods}
        spec: {tenant: pods, vni: 300, subnets: [10.244.0.0/16], gateway: true, namespaces: {default: true}}
        """);
    node = new NodeProcess(namespaces, cluster.underlay(1), directory);
  }

  @AfterEach
  void close() throws Exception {
    if (node != null) {
      node.close();
    }
    if (cluster != null) {
      cluster.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  /** What the tenant sends to its node, whatever a gateway says. */
  private List<IpPrefix> services() {
    var links = namespaces.links(node.prefix() + "pods");
    int way = links.requireLink("egress").index();
    return links.routes().stream()
        .filter(route -> route.nextHops().stream().anyMatch(hop -> hop.link().orElse(0) == way))
        .map(route -> route.prefix())
        .filter(prefix -> IpPrefix.parse("10.96.0.0/15").contains(prefix))
        .toList();
  }

  private void awaitServices(String... prefixes) throws InterruptedException {
    var wanted = List.of(prefixes).stream().map(IpPrefix::parse).toList();
    for (int i = 0; i < 300 && !services().equals(wanted); i++) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
    assertThat(services()).containsExactlyElementsOf(wanted);
  }

  @Test
  void theClustersServiceCidrsCountUntilTheFabricNamesSome() throws Exception {
    var cidr = "{kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: [%s]}}";
    cluster.apply(cidr.formatted("10.96.0.0/16"));
    node.startWith(cluster.option(directory)).awaitStatus(NodeProcess::isSettled);
    awaitServices("10.96.0.0/16");
    cluster.apply(FABRIC.formatted(", services: [10.97.0.0/16]"));
    awaitServices("10.97.0.0/16");
    cluster.apply(FABRIC.formatted(""));
    awaitServices("10.96.0.0/16");
    node.kill();
    cluster.server.away(true);
    node.startWith(cluster.option(directory)).awaitStatus(NodeProcess::isSettled);
    awaitServices("10.96.0.0/16");
    assertThat(node.writes()).as("a restart without the API writes nothing").isZero();
  }

  /** With a server that takes the call and does not answer, and without a copy with a slow one. */
  @Test
  void aRestartKeepsTheRoutesToServicesUntilTheServerSaysOtherwise() throws Exception {
    cluster.apply(
        "{kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: [10.96.0.0/16]}}");
    node.startWith(cluster.option(directory)).awaitStatus(NodeProcess::isSettled);
    awaitServices("10.96.0.0/16");
    node.kill();
    cluster.server.forbid(call -> call.contains("servicecidrs") && waits(50));
    node.startWith(cluster.option(directory)).awaitStatus(NodeProcess::isSettled);
    assertThat(services()).containsExactly(IpPrefix.parse("10.96.0.0/16"));
    assertThat(node.writes()).as("with the copy").isZero();
    assertThat(node.status().path("problems").toString())
        .as("it has not waited until the call failed")
        .doesNotContain("Kubernetes API: ServiceCIDRs");
    node.kill();
    try (var files = Files.walk(node.state())) {
      for (var copy : files.filter(file -> file.toString().contains("servicecidrs")).toList()) {
        Files.delete(copy);
      }
    }
    cluster.server.forbid(call -> call.contains("servicecidrs") && waits(4));
    node.startWith(cluster.option(directory)).awaitStatus(NodeProcess::isSettled);
    assertThat(services()).containsExactly(IpPrefix.parse("10.96.0.0/16"));
    assertThat(node.writes()).as("without a copy").isZero();
  }

  /** Nothing is forbidden, but late. */
  private static boolean waits(int seconds) {
    try {
      TimeUnit.SECONDS.sleep(seconds);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  @Test
  void whereTheServerHasNoneTheFabricMustNameThem() throws Exception {
    cluster.server.undefine("ServiceCIDR");
    node.startWith(cluster.option(directory))
        .awaitStatus(
            status ->
                status.path("problems").toString().contains("this API server has no ServiceCIDR"));
    cluster.apply(FABRIC.formatted(", services: [10.97.0.0/16]"));
    node.awaitStatus(
        status ->
            !status.path("problems").toString().contains("ServiceCIDR")
                && NodeProcess.isSettled(status));
    awaitServices("10.97.0.0/16");
  }
}
