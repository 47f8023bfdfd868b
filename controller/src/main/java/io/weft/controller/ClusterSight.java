package io.weft.controller;

import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.api.ApiWatch;
import io.weft.kubernetes.intent.IntentApi;
import io.weft.kubernetes.resource.Kind;
import io.weft.overlay.cluster.ControllerEvent;
import io.weft.overlay.cluster.ControllerEvent.ClusterSeen;
import io.weft.overlay.cluster.ControllerEvent.SightChanged;
import io.weft.overlay.cluster.VniClaim;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches all kinds and the claims, and tells what there is, as a whole, some moments after a
 * change. Nothing is told before all has been listed; while one of the watches has no server, the
 * sight is said to be old.
 */
final class ClusterSight implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterSight.class);

  /** Changes often come several at a time: a moment of quiet, but not for ever. */
  private static final Duration QUIET = Duration.ofMillis(20);

  private static final int MOST_QUIET_WAITS = 10;
  private static final Duration CLOSING = Duration.ofSeconds(2);

  private final Consumer<ControllerEvent> events;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("weft-api-timer").factory());
  private final List<ApiWatch<?>> watches = new ArrayList<>();
  private final Thread thread = Thread.ofPlatform().daemon().name("sight").unstarted(this::run);

  // Of the thread alone.
  private final ClusterReading reading = new ClusterReading();

  // Guarded by this.
  private final List<Watched<ClusterReading.Seen>> kinds = new ArrayList<>();
  private final Watched<Optional<VniClaim>> claims;
  private long changes;
  private boolean closed;

  private ClusterSight(ApiClient client, Consumer<ControllerEvent> events) {
    this.events = events;
    for (var kind : Kind.values()) {
      var watched = new Watched<ClusterReading.Seen>(kind.label());
      kinds.add(watched);
      watches.add(
          ApiWatch.start(
              client,
              IntentApi.collection(kind),
              object -> ClusterReading.Seen.of(kind, object),
              watched,
              timer));
    }
    claims = new Watched<>("VniClaim");
    watches.add(claims(client));
  }

  private ApiWatch<?> claims(ApiClient client) {
    ApiCollection collection = ClusterJson.CLAIMS;
    return ApiWatch.start(client, collection, ClusterJson::claim, claims, timer);
  }

  /** Begins to watch; {@code events} is called on a thread of its own. */
  static ClusterSight open(ApiClient client, Consumer<ControllerEvent> events) {
    var sight = new ClusterSight(client, events);
    sight.thread.start();
    return sight;
  }

  /** What the watch of one collection says. */
  private final class Watched<T> implements ApiWatch.Sink<T> {
    private final String label;
    private Optional<TreeMap<String, T>> objects = Optional.empty();
    private Optional<ApiFailure> trouble = Optional.empty();

    Watched(String label) {
      this.label = label;
    }

    @Override
    public void listed(SortedMap<String, T> all) {
      change(() -> objects = Optional.of(new TreeMap<>(all)));
    }

    @Override
    public void changed(String key, T object) {
      change(() -> objects.ifPresent(all -> all.put(key, object)));
    }

    @Override
    public void removed(String key) {
      change(() -> objects.ifPresent(all -> all.remove(key)));
    }

    @Override
    public void troubled(Optional<ApiFailure> why) {
      change(
          () -> {
            if (why.isPresent() && trouble.isEmpty()) {
              LOG.warn("{}: {}{}", label, why.get().getMessage(), advice(why.get()));
            } else if (why.isEmpty() && trouble.isPresent()) {
              LOG.info("{}: the server answers again", label);
            }
            trouble = why;
          });
    }

    private static String advice(ApiFailure why) {
      return why.isNotFound()
          ? "; the server does not know this kind: kubectl apply -f deploy/crds"
          : why.isForbidden() ? "; the controller may not read it: see docs/kubernetes.md" : "";
    }

    /** True when it was listed and its server answers. */
    private boolean isCurrent() {
      return objects.isPresent() && trouble.isEmpty();
    }
  }

  private synchronized void change(Runnable change) {
    change.run();
    changes++;
    notifyAll();
  }

  private void run() {
    try {
      long told = 0;
      while (await(told)) {
        List<ClusterReading.Seen> seen = new ArrayList<>();
        var claimed = new ArrayList<VniClaim>();
        boolean current;
        synchronized (this) {
          told = changes;
          current = kinds.stream().allMatch(Watched::isCurrent) && claims.isCurrent();
          kinds.forEach(each -> each.objects.ifPresent(all -> seen.addAll(all.values())));
          claims.objects.ifPresent(
              all -> all.values().forEach(each -> each.ifPresent(claimed::add)));
        }
        events.accept(
            current ? new ClusterSeen(reading.next(seen), claimed) : new SightChanged(false));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for changes after those; false when it was closed. */
  private synchronized boolean await(long told) throws InterruptedException {
    while (told == changes && !closed) {
      wait();
    }
    long last = -1;
    for (int i = 0; i < MOST_QUIET_WAITS && last != changes && !closed; i++) {
      last = changes;
      TimeUnit.MILLISECONDS.timedWait(this, QUIET.toMillis());
    }
    return !closed;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    watches.forEach(ApiWatch::close);
    timer.shutdownNow();
    try {
      thread.join(CLOSING);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
