package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.cni.PluginChain.Attachment;
import io.weft.agent.node.NodeProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The plugin is written into the list of another, which a runtime then follows. */
class InstalledChainTest extends ChainedPlugins {
  /**
   * The whole way: the command installs beside kindnet's file, the runtime uses Weft's by its name,
   * and the pod has both; one from before has what it had, and goes under the new name.
   */
  @Test
  void installedBesideKindnetThePodHasBoth() throws Exception {
    var configurations = Files.createDirectories(directory.resolve("net.d"));
    install(configurations, "primary");
    var pod = container("p1");
    var old = container("p2");
    var eth0 = kubernetes("c1", pod);
    var before = kubernetes("c2", old);
    asTheRuntimeDoes(configurations).add(before);
    assertThat(names(old)).contains("eth0").doesNotContain("weft0");
    assertThat(node.endpoints()).containsExactly("c2/eth0@weft");
    Files.writeString(
        configurations.resolve("10-kindnet.conflist"),
        ForeignFiles.KINDNET.replace("/run/cni-ipam-state", directory.resolve("ipam").toString()));
    install(configurations, "automatic");

    var chain = asTheRuntimeDoes(configurations);
    var added = chain.add(eth0.with(PORTS));

    assertThat(added.path("cniVersion").asText()).isEqualTo("0.3.1");
    assertThat(names(pod)).contains("eth0", "weft0");
    assertThat(address(added, 0)).startsWith("10.244.1.");
    assertThat(address(added, 1)).startsWith("192.168.3.");
    assertThat(added.path("routes").findValuesAsText("dst")).contains("0.0.0.0/0");
    assertThat(received(host, "10.99.0.1", HOST_PORT, pod, 5)).as("by the host port").isEqualTo(5);
    assertThat(node.endpoints()).containsExactlyInAnyOrder("c1/eth0@kindnet", "c2/eth0@weft");

    chain.delete(before);
    assertThat(node.endpoints()).as("under the name of before").containsExactly("c1/eth0@kindnet");
    chain.delete(eth0);
    chain.delete(eth0);
    assertThat(node.endpoints()).isEmpty();
    install(configurations, "uninstall");
    assertThat(configurations.toFile().list()).containsExactly("10-kindnet.conflist");
  }

  /** The agent itself keeps up with the other's file, and says what it cannot use. */
  @Test
  void theAgentFollowsTheOthersFile() throws Exception {
    var configurations = Files.createDirectories(directory.resolve("net.d"));
    var other = configurations.resolve("10-flannel.conflist");
    var own = configurations.resolve("00-weft.conflist");
    install(configurations, "beside");
    node.kill();
    node.start("--cni-conf-dir=" + configurations);
    ForeignFiles.put(other, ForeignFiles.FLANNEL);
    node.awaitStatus(
        _ -> Files.exists(own) && types(own).equals(List.of("flannel", "portmap", "weft")));
    ForeignFiles.put(other, "{");
    node.awaitStatus(status -> status.path("problems").toString().contains(other.toString()));
    assertThat(types(own)).as("as it was").containsExactly("flannel", "portmap", "weft");
    ForeignFiles.put(other, ForeignFiles.KINDNET);
    node.awaitStatus(_ -> types(own).equals(List.of("ptp", "portmap", "weft")));
    Files.delete(other);
    node.awaitStatus(_ -> !Files.exists(own));
    install(configurations, "uninstall");
    ForeignFiles.put(other, ForeignFiles.KINDNET);
    Thread.sleep(500);
    assertThat(configurations.toFile().list()).containsExactly("10-flannel.conflist");
    assertThat(node.status().path("problems").toString()).doesNotContain("flannel");
  }

  private static List<String> types(Path list) {
    try {
      return ForeignFiles.types(list);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Attachment kubernetes(String container, String netns) {
    return new Attachment(
        container,
        netns,
        "eth0",
        "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=" + container,
        "{}");
  }

  /** Puts the programs where {@link #chain} finds them. */
  private void install(Path configurations, String mode) throws Exception {
    var command = new ArrayList<>(List.of(NodeProcess.launcher().toString(), "cni"));
    command.addAll(
        mode.equals("uninstall")
            ? List.of("uninstall")
            : List.of(
                "install", "--mode=" + mode, "--agent-socket=" + CniServer.beside(node.socket())));
    command.addAll(
        List.of("--bin-dir=" + directory.resolve("bin"), "--conf-dir=" + configurations));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private PluginChain asTheRuntimeDoes(Path configurations) throws IOException {
    try (var files = Files.newDirectoryStream(configurations, "*.conflist")) {
      var names = new TreeSet<Path>();
      files.forEach(names::add);
      return new PluginChain(
          host,
          List.of(directory.resolve("bin"), PluginChain.REFERENCE),
          Files.readString(names.first()));
    }
  }
}
