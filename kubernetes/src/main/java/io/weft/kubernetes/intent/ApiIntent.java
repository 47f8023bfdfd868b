package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Declared;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.ResourceReading;
import io.weft.kubernetes.resource.Tenant;
import io.weft.kubernetes.resource.Tenant.TenantSpec;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problem;
import io.weft.net.Vni;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Puts the objects of the API together, as {@link IntentDirectory} does files, but for VNIs: an
 * automatic one is never computed here. Once the controller has written a VNI into a status, that
 * one counts and no other; until then one that the spec gives, if nobody has it in his status; else
 * the network waits. So no two networks ever have one VNI on two nodes, whatever each has read.
 * Where two networks clash, a node that starts takes the one that the status says is in force, or
 * else the older one: it must not drop what others carry out.
 */
public final class ApiIntent {
  private IntentMerge merge = IntentMerge.ALLOCATED;
  private List<Network> absent = List.of();

  /** What came of the objects that were put together last. */
  public IntentReading reading() {
    return new IntentReading(merge.reading().intent(), merge.reading().problems(), absent);
  }

  /** {@code items} are all that there are now. */
  public IntentReading next(Collection<ApiItem> items) {
    var holders = new TreeMap<Vni, ApiItem>();
    items.forEach(item -> item.status().ifPresent(vni -> holders.putIfAbsent(vni, item)));
    var precedence = new TreeMap<String, String>();
    items.stream()
        .filter(item -> item.kind() == Kind.NETWORK)
        .forEach(item -> precedence.put(item.name(), item.precedence()));
    merge = merge.next(items.stream().map(item -> file(item, holders)).toList(), precedence);
    absent =
        items.stream()
            .flatMap(item -> item.resource().or(item::namespacesAlone).stream())
            .filter(Network.class::isInstance)
            .map(Network.class::cast)
            .filter(network -> !merge.reading().intent().networks().containsKey(network.name()))
            .toList();
    return reading();
  }

  private static IntentFile file(ApiItem item, SortedMap<Vni, ApiItem> holders) {
    if (ApiObject.allocated(item.kind()).isEmpty() || item.status().isPresent()) {
      return item.file();
    }
    var holder = item.given().flatMap(vni -> Optional.ofNullable(holders.get(vni)));
    if (holder.isPresent()) {
      var message =
          ApiObject.allocated(item.kind()).orElseThrow()
              + " "
              + item.given().orElseThrow()
              + " is that of "
              + holder.get().key()
              + "; give another";
      return item.kind() == Kind.TENANT ? withoutVni(item, message) : with(item, message);
    }
    return item.kind() == Kind.NETWORK && item.given().isEmpty()
        ? with(item, "waits for its VNI; " + WAITING)
        : item.file();
  }

  /** What to look for when it lasts. */
  public static final String WAITING =
      "the controller gives it out of vniPools of the Fabric: if this lasts, see whether one runs"
          + " (weft controller), and what the status of the object says";

  /** True when nothing is wrong but that the VNI is still to be given. */
  public static boolean isWaiting(Problem problem) {
    return problem.message().endsWith(WAITING);
  }

  /** The tenant does not route; its networks go on. */
  private static IntentFile withoutVni(ApiItem item, String message) {
    return new IntentFile(
        item.file().name(),
        item.file().readings().stream().map(ApiIntent::withoutVni).toList(),
        List.of(new Problem(Place.of(item.file().name()), item.key().toString(), message)));
  }

  private static ResourceReading withoutVni(ResourceReading reading) {
    return new ResourceReading(
        reading.key(),
        reading.place(),
        reading
            .declared()
            .map(
                declared ->
                    declared.resource() instanceof Tenant(var metadata, var spec)
                        ? new Declared(
                            new Tenant(
                                metadata,
                                new TenantSpec(
                                    Optional.empty(),
                                    spec.routeTargets(),
                                    spec.egress(),
                                    spec.shares())),
                            declared.place(),
                            declared.fields())
                        : declared),
        reading.problems());
  }

  /** The object is there, and is not used as it is. */
  private static IntentFile with(ApiItem item, String message) {
    return new IntentFile(
        item.file().name(),
        item.file().readings().stream()
            .map(
                reading ->
                    reading.declared().isEmpty()
                        ? reading
                        : new ResourceReading(
                            reading.key(),
                            reading.place(),
                            Optional.empty(),
                            List.of(new Problem(reading.place(), item.key().toString(), message))))
            .toList(),
        item.file().problems());
  }
}
