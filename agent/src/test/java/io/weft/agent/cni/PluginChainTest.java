package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.agent.cni.PluginChain.Attachment;
import io.weft.agent.node.NodeProcess;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weft's plugin and the reference plugins in one list, before and behind each other. */
@Timeout(120)
class PluginChainTest extends ChainedPlugins {
  /** First of the list: the plugin behind it works in the pod. */
  @Test
  void tuningBehindUsSetsWhatItIsTold() throws Exception {
    var pod = container("p1");
    var chain =
        chain(
            "tuned",
            weft("web"),
            "{\"type\": \"tuning\", \"sysctl\": {\"net.ipv4.conf.eth0.arp_notify\": \"1\"}}");
    var eth0 = Attachment.of("c1", pod);
    var added = chain.add(eth0);
    assertThat(added.path("interfaces")).hasSize(2);
    assertThat(added.at("/ips/0/address").asText()).startsWith("192.168.1.");
    assertThat(setting(pod, "net/ipv4/conf/eth0/arp_notify")).isEqualTo("1");
    chain.check(eth0);
    chain.delete(eth0);
    chain.delete(eth0);
    assertThat(node.status().path("endpoints")).isEmpty();
  }

  /** The port of a pod is in its tenant's namespace; the plugin is run there. */
  @Test
  void bandwidthIsLimitedWhereThePortIs() throws Exception {
    var pod = container("p1");
    var other = container("p2");
    var chain = chain("shaped", weft("web"), shapingWithin());
    var eth0 = Attachment.of("c1", pod).with(BANDWIDTH);
    var plain = Attachment.of("c2", other);
    var one = address(chain.add(eth0), 0);
    var two = address(chain.add(plain), 0);
    chain.check(eth0);
    assertThat(milliseconds(other, one, pod)).as("2 MB at 1 MB/s").isBetween(1_500L, 30_000L);
    assertThat(milliseconds(pod, two, other)).as("the other way").isBetween(1_500L, 30_000L);

    node.kill();
    assertThatThrownBy(() -> chain.delete(eth0)).isInstanceOf(PluginChain.Failed.class);
    node.start();
    node.awaitStatus(status -> status.path("converged").asBoolean());
    chain.check(eth0);
    assertThat(milliseconds(other, one, pod)).as("as before").isBetween(1_500L, 30_000L);

    chain.delete(eth0);
    var tenant = namespaces.prefix() + "red";
    assertThat(names("/run/netns/" + tenant)).noneMatch(name -> name.startsWith("bwp"));
    chain.add(eth0.with("{}"));
    assertThat(milliseconds(other, one, pod)).as("without a limit").isLessThan(1_500L);
    chain.delete(eth0);
    chain.delete(plain);
    chain.delete(plain);
    assertThat(node.status().path("endpoints")).isEmpty();
    assertThat(linksOfHost()).isEqualTo(before);
  }

  private String shapingWithin() throws IOException {
    var programs = Files.createDirectories(directory.resolve("bin"));
    Files.createSymbolicLink(
        programs.resolve("weft-bandwidth"),
        NodeProcess.launcher().resolveSibling("dist/cni/weft").toAbsolutePath());
    return """
    {"type": "weft-bandwidth", "agentSocket": "%s", "capabilities": {"bandwidth": true}}\
    """
        .formatted(CniServer.beside(node.socket()));
  }

  /** A pod of Weft's alone is not reachable from its node, so a host port would lead nowhere. */
  @Test
  void aHostPortOfAPodThatTheHostCannotReachIsRefused() throws Exception {
    var pod = container("p1");
    var eth0 = Attachment.of("c1", pod).with(PORTS);
    assertThatThrownBy(() -> chain("ports", weft("web"), PORTMAP).add(eth0))
        .isInstanceOfSatisfying(
            PluginChain.Failed.class,
            failed -> assertThat(failed.outcome().output()).contains("\"code\":7", "8080"));
    try (var links = Rtnetlink.openIn(pod)) {
      assertThat(links.link("eth0")).isEmpty();
    }
    assertThat(node.status().path("endpoints")).isEmpty();
  }

