package io.weft.kubernetes.intent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.api.ApiWatch;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problem;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The Kubernetes API as the source of intent, with the promises that {@link IntentDirectory} makes:
 * a bad object stands in its last good version and never hurts another. While the server is away,
 * what was read stays in force and the reading says since what answer.
 *
 * <p>Limit: 10,000 resources; those beyond, in the order of their kinds and names, are reported and
 * not used.
 */
public final class IntentApi implements IntentSource {
  /** Changes often come several at a time: a moment of quiet, but not for ever. */
  private static final Duration QUIET = Duration.ofMillis(50);

  private static final int MOST_QUIET_WAITS = 20;
  private static final Duration CLOSING = Duration.ofSeconds(2);

  private final ApiClient client;
  private final Optional<KeptObjects> kept;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("weft-api-timer").factory());
  private final List<ApiWatch<ApiItem>> watches = new ArrayList<>();

  // Guarded by this.
  private final Map<Kind, SortedMap<String, ApiItem>> objects = new EnumMap<>(Kind.class);
  private final Map<Kind, ApiFailure> troubles = new EnumMap<>(Kind.class);
  private final ApiIntent intent = new ApiIntent();
  private List<Problem> away = List.of();
  private long changes;
  private long merged;
  private boolean closed;
  private Optional<Thread> watching = Optional.empty();

  private IntentApi(ApiClient client, Optional<KeptObjects> kept) {
    this.client = client;
    this.kept = kept;
  }

  /**
   * Lists all kinds and watches them; the client is closed with it. A kind that the server does not
   * know is a problem of the {@link #reading}.
   *
   * @param patience how long it is waited for the server, or for a copy
   * @param kept what is gone on with while the server is away from the start
   * @throws IOException when not all has been listed by then, with the last answer
   */
  public static IntentApi open(ApiClient client, Duration patience, Optional<KeptObjects> kept)
      throws IOException, InterruptedException {
    var source = new IntentApi(client, kept);
    try {
      source.begin(patience);
      return source;
    } catch (IOException | InterruptedException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private void begin(Duration patience) throws IOException, InterruptedException {
    for (var kind : Kind.values()) {
      watches.add(
          ApiWatch.start(
              client,
              collection(kind),
              object -> ApiItem.of(kind, object),
              new Collected(kind),
              timer,
              kept.map(
                  each -> each.collection(collection(kind), IntentApi::withoutManager, timer))));
    }
    synchronized (this) {
      long end = System.nanoTime() + patience.toNanos();
      while (!isComplete()) {
        long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (millis <= 0) {
          throw new IOException(
              "the Kubernetes API does not answer; it was waited for "
                  + patience.toSeconds()
                  + " s: "
                  + troubles.values().stream()
                      .map(Throwable::getMessage)
                      .findFirst()
                      .orElse(client.server().toString()));
        }
        wait(millis);
      }
      mergeAll();
    }
  }

  /** Who wrote which field is of no use here, and is the larger part of many an object. */
  private static Optional<JsonNode> withoutManager(JsonNode object) {
    var copy = object.<ObjectNode>deepCopy();
    copy.withObject("/metadata").remove("managedFields");
    return Optional.of(copy);
  }

  /** All objects of a kind. */
  public static ApiCollection collection(Kind kind) {
    return ApiCollection.of("/apis/" + Resource.API_VERSION + "/" + plural(kind));
  }

  /** {@code networks}. */
  static String plural(Kind kind) {
    return kind.label().toLowerCase(Locale.ROOT) + "s";
  }

  /** Each kind has been listed, or the server does not know it, or does not show it. */
  private boolean isComplete() {
    for (var kind : Kind.values()) {
      var trouble = troubles.get(kind);
      if (!objects.containsKey(kind) && (trouble == null || !isMissing(kind, trouble))) {
        return false;
      }
    }
    return true;
  }

  /** Without Endpoints all else is as it is: whose rights are older than the kind can start. */
  private static boolean isMissing(Kind kind, ApiFailure trouble) {
    return trouble.isNotFound() || kind == Kind.ENDPOINT && trouble.isForbidden();
  }

  /** What the watch of a kind says, on its thread. */
  private final class Collected implements ApiWatch.Sink<ApiItem> {
    private final Kind kind;

    Collected(Kind kind) {
      this.kind = kind;
    }

    @Override
    public void listed(SortedMap<String, ApiItem> all) {
      change(() -> objects.put(kind, new TreeMap<>(all)));
    }

    @Override
    public void changed(String key, ApiItem object) {
      change(() -> objects.computeIfAbsent(kind, _ -> new TreeMap<>()).put(key, object));
    }

    @Override
    public void removed(String key) {
      change(() -> objects.computeIfAbsent(kind, _ -> new TreeMap<>()).remove(key));
    }

    @Override
    public void troubled(Optional<ApiFailure> why) {
      change(
          () ->
              why.ifPresentOrElse(
                  failure -> troubles.put(kind, failure), () -> troubles.remove(kind)));
    }
  }

  private synchronized void change(Runnable change) {
    change.run();
    changes++;
    notifyAll();
  }

  @Override
  public synchronized IntentReading reading() {
    var problems = new ArrayList<>(intent.reading().problems());
    problems.addAll(away);
    return new IntentReading(intent.reading().intent(), problems, intent.reading().absent());
  }

  private void mergeAll() {
    var items = new ArrayList<ApiItem>();
    objects.values().forEach(each -> items.addAll(each.values()));
    var _ = intent.next(items);
    merged = changes;
    away =
        troubles.entrySet().stream().map(each -> problem(each.getKey(), each.getValue())).toList();
  }

  private static Problem problem(Kind kind, ApiFailure why) {
    return new Problem(
        Place.of("Kubernetes API"),
        kind.label(),
        why.isNotFound()
            ? "the server does not know this kind: kubectl apply -f deploy/crds"
            : "what was read before stays in force: " + why.getMessage());
  }

  @Override
  public synchronized void watch(Consumer<IntentReading> consumer) {
    if (closed || watching.isPresent()) {
      throw new IllegalStateException(
          client.server() + (closed ? " is closed" : " is watched already"));
    }
    var thread = Thread.ofPlatform().daemon().name("weft-intent").unstarted(() -> run(consumer));
    watching = Optional.of(thread);
    thread.start();
  }

  private void run(Consumer<IntentReading> consumer) {
    try {
      for (var changed = next(); changed.isPresent(); changed = next()) {
        if (changed.get().differs()) {
          deliver(changed.get().reading(), consumer);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private record Next(IntentReading reading, boolean differs) {}

  /** Waits for changes and merges them; empty when it was closed. */
  private synchronized Optional<Next> next() throws InterruptedException {
    while (merged == changes && !closed) {
      wait();
    }
    long seen = merged;
    for (int i = 0; i < MOST_QUIET_WAITS && seen != changes && !closed; i++) {
      seen = changes;
      TimeUnit.MILLISECONDS.timedWait(this, QUIET.toMillis());
    }
    if (closed) {
      return Optional.empty();
    }
    var before = reading();
    mergeAll();
    var now = reading();
    return Optional.of(new Next(now, !now.equals(before)));
  }

  private static void deliver(IntentReading reading, Consumer<IntentReading> consumer) {
    try {
      consumer.accept(reading);
    } catch (RuntimeException e) {
      var thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  @Override
  public void close() {
    Optional<Thread> ending;
    synchronized (this) {
      closed = true;
      ending = watching;
      notifyAll();
    }
    client.close();
    watches.forEach(ApiWatch::close);
    timer.shutdownNow();
    try {
      if (ending.isPresent() && !ending.get().equals(Thread.currentThread())) {
        ending.get().join(CLOSING);
      }
      // Whoever opens the copy next must not meet one that is being written.
      var _ = timer.awaitTermination(CLOSING.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
