package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real nodes, two of which claim one MAC or one address; a third one is not disturbed. */
class DuplicatesProcessTest {
  private static final String MAC = "02:00:00:00:00:99";

  @TempDir private Path directory;
  private ThreeNodes nodes;

  @BeforeEach
  void open() throws Exception {
    nodes = new ThreeNodes(directory);
  }

  @AfterEach
  void close() throws Exception {
    if (nodes != null) {
      nodes.close();
    }
  }

  private JsonNode attach(int node, String endpoint, String address, String mac) throws Exception {
    var pod = nodes.namespaces.create(endpoint + "-" + node + "-" + System.nanoTime());
    return nodes
        .node(node)
        .callOnceReady(NodeProcess.attaching(endpoint, "web", pod, address).put("mac", mac));
  }

  private void detach(int node) throws Exception {
    nodes.node(node).call(ControlClient.request("detach").put("endpoint", "twin" + node));
  }

  private void attached(int node) throws Exception {
    var answer = attach(node, "twin" + node, "192.168.1.99", MAC);
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
  }

  @Test
  void aMacOfTwoNodesIsFrozenWithBothOwnersAndRecovers() throws Exception {
    var here = nodes.pod(1, 11);
    nodes.pod(2, 12);
    var thirdParty = nodes.traffic(here, "192.168.1.12");
    nodes.pod(3, 13);
    attached(2);
    awaitOwner(3, 2);
    attached(3);
    awaitOwner(2, 3);
    detach(2);
    attached(2);
    awaitOwner(3, 2);
    detach(3);
    attached(3);
    var frozen = nodes.node(3).awaitStatus(status -> !status.path("duplicates").isEmpty());
    var duplicate = frozen.path("duplicates").get(0);
    assertThat(duplicate.path("mac").asText()).isEqualTo(MAC);
    assertThat(duplicate.path("endpoint").asText()).isEqualTo("twin3");
    assertThat(duplicate.path("vtep").asText()).isEqualTo("10.99.0.2");
    assertThat(duplicate.path("moves").asInt()).isEqualTo(3);
    assertThat(duplicate.has("seconds")).isTrue();
    assertThat(nodes.node(3).log())
        .anyMatch(line -> line.contains(MAC) && line.contains("is a duplicate"));
    nodes.node(3).awaitStatus(status -> status.path("duplicates").isEmpty());
    ThreeNodes.awaitAnswers(thirdParty, 100);
    var statistics = thirdParty.stop(Duration.ofSeconds(2));
    thirdParty.close();
    assertThat(statistics.lost()).as("third party").isZero();
  }

  /** All routes of the MAC that a node has are those of one VTEP. */
  private void awaitOwner(int node, int owner) throws Exception {
    var question = ControlClient.request("routes").put("mac", MAC);
    nodes
        .node(node)
        .awaitAnswer(
            question,
            answer ->
                answer.path("matching").asInt() > 0
                    && Set.copyOf(answer.findValuesAsText("nextHop"))
                        .equals(Set.of("10.99.0." + owner)));
  }

  @Test
  void anAddressOfTwoNodesIsSaidWithBothAndRefusedToAThird() throws Exception {
    // Neither has the network yet, so neither can know.
    assertThat(attach(2, "one", "192.168.1.50", "02:00:00:00:00:51").path("ok").asBoolean())
        .isTrue();
    assertThat(attach(3, "other", "192.168.1.50", "02:00:00:00:00:52").path("ok").asBoolean())
        .isTrue();
    // RFC 9135 §7: of equal claims that of the lower VTEP counts; the other one says so.
    nodes.node(3).awaitStatus(says("'other'", "192.168.1.50", "10.99.0.2", "02:00:00:00:00:51"));
    nodes.pod(1, 11);
    nodes
        .node(1)
        .awaitAnswer(
            ControlClient.request("routes").put("ip", "192.168.1.50"),
            answer -> answer.findValuesAsText("nextHop").contains("10.99.0.2"));
    nodes.node(1).awaitStatus(NodeProcess::isSettled);
    var refused = attach(1, "third", "192.168.1.50", "02:00:00:00:00:53");
    assertThat(refused.at("/error/reason").asText()).as("%s", refused).isEqualTo("ADDRESS_IN_USE");
    assertThat(refused.at("/error/message").asText()).contains("'third'", "behind VTEP 10.99.0.2");
    nodes.node(2).call(ControlClient.request("detach").put("endpoint", "one"));
    nodes.node(3).awaitStatus(status -> status.path("problems").isEmpty());
  }

  private static Predicate<JsonNode> says(String... words) {
    return status -> {
      var problems = status.path("problems").toString();
      for (var word : words) {
        if (!problems.contains(word)) {
          return false;
        }
      }
      return true;
    };
  }
}
