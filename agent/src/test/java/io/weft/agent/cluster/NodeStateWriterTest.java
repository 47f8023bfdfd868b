package io.weft.agent.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.cluster.ClusterNode.Seen;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.schema.Definition;
import io.weft.kubernetes.schema.ResourceSchemas;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The thread that writes the NodeState. */
final class NodeStateWriterTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  private static ObjectNode json(String text) throws Exception {
    return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime() - end).as(what).isNegative();
      Thread.sleep(20);
    }
  }

  /** A list in which nothing can be looked at. */
  private static List<JsonNode> broken() {
    return new AbstractList<>() {
      @Override
      public JsonNode get(int index) {
        throw new IllegalStateException("broken");
      }

      @Override
      public int size() {
        return 1;
      }
    };
  }

  @Test
  void aDefectIsToldAndDoesNotEndIt() throws Exception {
    try (var server = ApiServer.start();
        var client =
            new ApiClient(
                new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
        var writer =
            new NodeStateWriter(
                client,
                "n1",
                directory.resolve("mark"),
                () -> json("{'vtep': '10.0.0.1', 'converged': true}"))) {
      var node = json("{'kind':'Node','metadata':{'name':'n1'}}");
      server.put(node);
      for (var kind : ResourceSchemas.all()) {
        var yaml = new Load(LoadSettings.builder().build()).loadFromString(Definition.yaml(kind));
        server.define(JSON.valueToTree(yaml));
      }
      var none = Optional.<JsonNode>empty();
      writer.see(new Seen("", "1", List.of(), broken(), false, none, List.of()));
      await("told", () -> writer.problems().toString().contains("defect of Weft"));
      assertThat(server.objects("NodeState")).isEmpty();
      writer.see(Seen.of(server.objects("Node").getFirst()));
      await("written", () -> !server.objects("NodeState").isEmpty());
      await("well", () -> writer.problems().isEmpty());
    }
  }
}
