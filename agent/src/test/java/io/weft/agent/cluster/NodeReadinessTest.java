package io.weft.agent.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.cluster.ClusterNode.Seen;
import io.weft.agent.cluster.NodeState.Readiness;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node writes on its Node, by the real client, at times of the test's. */
final class NodeReadinessTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Readiness UP = new Readiness(true, "Forwards", "all is well");
  private static final Readiness DOWN = new Readiness(false, "NoPeerUp", "no session");
  private static final Readiness NO_VTEP = new Readiness(false, "NoVtep", "no address");
  private static final Readiness ONE_REFUSED =
      new Readiness(false, "KernelRefusesTenant", "the kernel refuses port weft-red ep1");
  private static final Readiness DRAINED = new Readiness(false, "Drained", "weft drain was called");
  private static final String WRITE = "PATCH /api/v1/nodes/n1/status";

  @TempDir private Path directory;
  private ApiServer server;
  private ApiClient client;
  private NodeReadiness readiness;
  private int second;

  @BeforeEach
  void start() throws Exception {
    server = ApiServer.start();
    client =
        new ApiClient(
            new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
    server.put(
        json(
            "{'kind':'Node','metadata':{'name':'n1'},'spec':{'taints':[{'key':'other','effect':'NoSchedule'},"
                + "{'key':'weft.io/not-ready','effect':'NoSchedule'}]},'status':{'conditions':["
                + "{'type':'Ready','status':'True','reason':'KubeletReady'}]}}"));
    begin();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private static ObjectNode json(String text) throws Exception {
    return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
  }

  /** An agent starts. */
  private void begin() {
    readiness = new NodeReadiness(client, "n1", directory.resolve("mark"));
  }

  private void reboot() throws Exception {
    Files.deleteIfExists(directory.resolve("mark"));
    begin();
  }

  private JsonNode node() {
    return server.objects("Node").getFirst();
  }

  /** So many seconds, in each of which the node is so, and the watch shows the object as it is. */
  private void pass(int seconds, Readiness now) throws Exception {
    for (int i = 0; i < seconds; i++) {
      readiness.look(now, Seen.of(node()), TimeUnit.SECONDS.toNanos(second++));
    }
  }

  private String condition() {
    var condition = NodeReadiness.condition(node());
    return condition
        .map(c -> c.path("status").asText() + " " + c.path("reason").asText())
        .orElse("");
  }

  private String taints() {
    var keys = new TreeSet<String>();
    node().at("/spec/taints").forEach(each -> keys.add(each.path("key").asText()));
    return keys.toString();
  }

  private long writes() {
    return server.calls().stream().filter(WRITE::equals).count();
  }

  @Test
  void theConditionIsThereBesideThoseOfOthersAndWrittenOnChangeOnly() throws Exception {
    pass(1, DOWN);
    assertThat(condition()).isEqualTo("False NoPeerUp");
    pass(20, UP);
    assertThat(condition()).isEqualTo("True Forwards");
    var conditions = node().at("/status/conditions");
    assertThat(conditions).hasSize(2);
    assertThat(conditions.findValuesAsText("reason")).contains("KubeletReady");
    assertThat(NodeReadiness.condition(node()).orElseThrow().path("message").asText())
        .isEqualTo("all is well");
    assertThat(writes()).isEqualTo(2);
    for (int i = 0; i < 20; i++) {
      pass(1, DOWN);
      pass(3, UP);
    }
    assertThat(writes()).as("a flap of a second").isEqualTo(2);
    pass(12, DOWN);
    assertThat(condition()).isEqualTo("False NoPeerUp");
    pass(100, DOWN);
    assertThat(writes()).isEqualTo(3);
  }

  /** Attach calls would be refused there: the scheduler must not choose it. */
  @Test
  void aDrainedNodeHasTheTaintAtOnceAndAfterAReboot() throws Exception {
    pass(5, UP);
    assertThat(taints()).isEqualTo("[other]");
    pass(2, DRAINED);
    assertThat(condition()).isEqualTo("False Drained");
    assertThat(taints()).isEqualTo("[other, weft.io/not-ready]");
    reboot();
    pass(20, DRAINED);
    assertThat(taints()).isEqualTo("[other, weft.io/not-ready]");
    pass(5, UP);
    assertThat(condition()).isEqualTo("True Forwards");
    assertThat(taints()).isEqualTo("[other]");
  }

  /** Whoever removes it, or makes the Node anew, finds it again. */
  @Test
  void whatSomebodyTookAwayIsWrittenAgain() throws Exception {
    pass(2, UP);
    var kubelet = (ObjectNode) node().deepCopy();
    kubelet.withObject("/status").putArray("conditions");
    kubelet.withObject("/metadata").remove("resourceVersion");
    server.put(kubelet);
    assertThat(condition()).isEmpty();
    pass(12, UP);
    assertThat(condition()).isEqualTo("True Forwards");
  }

  @Test
  void theTaintGoesOnceTheNodeIsReadyAndIsNotMissedInAFlap() throws Exception {
    pass(5, DOWN);
    assertThat(taints()).isEqualTo("[other, weft.io/not-ready]");
    pass(1, UP);
    assertThat(taints()).isEqualTo("[other]");
    pass(100, DOWN);
    assertThat(condition()).isEqualTo("False NoPeerUp");
    assertThat(taints()).as("it forwards on with what it has").isEqualTo("[other]");
  }

  @Test
  void anAgentThatIsRenewedWritesNothing() throws Exception {
    pass(2, UP);
    long before = writes();
    begin();
    pass(5, DOWN);
    pass(20, UP);
    assertThat(writes()).isEqualTo(before);
    assertThat(taints()).isEqualTo("[other]");
  }

  /** Nothing of Weft's is in the kernel then: pods that came now would reach nobody. */
  @Test
  void afterARebootTheTaintComesBackUntilTheNodeIsReady() throws Exception {
    pass(2, UP);
    reboot();
    pass(1, DOWN);
    assertThat(condition()).isEqualTo("False NoPeerUp");
    assertThat(taints()).isEqualTo("[other, weft.io/not-ready]");
    pass(12, UP);
    assertThat(condition()).isEqualTo("True Forwards");
    assertThat(taints()).isEqualTo("[other]");
  }

  @Test
  void whoNeverHadTheTaintDoesNotGetIt() throws Exception {
    var plain = (ObjectNode) node().deepCopy();
    plain.withObject("/metadata").remove("resourceVersion");
    plain.withObject("/spec").remove("taints");
    server.put(plain);
    pass(2, UP);
    reboot();
    pass(3, DOWN);
    assertThat(taints()).isEqualTo("[]");
  }

  @Test
  void withoutAVtepTheTaintComesBack() throws Exception {
    pass(2, UP);
    pass(5, NO_VTEP);
    assertThat(taints()).isEqualTo("[other]");
    pass(20, NO_VTEP);
    assertThat(taints()).isEqualTo("[other, weft.io/not-ready]");
    pass(15, UP);
    assertThat(taints()).isEqualTo("[other]");
  }

  @Test
  void whatIsRefusedToOneTenantIsSaidAndTheTaintGoes() throws Exception {
    pass(1, DOWN);
    pass(1, ONE_REFUSED);
    assertThat(taints()).isEqualTo("[other]");
    pass(12, ONE_REFUSED);
    assertThat(condition()).isEqualTo("False KernelRefusesTenant");
    begin(); // an agent that is renewed is without a VTEP at first
    pass(5, NO_VTEP);
    assertThat(taints()).isEqualTo("[other]");
    pass(10, NO_VTEP);
    assertThat(taints()).isEqualTo("[other, weft.io/not-ready]");
    pass(4, ONE_REFUSED);
    assertThat(taints()).isEqualTo("[other]");
    pass(12, UP);
    assertThat(condition()).isEqualTo("True Forwards");
  }

  /** The list of taints is one value: who changes it must have seen it. */
  @Test
  void aTaintThatSomebodyAddsMeanwhileStays() throws Exception {
    var old = Seen.of(node());
    client.merge(
        "/api/v1/nodes/n1",
        json(
            "{'spec':{'taints':[{'key':'third','effect':'NoExecute'},"
                + "{'key':'weft.io/not-ready','effect':'NoSchedule'}]}}"));
    readiness.look(UP, old, 0);
    assertThat(taints()).isEqualTo("[third, weft.io/not-ready]");
    pass(2, UP);
    assertThat(taints()).isEqualTo("[third]");
    assertThat(readiness.problems()).isEmpty();
  }

  @Test
  void aRefusalIsToldAndTriedAgain() throws Exception {
    server.fail(2);
    pass(1, UP);
    assertThat(readiness.problems()).hasSize(2).allMatch(line -> line.contains("500"));
    pass(12, UP);
    assertThat(readiness.problems()).isEmpty();
    assertThat(condition()).isEqualTo("True Forwards");
  }

  /** What a node knows by its copy alone is no version that could be changed. */
  @Test
  void withoutTheServerNothingIsWritten() throws Exception {
    var kept = (ObjectNode) node().deepCopy();
    kept.withObject("/metadata").remove("resourceVersion");
    readiness.look(DOWN, Seen.of(kept), 0);
    readiness.look(DOWN, Seen.NONE, 1);
    assertThat(server.calls()).noneMatch(call -> call.startsWith("PATCH"));
  }
}
