package io.weft.kubernetes.intent;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.api.ApiWatch;
import io.weft.kubernetes.api.KeptCollection;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.net.IpPrefix;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Where a cluster's services have their addresses, as its ServiceCIDR objects say
 * (networking.k8s.io/v1, of Kubernetes 1.33 and later).
 */
public final class ServiceCidrs implements AutoCloseable {
  private static final ApiCollection ALL =
      ApiCollection.of("/apis/networking.k8s.io/v1/servicecidrs");

  /** Who has none, or lets nobody read them, hardly does so soon: asked again after 5 to 10 min. */
  private static final Duration AFTER_REFUSAL = Duration.ofMinutes(10);

  private final ApiClient client;
  private final Runnable changed;
  private final ScheduledExecutorService timer;
  private final Optional<KeptCollection> kept;
  private final CountDownLatch known = new CountDownLatch(1);
  private volatile List<IpPrefix> prefixes = List.of();
  private volatile Optional<String> trouble = Optional.empty();
  private volatile Optional<String> overflow = Optional.empty();

  // Guarded by this.
  private Optional<ApiWatch<List<IpPrefix>>> watch = Optional.empty();
  private boolean closed;

  // Of the watch's thread alone.
  private final SortedMap<String, List<IpPrefix>> objects = new TreeMap<>();

  private ServiceCidrs(
      ApiClient client,
      Runnable changed,
      ScheduledExecutorService timer,
      Optional<KeptObjects> kept) {
    this.client = client;
    this.changed = changed;
    this.timer = timer;
    this.kept = kept.map(each -> each.collection(ALL, Optional::of, timer));
    this.kept
        .flatMap(KeptCollection::read)
        .ifPresent(
            copy -> {
              copy.forEach(object -> objects.put(ApiWatch.key(object), read(object)));
              take();
            });
  }

  /**
   * Takes what a copy says, and begins to watch.
   *
   * @param changed called on a thread of its own when there are others than before
   * @param kept where a copy is, which counts until the server has answered
   */
  public static ServiceCidrs open(
      ApiClient client,
      Runnable changed,
      ScheduledExecutorService timer,
      Optional<KeptObjects> kept) {
    var services = new ServiceCidrs(client, changed, timer, kept);
    services.begin();
    return services;
  }

  private synchronized void begin() {
    if (!closed) {
      watch =
          Optional.of(ApiWatch.start(client, ALL, ServiceCidrs::read, new Watched(), timer, kept));
    }
  }

  /** Waits until a copy or the server has said what there is, or the server that it will not. */
  public void await(Duration patience) throws InterruptedException {
    boolean _ = known.await(patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** What they say, by name of the object; {@link FabricSpec#MAX_SERVICES} at most. */
  public List<IpPrefix> prefixes() {
    return prefixes;
  }

  /** Why they are not known, or not all. */
  public Optional<String> problem() {
    var all = Stream.of(trouble, overflow).flatMap(Optional::stream).toList();
    return all.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", all));
  }

  /** What cannot be read of an object is left out: the server has validated it. */
  private static List<IpPrefix> read(JsonNode object) {
    var found = new ArrayList<IpPrefix>();
    for (var each : object.at("/spec/cidrs")) {
      try {
        var prefix = IpPrefix.parse(each.asText());
        if (prefix.length() > 0) {
          found.add(prefix);
        }
      } catch (IllegalArgumentException _) {
        // of a later version, say
      }
    }
    return found;
  }

  private final class Watched implements ApiWatch.Sink<List<IpPrefix>> {
    @Override
    public void listed(SortedMap<String, List<IpPrefix>> all) {
      objects.clear();
      objects.putAll(all);
      tell();
    }

    @Override
    public void changed(String key, List<IpPrefix> object) {
      objects.put(key, object);
      tell();
    }

    @Override
    public void removed(String key) {
      objects.remove(key);
      tell();
    }

    @Override
    public void troubled(Optional<ApiFailure> why) {
      trouble = why.map(ServiceCidrs::words);
      if (why.filter(failure -> failure.isNotFound() || failure.isForbidden()).isPresent()) {
        known.countDown();
        askLater();
      }
    }

    private void tell() {
      if (take()) {
        changed.run();
      }
    }
  }

  /** True when there are others than before. */
  private boolean take() {
    var all = objects.values().stream().flatMap(List::stream).distinct().toList();
    var next = all.stream().limit(FabricSpec.MAX_SERVICES).toList();
    overflow =
        all.size() == next.size()
            ? Optional.empty()
            : Optional.of(
                "the cluster has %d ServiceCIDRs, of which only the first %d are used; name larger ones in spec.services of the Fabric"
                    .formatted(all.size(), next.size()));
    boolean others = !next.equals(prefixes);
    prefixes = next;
    known.countDown();
    return others;
  }

  /** On the watch's thread, which ends with it. */
  private synchronized void askLater() {
    watch.ifPresent(ApiWatch::close);
    long most = AFTER_REFUSAL.toMillis();
    if (!closed) {
      var _ =
          timer.schedule(
              this::begin,
              ThreadLocalRandom.current().nextLong(most / 2, most + 1),
              TimeUnit.MILLISECONDS);
    }
  }

  private static String words(ApiFailure failure) {
    var todo =
        "where a tenant with egress: cluster has a default route by a gateway or an endpoint, set spec.services of the Fabric to the API server's --service-cluster-ip-range";
    return failure.isNotFound()
        ? "the cluster does not say where services are: this API server has no ServiceCIDR (Kubernetes before 1.33); "
            + todo
        : failure.isForbidden()
            ? "the cluster does not say where services are: %s; grant that, or %s"
                .formatted(failure.getMessage(), todo)
            : "Kubernetes API: ServiceCIDRs: " + failure.getMessage();
  }

  @Override
  public void close() {
    Optional<ApiWatch<List<IpPrefix>>> last;
    synchronized (this) { // which the watch's thread may be waiting for
      closed = true;
      last = watch;
    }
    last.ifPresent(ApiWatch::close);
  }
}
