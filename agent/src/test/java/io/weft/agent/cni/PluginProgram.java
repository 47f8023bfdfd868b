package io.weft.agent.cni;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.node.NodeProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Runs the plugin as a container runtime does: variables, configuration, exit code, output. */
final class PluginProgram {
  static final ObjectMapper JSON = new ObjectMapper();

  private final Path program;
  private final Path socket;
  private final String name;

  /**
   * For a node.
   *
   * @param name of the CNI network
   */
  PluginProgram(Path controlSocket, String name) {
    var home = NodeProcess.launcher().resolveSibling("dist/cni/weft");
    assumeTrue(Files.isExecutable(home), "needs dist/: run 'make build' before");
    this.program = home;
    this.socket = CniServer.beside(controlSocket);
    this.name = name;
  }

  /** What a call came to. */
  record Outcome(int exitCode, String output) {
    boolean succeeded() {
      return exitCode == 0;
    }

    JsonNode json() throws IOException {
      return JSON.readTree(output);
    }

    int code() throws IOException {
      return json().path("code").asInt();
    }
  }

  /** A configuration of the CNI network that asks for a Network. */
  ObjectNode configuration(String version, String network) {
    return JSON.createObjectNode()
        .put("cniVersion", version)
        .put("name", name)
        .put("type", "weft")
        .put("agentSocket", socket.toString())
        .put("network", network);
  }

  Outcome call(String verb, String container, String netns, ObjectNode configuration)
      throws IOException, InterruptedException {
    return call(verb, container, netns, configuration, "");
  }

  Outcome call(
      String verb, String container, String netns, ObjectNode configuration, String arguments)
      throws IOException, InterruptedException {
    var environment = new TreeMap<String, String>();
    environment.put("CNI_COMMAND", verb);
    environment.put("CNI_CONTAINERID", container);
    environment.put("CNI_NETNS", netns);
    environment.put("CNI_IFNAME", "eth0");
    environment.put("CNI_ARGS", arguments);
    environment.put("CNI_PATH", String.valueOf(program.getParent()));
    return run(environment, configuration.toString());
  }

  Outcome run(Map<String, String> environment, String input)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(program.toString()).redirectErrorStream(false);
    builder.environment().clear();
    builder.environment().putAll(environment);
    var process = builder.start();
    try (var stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    }
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(process.waitFor(), output);
  }
}
