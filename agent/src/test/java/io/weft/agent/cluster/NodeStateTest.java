package io.weft.agent.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a node says of itself, by what its status says. */
final class NodeStateTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private static JsonNode summary(String text) throws Exception {
    return JSON.readTree(text.replace('\'', '"'));
  }

  private static String condition(JsonNode status, String type) {
    for (var each : status.path("conditions")) {
      if (each.path("type").asText().equals(type)) {
        return each.path("status").asText() + " " + each.path("reason").asText();
      }
    }
    return "none";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'vtepMissing': 'no route'} | False NoVtep | True NoPeers",
        "{'vtep': '10.0.0.1', 'converged': true, 'drained': true} | False Drained | True NoPeers",
        "{'vtep': '10.0.0.1', 'converged': true} | True Forwards | True NoPeers",
        "{'vtep': '10.0.0.1', 'peers': {'configured': 2, 'established': 0}, 'converged': true} |"
            + " False NoPeerUp | False SomeDown",
        "{'vtep': '10.0.0.1', 'peers': {'configured': 2, 'established': 1}, 'converged': false} |"
            + " False WaitingForRoutes | False SomeDown",
        "{'vtep': '10.0.0.1', 'peers': {'configured': 2, 'established': 1}, 'converged': true} |"
            + " True Forwards | False SomeDown",
        "{'vtep': '10.0.0.1', 'peers': {'configured': 2, 'established': 2}, 'converged': true} |"
            + " True Forwards | True AllUp",
      })
  void itIsReadyWhenAPeerIsUpAndItsRoutesAreInTheKernel(String text, String ready, String peers)
      throws Exception {
    var status = NodeState.of(summary(text), MissingNode.getInstance(), NOW);
    assertThat(condition(status, "Ready")).isEqualTo(ready);
    assertThat(condition(status, "PeersUp")).isEqualTo(peers);
  }

  @Test
  void whatTheKernelRefusesAndPathsThatAreTooNarrowAreSaid() throws Exception {
    var status =
        NodeState.of(
            summary(
                "{'vtep': '10.0.0.1', 'converged': true, 'kernel': {'failures': [{'object':"
                    + " 'bridge', 'reason': 'EPERM'}]}, 'paths': {'tooNarrow': 2}, 'problems':"
                    + " ['x'], 'endpoints': [{'attached': true}, {'attached': false}]}"),
            MissingNode.getInstance(),
            NOW);
    assertThat(condition(status, "Ready")).isEqualTo("False KernelRefusesTenant");
    assertThat(condition(status, "KernelInSync")).isEqualTo("False KernelRefuses");
    assertThat(condition(status, "MtuOk")).isEqualTo("False PathTooNarrow");
    assertThat(condition(status, "NoProblems")).isEqualTo("False Problems");
    assertThat(status.path("findings").toString()).isEqualTo("[\"x\",\"bridge: EPERM\"]");
    assertThat(status.path("endpoints").asInt()).isEqualTo(1);
  }

  /** Whoever has one port too many does not keep the pods of all others off a new node. */
  @Test
  void whatIsRefusedToOneTenantKeepsNoPodsAway() throws Exception {
    var refused =
        "{'vtep': '10.0.0.1', 'converged': true, 'refusedToAll': %s, 'kernel': {'failures':"
            + " [{'object': 'port weft-red ep1', 'reason': 'no link eth1'}]}}";
    var ofOne = NodeState.Readiness.of(summary(refused.formatted(false)));
    assertThat(ofOne.ready()).isFalse();
    assertThat(ofOne.takesPods()).isTrue();
    assertThat(ofOne.message()).contains("port weft-red ep1: no link eth1");
    var ofAll = NodeState.Readiness.of(summary(refused.formatted(true)));
    assertThat(ofAll.reason()).isEqualTo("KernelRefuses");
    assertThat(ofAll.takesPods()).isFalse();
  }

  @Test
  void aConditionKeepsItsTimeUntilItChanges() throws Exception {
    var up = summary("{'vtep': '10.0.0.1', 'converged': true}");
    var first = NodeState.of(up, MissingNode.getInstance(), NOW);
    var later = NodeState.of(up, first, NOW.plusSeconds(60));
    assertThat(NodeState.isSame(later, first)).isTrue();
    assertThat(NodeState.isUrgent(later, first)).isFalse();
    var down = NodeState.of(summary("{'converged': true}"), later, NOW.plusSeconds(120));
    assertThat(NodeState.isUrgent(down, later)).isTrue();
    assertThat(down.at("/conditions/0/lastTransitionTime").asText())
        .isEqualTo("2026-01-01T00:02:00Z");
    assertThat(down.at("/conditions/2/lastTransitionTime").asText())
        .as("KernelInSync")
        .isEqualTo("2026-01-01T00:00:00Z");
  }

  @Test
  void thereAreTwentyFindingsAtMostAndTheyAreCounted() throws Exception {
    var text = new StringBuilder("{'problems': ['" + "y".repeat(3000) + "'");
    for (int i = 1; i < 30; i++) {
      text.append(", 'p").append(i).append("'");
    }
    var status =
        NodeState.of(summary(text.append("]}").toString()), MissingNode.getInstance(), NOW);
    assertThat(status.path("findings")).hasSize(20);
    assertThat(status.at("/findings/0").asText()).hasSize(1024).endsWith("...");
    assertThat(status.path("findingsInAll").asInt()).isEqualTo(30);
  }
}
