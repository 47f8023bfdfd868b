package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.KernelRemoval;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netns.NetworkNamespaces;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** After the removal the host is as it was before the agent. */
final class KernelRemovalTest {
  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;

  @AfterEach
  void close() throws Exception {
    if (node != null) {
      node.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  @Test
  void nothingIsLeftOnTheNode() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    node = NodeProcess.alone(namespaces, directory);
    var host = node.underlay();
    var links = namespaces.links(host);
    links.execute(new Request.SetLink(links.requireLink("lo").index(), LinkSettings.UP));
    var before = picture(host);

    node.write(
        "all.yaml",
        """
        kind: Fabric
        metadata: {name: default}
        spec: {vtep: {cidr: 10.99.0.0/24}}
        ---
        kind: Tenant
        metadata: {name: red}
        spec: {egress: node}
        ---
        kind: Network
        metadata: {name: web}
        spec: {tenant: red, vni: 100, subnets: [10.1.0.0/24], gateway: true}
        ---
        kind: Network
        metadata: {name: alone}
        spec: {vni: 101, subnets: [10.2.0.0/24]}
        """);
    node.start().awaitStatus(status -> status.has("vtep"));
    for (var each : List.of("web", "alone")) {
      var answer = node.attach("in-" + each, each, namespaces.create("pod-" + each));
      assertThat(answer.path("ok").asBoolean()).as(answer.toString()).isTrue();
    }
    assertThat(tenants()).hasSize(2);
    assertThat(picture(host)).isNotEqualTo(before);
    node.kill();

    var outcome =
        NetworkNamespaces.callIn(host, () -> KernelRemoval.removeAll(namespaces.prefix(), false));
    assertThat(outcome.refused()).isEmpty();
    assertThat(outcome.removed()).isGreaterThan(10);
    assertThat(tenants()).isEmpty();
    assertThat(picture(host)).isEqualTo(before);
    assertThat(
            NetworkNamespaces.callIn(
                    host, () -> KernelRemoval.removeAll(namespaces.prefix(), false))
                .removed())
        .as("once more is fine")
        .isZero();
  }

  private List<String> tenants() {
    return NetworkNamespaces.list().stream()
        .filter(name -> name.startsWith(namespaces.prefix()))
        .toList();
  }

  /** Links, addresses, routes and rules of the host. */
  private static String picture(String host) throws Exception {
    var text = new StringBuilder();
    for (var command :
        List.of(
            "ip -o link | sed 's/ mtu.*//'",
            "ip -o addr | sed 's/ tentative//'",
            "ip route",
            "ip rule",
            "nft list ruleset")) {
      var process =
          NetworkNamespaces.<Process, java.io.IOException>callIn(
              host,
              () -> new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start());
      text.append(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
    return text.toString();
  }
}
