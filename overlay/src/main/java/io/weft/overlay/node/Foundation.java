package io.weft.overlay.node;

import io.weft.net.IpPrefix;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a node must know before it acts: its intent, what is below it, and what stands already. */
final class Foundation {
  private final TreeMap<String, NetworkIntent> networks = new TreeMap<>();
  private final TreeMap<String, TenantIntent> tenants = new TreeMap<>();
  private Optional<NodeIntent> intent = Optional.empty();
  private Optional<Underlay> underlay = Optional.empty();
  private String underlayReason = "not known yet";
  private Optional<List<ForwardingObject>> standing = Optional.empty();

  void change(NodeIntent newIntent) {
    intent = Optional.of(newIntent);
    networks.clear();
    for (var network : newIntent.networks()) {
      networks.put(network.name(), network);
    }
    tenants.clear();
    for (var tenant : newIntent.tenants()) {
      tenants.put(tenant.name(), tenant);
    }
  }

  /** An underlay that is lost again still counts: what stands on it stays as it is. */
  void change(Optional<Underlay> newUnderlay, String reason) {
    underlayReason = reason;
    if (newUnderlay.isPresent()) {
      underlay = newUnderlay;
    }
  }

  /** The kernel was seen to hold these before anything was changed. */
  void stand(List<ForwardingObject> objects) {
    standing = Optional.of(objects);
  }

  /** Somebody changed these since. */
  void change(List<NodeEvent.Observation> observations) {
    if (standing.isEmpty()) {
      return; // the dump is yet to come
    }
    var objects = new LinkedHashMap<ForwardingKey, ForwardingObject>();
    standing.get().forEach(object -> objects.put(object.key(), object));
    for (var seen : observations) {
      seen.object()
          .ifPresentOrElse(
              object -> objects.put(seen.key(), object), () -> objects.remove(seen.key()));
    }
    standing = Optional.of(List.copyOf(objects.values()));
  }

  /** Routes to what is behind endpoints, as the kernel was seen to hold them. */
  List<ForwardingObject.EndpointRoute> standingBehindEndpoints() {
    return standing().stream()
        .filter(ForwardingObject.EndpointRoute.class::isInstance)
        .map(ForwardingObject.EndpointRoute.class::cast)
        .toList();
  }

  /** False when the kernel was seen to hold no endpoint of this name. */
  boolean mayHold(String endpoint) {
    return standing
        .map(
            objects ->
                objects.stream()
                    .anyMatch(
                        object ->
                            object instanceof ForwardingObject.EndpointPort port
                                && port.endpoint().equals(endpoint)))
        .orElse(true);
  }

  boolean isComplete() {
    return intent.isPresent() && underlay.isPresent() && standing.isPresent();
  }

  /** What is still missing, for people; only while {@link #isComplete} is false. */
  String missing() {
    if (intent.isEmpty()) {
      return "the node has not read its configuration yet";
    }
    return underlay.isEmpty()
        ? "the node has no VTEP address: " + underlayReason
        : "the node has not read the kernel's tables yet";
  }

  /** The networks of the intent by name. */
  SortedMap<String, NetworkIntent> networks() {
    return Collections.unmodifiableSortedMap(networks);
  }

  /** The tenants that route, by name. */
  SortedMap<String, TenantIntent> tenants() {
    return Collections.unmodifiableSortedMap(tenants);
  }

  /**
   * Subnets of all networks of the network's tenant, its own among them, and what the cluster knows
   * pods by: nobody is a router to those.
   */
  List<IpPrefix> subnetsBeside(NetworkIntent network) {
    return Stream.concat(
            tenantSubnets(network), cluster(network).stream().flatMap(c -> c.subnets().stream()))
        .toList();
  }

  private Stream<IpPrefix> tenantSubnets(NetworkIntent network) {
    return networks.values().stream()
        .filter(
            other ->
                other.name().equals(network.name())
                    || other.tenant().isPresent() && other.tenant().equals(network.tenant()))
        .flatMap(other -> other.subnets().stream());
  }

  /**
   * Where the cluster's addresses for pods of the network come from; empty where the cluster does
   * not know them, or by their own addresses.
   */
  Optional<ClusterIntent> cluster(NetworkIntent network) {
    return network
        .tenant()
        .flatMap(tenant -> Optional.ofNullable(tenants.get(tenant)))
        .flatMap(TenantIntent::egress)
        .flatMap(EgressIntent::cluster)
        .filter(cluster -> !cluster.network().isEmpty() && !cluster.member());
  }

  /** The cluster's default network where the node reaches it: here with or without endpoints. */
  Optional<NetworkIntent> resident() {
    return tenants.values().stream()
        .flatMap(tenant -> tenant.egress().stream())
        .flatMap(egress -> egress.cluster().stream())
        .filter(ClusterIntent::member)
        .flatMap(cluster -> network(cluster.network()).stream())
        .filter(NetworkIntent::isRouted)
        .findFirst();
  }

  Optional<NetworkIntent> network(String name) {
    return Optional.ofNullable(networks.get(name));
  }

  NodeIntent intent() {
    return intent.orElseThrow();
  }

  Underlay underlay() {
    return underlay.orElseThrow();
  }

  Optional<Underlay> knownUnderlay() {
    return underlay;
  }

  /** Why there is no underlay, empty when there is one. */
  String underlayReason() {
    return underlay.isPresent() ? "" : underlayReason;
  }

  /** Why one of the VTEPs that the fabric wants is not there; empty where all are. */
  Optional<String> missingVtep() {
    return underlay
        .filter(known -> known.dual() && known.vteps().size() == 1 && !underlayReason.isEmpty())
        .map(_ -> underlayReason);
  }

  List<ForwardingObject> standing() {
    return standing.orElseThrow();
  }
}
