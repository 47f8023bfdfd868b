package io.weft.agent.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.cluster.ClusterNode.Seen;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.resource.Resource;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the NodeState of this node when it has changed: another condition after ten seconds at
 * most, other numbers after a minute, so that thousands of nodes do not load the server. And looks
 * as often after what {@link NodeReadiness} says on the Node.
 */
final class NodeStateWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeStateWriter.class);

  /** Until the node is ready; then as often as it may write. */
  private static final Duration FIRST_LOOKS = Duration.ofSeconds(1);

  private static final Duration BETWEEN_CONDITIONS = Duration.ofSeconds(10);
  private static final Duration BETWEEN_NUMBERS = Duration.ofSeconds(60);
  private static final ApiCollection STATES =
      ApiCollection.of("/apis/" + Resource.API_VERSION + "/nodestates");

  private final ApiClient client;
  private final String node;
  private final NodeReadiness readiness;
  private final Callable<ObjectNode> summary;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private volatile Optional<Seen> seen = Optional.empty();
  private volatile List<String> problems = List.of();

  // Of its thread alone.

  /** What the object says; missing: not known, or there is none. */
  private JsonNode written = MissingNode.getInstance();

  private boolean read;
  private Duration wait = FIRST_LOOKS;
  private Optional<String> failure = Optional.empty();

  // On the clock of System.nanoTime: whoever sets the other one keeps nothing from being written.
  private long nextConditions = System.nanoTime();
  private long nextNumbers = nextConditions;

  /**
   * Begins.
   *
   * @param mark as {@link NodeReadiness} has it
   */
  NodeStateWriter(ApiClient client, String node, Path mark, Callable<ObjectNode> summary) {
    this.client = client;
    this.node = node;
    this.readiness = new NodeReadiness(client, node, mark);
    this.summary = summary;
    this.thread = Thread.ofVirtual().name("node-state").start(this::run);
  }

  /** The object of the node is this now. */
  void see(Seen next) {
    seen = Optional.of(next);
  }

  /** What is wrong, a line each. */
  List<String> problems() {
    return problems;
  }

  private void run() {
    try {
      while (!closed.await(wait.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          look();
        } catch (RuntimeException e) {
          defect(e);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws InterruptedException {
    ObjectNode now;
    try {
      now = summary.call();
    } catch (InterruptedException e) {
      throw e;
    } catch (CallRefused e) {
      LOG.debug("the node says nothing of itself: {}", e.getMessage());
      return;
    } catch (Exception e) {
      defect(e);
      return;
    }
    var ready = NodeState.Readiness.of(now);
    readiness.look(ready, seen.orElse(Seen.NONE), System.nanoTime());
    try {
      write(now);
    } catch (ApiFailure e) {
      nextConditions = System.nanoTime() + BETWEEN_CONDITIONS.toNanos();
      nextNumbers = nextConditions;
      read = false;
      failure = Optional.of("Kubernetes API: NodeState: " + e.getMessage());
    }
    wait = ready.ready() ? BETWEEN_CONDITIONS : FIRST_LOOKS;
    problems = Stream.concat(readiness.problems().stream(), failure.stream()).toList();
  }

  /** It goes on: what led there may be another by the next look. */
  private void defect(Exception e) {
    var now = List.of("NodeState: it is not written; this is a defect of Weft: " + e);
    if (!problems.equals(now)) {
      LOG.error("the NodeState is not written; this is a defect of Weft", e);
    }
    problems = now;
  }

  // ---- the object ---------------------------------------------------------------------------

  private void write(ObjectNode now) throws ApiFailure, InterruptedException {
    var time = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    long nanos = System.nanoTime();
    if (seen.isEmpty() || nanos - nextConditions < 0) {
      return; // whose it is, is not known yet
    }
    if (!read) {
      written = existing();
      read = true;
    }
    var next = NodeState.of(now, written, time);
    if (NodeState.isSame(next, written)
        || !NodeState.isUrgent(next, written) && nanos - nextNumbers < 0) {
      return;
    }
    put(next);
    failure = Optional.empty();
    written = next;
    nextConditions = nanos + BETWEEN_CONDITIONS.toNanos();
    nextNumbers = nanos + BETWEEN_NUMBERS.toNanos();
  }

  private JsonNode existing() throws ApiFailure, InterruptedException {
    try {
      return client.get(STATES.item(node)).path("status");
    } catch (ApiFailure e) {
      if (e.isNotFound()) {
        return MissingNode.getInstance();
      }
      throw e;
    }
  }

  private void put(ObjectNode status) throws ApiFailure, InterruptedException {
    var patch = JsonNodeFactory.instance.objectNode();
    patch.set("status", status);
    try {
      client.merge(STATES.item(node) + "/status", patch);
    } catch (ApiFailure e) {
      if (!e.isNotFound()) {
        throw e;
      }
      client.create(STATES.path(), fresh());
      client.merge(STATES.item(node) + "/status", patch);
    }
  }

  /** It goes with its Node: the cluster's garbage collector sees to that. */
  private ObjectNode fresh() {
    var object =
        JsonNodeFactory.instance
            .objectNode()
            .put("apiVersion", Resource.API_VERSION)
            .put("kind", "NodeState");
    var metadata = object.putObject("metadata").put("name", node);
    seen.filter(each -> !each.uid().isEmpty())
        .ifPresent(
            owner ->
                metadata
                    .putArray("ownerReferences")
                    .addObject()
                    .put("apiVersion", "v1")
                    .put("kind", "Node")
                    .put("name", node)
                    .put("uid", owner.uid()));
    return object;
  }

  /** Ends; the object stays as it is. */
  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
    try {
      thread.join(Duration.ofSeconds(2));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
