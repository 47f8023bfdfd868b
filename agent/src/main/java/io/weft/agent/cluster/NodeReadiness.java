package io.weft.agent.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.agent.cluster.ClusterNode.Seen;
import io.weft.agent.cluster.NodeState.Readiness;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says on the Node itself whether its pods have their network: by a condition, and by a taint where
 * the cluster makes its nodes with it. When the taint comes back: decisions/0034. Of one thread.
 */
final class NodeReadiness {
  static final String CONDITION = "weft.io/NetworkReady";
  static final String TAINT = "weft.io/not-ready";

  /** Annotation: the taint was there once, and was taken away. Only then may it come back. */
  static final String TAKEN = "weft.io/not-ready-taken";

  private static final Logger LOG = LoggerFactory.getLogger(NodeReadiness.class);
  private static final ApiCollection NODES = ApiCollection.of("/api/v1/nodes");
  private static final Duration BETWEEN = Duration.ofSeconds(10);

  private final ApiClient client;
  private final String node;
  private final Path mark;
  private final SteadyReadiness steady = new SteadyReadiness();
  private final Call condition = new Call("the condition " + CONDITION + " is not written");
  private final Call taint = new Call("the taint " + TAINT + " stays as it is");

  /** Nobody has seen this node take pods since the machine was started. */
  private boolean fresh;

  private boolean knowsBefore;

  // When the condition was written last: another reason alone can wait.
  private boolean saidOnce;
  private long saidAt;

  /**
   * Calls nobody yet.
   *
   * @param mark a file that goes when the machine is started again; it is made once the node is
   *     ready
   */
  NodeReadiness(ApiClient client, String node, Path mark) {
    this.client = client;
    this.node = node;
    this.mark = mark;
    this.fresh = !Files.exists(mark);
  }

  /** One kind of call: not again for the same version of the object, nor too soon. */
  private static final class Call {
    private final String words;
    private Optional<String> failure = Optional.empty();
    private boolean pauses;
    private long until;
    private String version = "";

    Call(String words) {
      this.words = words;
    }

    boolean may(Seen own, long nanos) {
      pauses &= until - nanos > 0;
      return !own.resourceVersion().isEmpty() && !own.resourceVersion().equals(version) && !pauses;
    }

    /** True when it was done. */
    boolean make(Seen own, long nanos, Patch patch) throws InterruptedException {
      try {
        patch.send();
        failure = Optional.empty();
        version = own.resourceVersion();
        return true;
      } catch (ApiFailure e) {
        if (e.isConflict()) {
          version = own.resourceVersion(); // somebody was faster: with what the watch says next
          return false;
        }
        failure = Optional.of("Kubernetes API: Node: " + words + ": " + e.getMessage());
        pauses = true;
        until = nanos + BETWEEN.toNanos();
        return false;
      }
    }
  }

  private interface Patch {
    void send() throws ApiFailure, InterruptedException;
  }

  /**
   * Writes what has changed.
   *
   * @param nanos the time, of {@link System#nanoTime}
   */
  void look(Readiness now, Seen own, long nanos) throws InterruptedException {
    if (!knowsBefore && !own.resourceVersion().isEmpty()) {
      knowsBefore = true;
      own.condition()
          .map(NodeReadiness::readiness)
          .filter(before -> !fresh && before.takesPods())
          .ifPresent(steady::assume);
    }
    var said = steady.see(now, nanos);
    if (said.takesPods() && fresh) {
      leaveMark();
    }
    taint(said, own, nanos); // first, for it is of the version that was seen
    tell(said, own, nanos);
  }

  private static Readiness readiness(JsonNode condition) {
    boolean ready = text(condition, "status").equals("True");
    return new Readiness(ready, text(condition, "reason"), "");
  }

  private static String text(JsonNode object, String field) {
    return object.path(field).asText();
  }

  private void leaveMark() {
    fresh = false;
    try {
      Files.createFile(mark);
    } catch (FileAlreadyExistsException _) {
      // by an agent before
    } catch (IOException e) {
      LOG.warn("{} cannot be made: {}; an agent that starts takes this for a reboot", mark, e);
    }
  }

  // ---- the condition ------------------------------------------------------------------------

  private void tell(Readiness said, Seen own, long nanos) throws InterruptedException {
    var status = said.ready() ? "True" : "False";
    var before = own.condition().orElse(JsonNodeFactory.instance.objectNode());
    boolean isSame = text(before, "status").equals(status);
    if (isSame && text(before, "reason").equals(said.reason())) {
      condition.failure = Optional.empty();
      return;
    }
    boolean soon = saidOnce && nanos - saidAt < BETWEEN.toNanos();
    if (isSame && soon || !condition.may(own, nanos)) {
      return;
    }
    var time = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    var patch = JsonNodeFactory.instance.objectNode();
    patch
        .putObject("status")
        .putArray("conditions")
        .addObject()
        .put("type", CONDITION)
        .put("status", status)
        .put("reason", said.reason())
        .put("message", NodeState.cut(said.message()))
        .put("lastHeartbeatTime", time)
        .put("lastTransitionTime", isSame ? text(before, "lastTransitionTime") : time);
    if (condition.make(own, nanos, () -> client.mergeByKey(NODES.item(node) + "/status", patch))) {
      saidOnce = true;
      saidAt = nanos;
    }
  }

  // ---- the taint ----------------------------------------------------------------------------

  private void taint(Readiness said, Seen own, long nanos) throws InterruptedException {
    boolean has = own.taints().stream().anyMatch(NodeReadiness::isOurs);
    boolean keepsOff = List.of(Readiness.NO_VTEP, Readiness.DRAINED).contains(said.reason());
    boolean comesBack = own.taintTaken() && (fresh || keepsOff);
    if (has == !said.takesPods() || !has && !comesBack) {
      taint.failure = Optional.empty();
      return;
    }
    if (!taint.may(own, nanos)) {
      return;
    }
    var patch = JsonNodeFactory.instance.objectNode();
    var metadata = patch.putObject("metadata").put("resourceVersion", own.resourceVersion());
    var taints = patch.putObject("spec").putArray("taints");
    own.taints().stream().filter(each -> !isOurs(each)).forEach(taints::add);
    if (has) {
      metadata.putObject("annotations").put(TAKEN, "true");
    } else {
      taints.addObject().put("key", TAINT).put("effect", "NoSchedule");
    }
    if (taint.make(own, nanos, () -> client.merge(NODES.item(node), patch))) {
      LOG.info("node {}: {}: its taint {} {}", node, said.reason(), TAINT, has ? "goes" : "comes");
    }
  }

  private static boolean isOurs(JsonNode taint) {
    return text(taint, "key").equals(TAINT);
  }

  /** What is wrong, a line each. */
  List<String> problems() {
    return Stream.of(condition.failure, taint.failure).flatMap(Optional::stream).toList();
  }

  /** What of a Node is looked at: our condition. */
  static Optional<JsonNode> condition(JsonNode object) {
    for (var each : object.at("/status/conditions")) {
      if (text(each, "type").equals(CONDITION)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** Whether the cluster makes its nodes with the taint. */
  static boolean isTaken(JsonNode object) {
    return object.path("metadata").path("annotations").has(TAKEN);
  }
}
