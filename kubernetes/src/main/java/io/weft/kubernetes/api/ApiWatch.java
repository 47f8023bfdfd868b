package io.weft.kubernetes.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Keeps up with a collection for as long as it is open: lists it, watches it, resumes where it was
 * when a connection ends, and lists again when the server no longer knows where that was (410
 * Gone). While the server is away nothing is forgotten, and it is tried again after 0.1 s, then
 * ever longer, 30 s at most, each wait shortened by chance so that thousands of nodes do not come
 * back at once; a server that says when (429 with Retry-After) is not asked earlier. Nor do they
 * list at once when the server forgets where all of them were: each waits for a while by chance, 10
 * s at most, as long as what it has may be old.
 *
 * @param <T> what is kept of an object
 */
public final class ApiWatch<T> implements AutoCloseable {
  private static final Duration FIRST_WAIT = Duration.ofMillis(100);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  /** The server ends a watch after this and a half at most; it is then resumed. */
  private static final int SHORTEST_WATCH_SECONDS = 240;

  /** A watch that the server should have ended so long ago is cut: the connection is dead. */
  private static final int OVERDUE_SECONDS = 15;

  /** Takes what happens, all on one thread. */
  public interface Sink<T> {
    /** All objects that there are, by namespace and name; what is not among them has gone. */
    void listed(SortedMap<String, T> objects);

    /** An object is new or another than before. */
    void changed(String key, T object);

    void removed(String key);

    /**
     * What was told may be old from now on, for this reason; or, empty, is no longer. Told when
     * that changes, and each time that a try fails.
     */
    void troubled(Optional<ApiFailure> why);
  }

  private final ApiClient client;
  private final ApiCollection collection;
  private final Function<JsonNode, T> keep;
  private final Sink<T> sink;
  private final ScheduledExecutorService timer;
  private final Optional<KeptCollection> kept;
  private final Thread thread;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Optional<ApiStream> stream = Optional.empty();

  // Of its thread alone.

  /** The version to go on from; empty: all must be listed. */
  private String from = "";

  private Duration wait = FIRST_WAIT;
  private boolean isTroubled;

  /** Something was told of all objects, by the server or by a copy. */
  private boolean told;

  private ApiWatch(
      ApiClient client,
      ApiCollection collection,
      Function<JsonNode, T> keep,
      Sink<T> sink,
      ScheduledExecutorService timer,
      Optional<KeptCollection> kept) {
    this.client = client;
    this.collection = collection;
    this.keep = keep;
    this.sink = sink;
    this.timer = timer;
    this.kept = kept;
    this.thread = Thread.ofVirtual().name("watch " + collection.path()).unstarted(this::run);
  }

  /**
   * Begins.
   *
   * @param keep makes of an object what is to be kept of it; never throws
   * @param timer cuts a connection that is dead
   */
  public static <T> ApiWatch<T> start(
      ApiClient client,
      ApiCollection collection,
      Function<JsonNode, T> keep,
      Sink<T> sink,
      ScheduledExecutorService timer) {
    return start(client, collection, keep, sink, timer, Optional.empty());
  }

  /**
   * Begins, with a copy of the collection that is told in its place when the server does not answer
   * at first.
   *
   * @param keep as above
   * @param timer as above
   */
  public static <T> ApiWatch<T> start(
      ApiClient client,
      ApiCollection collection,
      Function<JsonNode, T> keep,
      Sink<T> sink,
      ScheduledExecutorService timer,
      Optional<KeptCollection> kept) {
    var watch = new ApiWatch<>(client, collection, keep, sink, timer, kept);
    watch.thread.start();
    return watch;
  }

  /** {@code NAMESPACE/NAME}, or {@code NAME} of a cluster-wide object. */
  public static String key(JsonNode object) {
    var metadata = object.path("metadata");
    var namespace = metadata.path("namespace").asText("");
    return (namespace.isEmpty() ? "" : namespace + "/") + metadata.path("name").asText();
  }

