package io.weft.kubernetes.intent;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.api.ApiWatch;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Where a cluster's services have their addresses, as its ServiceCIDR objects say
 * (networking.k8s.io/v1, of Kubernetes 1.33 and later).
 */
public final class ServiceCidrs implements AutoCloseable {
  private static final ApiCollection ALL =
      ApiCollection.of("/apis/networking.k8s.io/v1/servicecidrs");

  private final Runnable changed;
  private final ApiWatch<List<IpPrefix>> watch;
  private volatile List<IpPrefix> prefixes = List.of();
  private volatile Optional<String> problem = Optional.empty();

  // Of the watch's thread alone.
  private final SortedMap<String, List<IpPrefix>> objects = new TreeMap<>();

  private ServiceCidrs(
      ApiClient client,
      Runnable changed,
      ScheduledExecutorService timer,
      Optional<KeptObjects> kept) {
    this.changed = changed;
    this.watch =
        ApiWatch.start(
            client,
            ALL,
            ServiceCidrs::read,
            new Watched(),
            timer,
            kept.map(each -> each.collection(ALL, Optional::of, timer)));
  }

  /**
   * Begins to watch.
   *
   * @param changed called on a thread of its own when there are others than before
   * @param kept where a copy is, for a start while the server is away
   */
  public static ServiceCidrs open(
      ApiClient client,
      Runnable changed,
      ScheduledExecutorService timer,
      Optional<KeptObjects> kept) {
    return new ServiceCidrs(client, changed, timer, kept);
  }

  /** What they say, by name of the object; {@link FabricSpec#MAX_SERVICES} at most. */
  public List<IpPrefix> prefixes() {
    return prefixes;
  }

  /** Why they are not known, or not all. */
  public Optional<String> problem() {
    return problem;
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
      problem = why.map(ServiceCidrs::words);
    }

    private void tell() {
      var all = objects.values().stream().flatMap(List::stream).distinct().toList();
      var next = all.stream().limit(FabricSpec.MAX_SERVICES).toList();
      problem =
          all.size() == next.size()
              ? Optional.empty()
              : Optional.of(
                  "the cluster has %d ServiceCIDRs, of which only the first %d are used; name larger ones in spec.services of the Fabric"
                      .formatted(all.size(), next.size()));
      if (!next.equals(prefixes)) {
        prefixes = next;
        changed.run();
      }
    }
  }

  private static String words(ApiFailure failure) {
    var todo = "set spec.services of the Fabric to the API server's --service-cluster-ip-range";
    return failure.isNotFound()
        ? "it is not known where services are: this API server has no ServiceCIDR (Kubernetes before 1.33); "
            + todo
        : failure.isForbidden()
            ? "it is not known where services are: %s; grant that, or %s"
                .formatted(failure.getMessage(), todo)
            : "Kubernetes API: ServiceCIDRs: " + failure.getMessage();
  }

  @Override
  public void close() {
    watch.close();
  }
}
