package io.weft.agent.cluster;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
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
 * what goes on is said again after that, and once that it is over. What cannot be written yet waits
 * for an hour, which is as long as Kubernetes keeps Events, and of more than {@value #MOST_WAITING}
 * the rest is not told.
 */
public final class PodEvents implements AutoCloseable {
  static final int QUIET_MINUTES = 5;
  static final int MOST_IN_MINUTE = 20;
  static final int MOST_WAITING = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(PodEvents.class);
  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
  private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(QUIET_MINUTES);
  private static final long KEPT_NANOS = TimeUnit.HOURS.toNanos(1);
  private static final String COMPONENT = "weft-node";

  /** Of a name (RFC 1123 subdomain, as Kubernetes has it), less a dot and 16 hexadecimal digits. */
  private static final int LONGEST_NAME = 253 - 17;

  /**
   * Something that whoever runs the pod should know.
   *
   * @param reason one word, as Kubernetes has them
   * @param recovered it is over
   */
  public record News(PodName pod, String reason, String message, boolean recovered) {
    private static final String OVER = "Resolved";

    /** Of something that is wrong. */
    public News(PodName pod, String reason, String message) {
      this(pod, reason, message, false);
    }

    /** That it is wrong no more; it is told where it was told that it is. */
    public static News recovered(PodName pod, String reason, String message) {
      return new News(pod, reason, message, true);
    }

    private String word() {
      return recovered ? reason + OVER : reason;
    }

    private String key() {
      return key(word());
    }

    private String wrong() {
      return key(reason);
    }

    private String over() {
      return key(reason + OVER);
    }

    private String key(String word) {
      return pod + "\n" + pod.uid().orElse("") + "\n" + word;
    }
  }

  /**
   * Not written yet.
   *
   * @param since the last news of it
   */
  private record Waiting(News news, long since) {}

  private final ApiClient client;
  private final String node;
  private final Duration betweenLooks;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private volatile Optional<String> problem = Optional.empty();

  // Of its thread alone, on the clock of System.nanoTime.
  private final TreeMap<String, Long> said = new TreeMap<>();
  private final LinkedHashMap<String, Waiting> waiting = new LinkedHashMap<>();
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
    all.stream().filter(News::recovered).forEach(each -> over(each, now));
    said.values().removeIf(when -> now - when >= QUIET_NANOS);
    if (now - minuteBegan >= TimeUnit.MINUTES.toNanos(1)) {
      minuteBegan = now;
      inMinute = 0;
    }
    waiting.values().removeIf(each -> now - each.since() >= KEPT_NANOS);
    for (var each : all) {
      if (!each.recovered()) {
        put(each, now);
      }
    }
    boolean isWell = true;
    while (isWell && inMinute < MOST_IN_MINUTE && !waiting.isEmpty()) {
      var next = waiting.pollFirstEntry();
      isWell = write(next.getValue().news());
      if (isWell) {
        inMinute++;
        said.put(next.getKey(), now);
        if (!next.getValue().news().recovered()) {
          said.remove(next.getValue().news().over());
        }
      } else {
        waiting.putLast(next.getKey(), next.getValue()); // one that is refused lets others pass
        var over = waiting.remove(next.getValue().news().over());
        if (over != null) {
          waiting.putLast(over.news().key(), over);
        }
      }
    }
    if (waiting.isEmpty()) {
      problem = Optional.empty();
    }
  }

  /** Of what was told, or is about to be. */
  private void over(News news, long now) {
    if (said.containsKey(news.wrong()) || waiting.containsKey(news.wrong())) {
      put(news, now);
    }
  }

  private void put(News news, long now) {
    if (news.pod().name().isPresent()
        && !said.containsKey(news.key())
        && (waiting.size() < MOST_WAITING || waiting.containsKey(news.key()))) {
      waiting.put(news.key(), new Waiting(news, now));
    }
  }

  /** Whether there is nothing left to do about it. */
  private boolean write(News news) throws InterruptedException {
    try {
      client.create(
          "/api/v1/namespaces/" + news.pod().namespace() + "/events", event(news, Instant.now()));
      problem = Optional.empty();
      return true;
    } catch (ApiFailure e) {
      if (e.isNotFound()) {
        return true; // the namespace has gone, and the pod with it
      }
      problem = Optional.of("Kubernetes API: Events of pods: " + e.getMessage());
      return false;
    }
  }

  /** Of the pod and the time; what is cut off ends with no dot or hyphen before the dot. */
  private static String eventName(String pod, Instant now) {
    var begin = pod.substring(0, Math.min(pod.length(), LONGEST_NAME)).replaceFirst("[-.]+$", "");
    return begin + "." + Long.toHexString(now.getEpochSecond() * 1_000_000_000 + now.getNano());
  }

  private ObjectNode event(News news, Instant now) {
    var pod = news.pod();
    var name = pod.name().orElseThrow();
    var object = JsonNodeFactory.instance.objectNode().put("apiVersion", "v1").put("kind", "Event");
    var time = now.truncatedTo(ChronoUnit.SECONDS).toString();
    object
        .putObject("metadata")
        .put("name", eventName(name, now))
        .put("namespace", pod.namespace());
    var about = object.putObject("involvedObject").put("apiVersion", "v1").put("kind", "Pod");
    about.put("namespace", pod.namespace()).put("name", name);
    pod.uid().ifPresent(uid -> about.put("uid", uid));
    object
        .put("type", news.recovered() ? "Normal" : "Warning")
        .put("reason", news.word())
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