  /** Of the cluster's default network, and of another whose pod has an address of that besides. */
  @ParameterizedTest
  @ValueSource(strings = {"pods", "green"})
  void aHostPortLeadsToAPodThatTheNodeReaches(String network) throws Exception {
    node.write("cluster.yaml", CLUSTER);
    node.awaitStatus(status -> status.path("kernel").path("objects").asInt() > 0); // it is here
    var pod = container("p1");
    var eth0 = Attachment.of("c1", pod).with(PORTS);
    var chain = chain("ports", weft(network), PORTMAP);
    var added = chain.add(eth0);
    assertThat(address(added, 0)).as("what the cluster knows it by").startsWith("10.244.0.");
    node.awaitStatus(status -> status.path("kernel").path("pending").asInt() == 0);
    assertThat(received(host, "10.99.0.1", HOST_PORT, pod, 5)).isEqualTo(5);
    chain.delete(eth0);
    chain.delete(eth0);
    assertThat(node.status().path("endpoints")).isEmpty();
  }

  /** The pod keeps its eth0 of the bridge, and all that the others do to it works. */
  @Test
  void behindABridgeEachPluginWorks() throws Exception {
    var pod = container("p1");
    var other = container("p2");
    var chain =
        chain(
            "chained",
            bridge(),
            weft("storage"),
            PORTMAP,
            SHAPING,
            "{\"type\": \"tuning\", \"sysctl\": {\"net.ipv4.conf.weft0.arp_notify\": \"1\"}}");
    var eth0 = Attachment.of("c1", pod).with(merged());
    var plain = Attachment.of("c2", other);
    var added = chain.add(eth0);
    var second = chain.add(plain);

    assertThat(added.path("ips")).hasSize(2);
    assertThat(address(added, 0)).startsWith("10.88.0.");
    assertThat(address(added, 1)).startsWith("192.168.3.");
    assertThat(added.path("interfaces").findValuesAsText("name"))
        .contains("cni0", "eth0", "weft0")
        .anyMatch(name -> name.startsWith("bwp"));
    assertThat(added.at("/routes/0/gw").asText()).isEqualTo("10.88.0.1");
    assertThat(setting(pod, "net/ipv4/conf/weft0/arp_notify")).isEqualTo("1");
    chain.check(eth0, "bridge", "portmap");

    assertThat(received(host, "10.99.0.1", HOST_PORT, pod, 5)).as("by the host port").isEqualTo(5);
    assertThat(received(other, address(second, 0), SERVED, pod, 5))
        .as("p2 has nobody who listens at its own address")
        .isEqualTo(0);
    assertThat(received(other, address(added, 1), SERVED, pod, 5)).as("over Weft").isEqualTo(5);

    long slow = milliseconds(other, address(added, 0), pod);
    assertThat(slow).as("2 MB at 1 MB/s").isBetween(1_500L, 30_000L);
    long fast = milliseconds(other, address(added, 1), pod);
    assertThat(fast).as("the limit is eth0's alone").isLessThan(slow);

    chain.delete(eth0);
    chain.delete(eth0);
    chain.delete(plain);
    assertThat(NetworkNamespaces.<String, IOException>callIn(host, () -> rules()))
        .doesNotContain("8080");
    nothingIsLeft();
  }

  /**
   * As Multus calls: the first network by another plugin, then one delegate for each further one.
   */
  @Test
  void severalInterfacesOfOneContainerComeAndGoAlone() throws Exception {
    var pod = container("p1");
    var cluster = chain("chained", bridge());
    var first = chain("first", weft("web"));
    var second = chain("second", weft("storage"));
    var eth0 = Attachment.of("c1", pod);
    var net1 = eth0.named("net1");
    var net2 = eth0.named("net2");
    cluster.add(eth0);
    var web = first.add(net1);
    var storage = second.add(net2);
    assertThat(web.at("/interfaces/1/name").asText()).isEqualTo("net1");
    assertThat(web.path("routes")).as("the default route is eth0's").isEmpty();
    assertThat(storage.at("/interfaces/1/name").asText()).isEqualTo("net2");
    assertThat(names(pod)).contains("eth0", "net1", "net2");

    first.delete(net1);

    assertThat(names(pod)).contains("eth0", "net2").doesNotContain("net1");
    second.check(net2);
    assertThat(node.status().path("endpoints")).hasSize(1);
    second.delete(net2);
    cluster.delete(eth0);
    assertThat(names(pod)).doesNotContain("eth0", "net1", "net2");
    nothingIsLeft();
  }
}
