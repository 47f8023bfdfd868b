package io.weft.agent.cluster;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes Events of pods of this node: what {@code kubectl describe pod} shows. Of a pod and a
 * reason one in {@value #QUIET_MINUTES} minutes, of all pods {@value #MOST_IN_MINUTE} a minute;
 * what goes on is said again after that.
 */
public final class PodEvents implements AutoCloseable {
  static final int QUIET_MINUTES = 5;
  static final int MOST_IN_MINUTE = 20;

  private static final Logger LOG = LoggerFactory.getLogger(PodEvents.class);
  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
  private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(QUIET_MINUTES);
  private static final String COMPONENT = "weft-node";

  /**
   * Something that whoever runs the pod should know.
   *
   * @param reason one word, as Kubernetes has them
   */
  public record News(PodName pod, String reason, String message) {
    private String key() {
      return pod + "\n" + pod.uid().orElse("") + "\n" + reason;
    }
  }

  private final ApiClient client;
  private final String node;
  private final Duration betweenLooks;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private volatile Optional<String> problem = Optional.empty();

  // Of its thread alone, on the clock of System.nanoTime.
  private final TreeMap<String, Long> said = new TreeMap<>();
  private long minuteBegan = System.nanoTime();
  private int inMinute;

  /**
   * Begins.
   *
   * @param news what has happened since the last look; called by one thread
   */
  PodEvents(ApiClient client, String node, Supplier<List<News>> news) {
    this(client, node, news, BETWEEN_LOOKS);
  }

  PodEvents(ApiClient client, String node, Supplier<List<News>> news, Duration betweenLooks) {
    this.betweenLooks = betweenLooks;
    this.client = client;
    this.node = node;
    this.thread = Thread.ofVirtual().name("pod-events").start(() -> run(news));
  }

  /** Why they are not written; empty while they are. */
  List<String> problems() {
    return problem.stream().toList();
  }

  private void run(Supplier<List<News>> news) {
    try {
      while (!closed.await(betweenLooks.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          tell(news.get(), System.nanoTime());
        } catch (RuntimeException e) {
          LOG.error("Events of pods are not written; this is a defect of Weft", e);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell(List<News> all, long now) throws InterruptedException {
    said.values().removeIf(when -> now - when >= QUIET_NANOS);
    if (now - minuteBegan >= TimeUnit.MINUTES.toNanos(1)) {
      minuteBegan = now;
      inMinute = 0;
    }
    for (var each : all) {
      if (inMinute >= MOST_IN_MINUTE) {
        return;
      }
      if (each.pod().name().isPresent() && !said.containsKey(each.key())) {
        inMinute++;
        write(each, now);
      }
    }
  }

  private void write(News news, long now) throws InterruptedException {
    try {
      client.create(
          "/api/v1/namespaces/" + news.pod().namespace() + "/events", event(news, Instant.now()));
      problem = Optional.empty();
      said.put(news.key(), now);
    } catch (ApiFailure e) {
      if (e.isNotFound()) {
        said.put(news.key(), now); // the namespace has gone, and the pod with it
      } else {
        problem = Optional.of("Kubernetes API: Events of pods: " + e.getMessage());
      }
    }
  }

  private ObjectNode event(News news, Instant now) {
    var pod = news.pod();
    var name = pod.name().orElseThrow();
    var object = JsonNodeFactory.instance.objectNode().put("apiVersion", "v1").put("kind", "Event");
    var time = now.truncatedTo(ChronoUnit.SECONDS).toString();
    object
        .putObject("metadata")
        .put(
            "name",
            name + "." + Long.toHexString(now.getEpochSecond() * 1_000_000_000 + now.getNano()))
        .put("namespace", pod.namespace());
    var about = object.putObject("involvedObject").put("apiVersion", "v1").put("kind", "Pod");
    about.put("namespace", pod.namespace()).put("name", name);
    pod.uid().ifPresent(uid -> about.put("uid", uid));
    object
        .put("type", "Warning")
        .put("reason", news.reason())
        .put("message", news.message())
        .put("firstTimestamp", time)
        .put("lastTimestamp", time)
        .put("count", 1)
        .put("reportingComponent", COMPONENT)
        .put("reportingInstance", node);
    object.putObject("source").put("component", COMPONENT).put("host", node);
    return object;
  }

  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
  }
}