  private void run() {
    try {
      while (closed.getCount() > 0) {
        attempt();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void attempt() throws InterruptedException {
    try {
      if (from.isEmpty()) {
        list();
      } else if (!follow()) {
        pauseByChance(
            FIRST_WAIT.dividedBy(2),
            FIRST_WAIT); // a server that ends each watch at once is not asked without end
      }
    } catch (ApiFailure failure) {
      if (closed.getCount() == 0) {
        return;
      }
      if (failure.isGone()) {
        from = "";
        pauseByChance(Duration.ZERO, client.spread());
        return;
      }
      isTroubled = true;
      tellKept(failure);
      sink.troubled(Optional.of(failure));
      if (failure.retryAfter().isPresent()) { // so long at least, and not all at the same moment
        pauseByChance(failure.retryAfter().get(), failure.retryAfter().get().multipliedBy(2));
      } else {
        pauseByChance(wait.dividedBy(2), wait);
      }
      var doubled = wait.multipliedBy(2);
      wait = doubled.compareTo(LONGEST_WAIT) < 0 ? doubled : LONGEST_WAIT;
    }
  }

  private void list() throws ApiFailure, InterruptedException {
    var objects = new TreeMap<String, T>();
    var copies = new TreeMap<String, byte[]>();
    from =
        client.list(
            collection,
            object -> {
              objects.put(key(object), keep.apply(object));
              kept.flatMap(copy -> copy.octets(object))
                  .ifPresent(octets -> copies.put(key(object), octets));
            });
    told = true;
    kept.ifPresent(copy -> copy.listed(copies)); // it is in use no more
    sink.listed(objects);
    recovered();
  }

  /** A server that refuses is not away: what it has to say is not in the copy. */
  private void tellKept(ApiFailure failure) {
    if (told || !failure.isAway()) {
      return;
    }
    kept.flatMap(KeptCollection::read)
        .ifPresent(
            copy -> {
              var objects = new TreeMap<String, T>();
              copy.forEach(object -> objects.put(key(object), keep.apply(object)));
              told = true;
              sink.listed(objects);
            });
  }

  /** Watches until the server ends it; false when nothing came. */
  private boolean follow() throws ApiFailure, InterruptedException {
    int seconds =
        ThreadLocalRandom.current().nextInt(SHORTEST_WATCH_SECONDS, SHORTEST_WATCH_SECONDS * 3 / 2);
    try (var events = client.watch(collection, from, Duration.ofSeconds(seconds))) {
      stream = Optional.of(events);
      var overdue =
          timer.schedule(events::close, seconds + (long) OVERDUE_SECONDS, TimeUnit.SECONDS);
      try {
        recovered();
        kept.ifPresent(KeptCollection::confirmed);
        boolean came = false;
        for (var event = events.next(); event.isPresent(); event = events.next()) {
          take(event.get());
          kept.ifPresent(KeptCollection::confirmed);
          wait = FIRST_WAIT;
          came = true;
        }
        return came;
      } finally {
        overdue.cancel(false);
        stream = Optional.empty();
      }
    }
  }

  private void recovered() {
    if (isTroubled) {
      isTroubled = false;
      sink.troubled(Optional.empty());
    }
  }

  private void take(JsonNode event) {
    var object = event.path("object");
    switch (event.path("type").asText()) {
      case "ADDED", "MODIFIED" -> {
        sink.changed(key(object), keep.apply(object));
        kept.ifPresent(copy -> copy.changed(key(object), copy.octets(object)));
      }
      case "DELETED" -> {
        sink.removed(key(object));
        kept.ifPresent(copy -> copy.removed(key(object)));
      }
      default -> {} // BOOKMARK says the version only; others are not known to anybody yet
    }
    var version = object.path("metadata").path("resourceVersion").asText("");
    if (!version.isEmpty()) {
      from = version;
    }
  }

  private void pauseByChance(Duration least, Duration most) throws InterruptedException {
    long millis = ThreadLocalRandom.current().nextLong(least.toMillis(), most.toMillis() + 1);
    boolean _ = closed.await(millis, TimeUnit.MILLISECONDS);
  }

  /** Ends; no call of the sink begins after it has returned, unless one hangs for 2 s. */
  @Override
  public void close() {
    closed.countDown();
    stream.ifPresent(ApiStream::close);
    thread.interrupt();
    try {
      if (!Thread.currentThread().equals(thread)) {
        thread.join(Duration.ofSeconds(2));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
