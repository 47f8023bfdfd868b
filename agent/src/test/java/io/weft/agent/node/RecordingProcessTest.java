package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.kernel.TestNamespaces;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weft node --record} in a kernel, and {@code weft replay} of what it wrote. */
class RecordingProcessTest {
  private static final String SECRET = "hush-hush-hush";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    Files.writeString(directory.resolve("secret"), SECRET);
    Files.setPosixFilePermissions(
        directory.resolve("secret"), PosixFilePermissions.fromString("rw-------"));
    node = NodeProcess.alone(namespaces, directory);
    node.write(
        "fabric.yaml",
        """
        kind: Fabric
        metadata: {name: default}
        spec:
          vtep: {cidr: 10.99.0.0/24}
          peers:
          - address: 10.99.0.77
            asn: 65001
            passwordFrom: {file: %s}
        """
            .formatted(directory.resolve("secret")));
    node.write("red.yaml", network("192.168.1.0/24"));
  }

  private static String network(String subnet) {
    return """
    kind: Tenant
    metadata: {name: red}
    ---
    kind: Network
    metadata: {name: red-web}
    spec: {tenant: red, vni: 100, subnets: [%s]}
    """
        .formatted(subnet);
  }

  @AfterEach
  void close() throws Exception {
    if (node != null) {
      node.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private JsonNode replay(String... more) throws Exception {
    var arguments = new ArrayList<>(List.of("--json"));
    arguments.addAll(List.of(more));
    return JSON.readTree(replayed(0, arguments));
  }

  /** What it prints. */
  private String replayed(int code, List<String> more) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                NodeProcess.launcher().toString(),
                "replay",
                directory.resolve("recording").toString()));
    command.addAll(more);
    var out = directory.resolve("replayed");
    var process =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectErrorStream(true).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    var text = Files.readString(out);
    assertThat(process.exitValue()).as(text).isEqualTo(code);
    return text;
  }

  /** What both say, less the words of the shell. */
  private static ObjectNode common(JsonNode said, JsonNode other) {
    var shared = ((ObjectNode) said).deepCopy();
    var names = new ArrayList<String>();
    other.fieldNames().forEachRemaining(names::add);
    shared.retain(names).remove("problems");
    return shared;
  }

  @Test
  void theReplayedBrainSaysWhatTheAgentSaid() throws Exception {
    node.start("--record=" + directory.resolve("recording"));
    node.awaitStatus(status -> status.has("vtep"));
    var pod = namespaces.create("pod");
    node.attached("web-1", "red-web", pod, "192.168.1.10");
    node.write("red.yaml", network("192.168.1.0/24, 192.168.2.0/24"));
    var second = namespaces.create("second");
    node.awaitAnswer("networks", networks -> networks.toString().contains("192.168.2.0/24"));
    node.attached("web-2", "red-web", second, "192.168.2.10");
    var said = node.awaitStatus(status -> status.at("/kernel/pending").asInt() == 0);
    node.terminate();

    var whole = replay();
    var replayed = whole.path("status");
    assertThat(common(replayed, said)).isEqualTo(common(said, replayed)).hasSizeGreaterThan(8);
    assertThat(whole.path("kernel").toString()).contains("web-1").contains("web-2");
    long steps = whole.path("step").asLong();
    assertThat(steps).isGreaterThan(5);
    var earlier = replay("--at=" + steps / 2);
    assertThat(earlier.path("step").asLong()).isEqualTo(steps / 2);
    assertThat(replay("--at=1").path("status").path("endpoints")).isEmpty();
    assertThat(replayed(2, List.of("--at=" + (steps + 1))))
        .contains("--at: %d steps are kept, so there is no step %d".formatted(steps, steps + 1));
    long at = 1;
    while (!replay("--at=" + at).path("effects").toString().contains("ReplyToAttach")) {
      at++;
    }
    assertThat(replayed(0, List.of("--at=" + at)))
        .contains("effects followed\n")
        .contains("    ReplyToAttach[");

    try (var files = Files.list(directory.resolve("recording"))) {
      for (var file : files.toList()) {
        assertThat(Files.readString(file)).contains("red-web").doesNotContain(SECRET);
        assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
      }
    }
  }
}
