package io.weft.overlay.node;

import io.weft.net.IpPrefix;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/** The IP-VRFs of a node, by namespace: each as long as a routed network of its tenant is here. */
final class Tenants {
  private final ForwardingPlan plan;
  private final Supplier<Collection<NetworkInstance>> networks;
  private final Supplier<Collection<NetworkIntent>> intended;
  private final EndpointSpeakers speakers;
  private final SendingIds ids = new SendingIds();
  private final TreeMap<String, TenantInstance> byNamespace = new TreeMap<>();
  private final WaysOut waysOut;
  private final ImportIndex<TenantInstance> shown = new ImportIndex<>(TenantInstance::shownTargets);

  /**
   * Both suppliers are asked at any time.
   *
   * @param networks those on this node
   * @param intended all
   * @param speakers with the endpoints of the networks
   */
  Tenants(
      ForwardingPlan plan,
      Supplier<Collection<NetworkInstance>> networks,
      Supplier<Collection<NetworkIntent>> intended,
      EndpointSpeakers speakers) {
    this.plan = plan;
    this.speakers = speakers;
    this.networks = networks;
    this.intended = intended;
    this.waysOut = new WaysOut(plan);
  }

  Collection<TenantInstance> all() {
    return Collections.unmodifiableCollection(byNamespace.values());
  }

  /** Those that are to be shown a route with one of these targets. */
  List<TenantInstance> shown(List<RouteTarget> carried) {
    return shown.of(carried);
  }

  Optional<TenantInstance> find(String namespace) {
    return Optional.ofNullable(byNamespace.get(namespace));
  }

  /** True when a routed network is in the namespace. */
  boolean isWanted(String namespace) {
    return networks.get().stream().anyMatch(network -> isRoutedIn(network, namespace));
  }

  /**
   * Opens the one of a namespace whose first routed network came. The others are not looked at:
   * there may be many, and somebody waits.
   *
   * @param wanted by name; one that is not in there is not opened
   */
  void open(
      String namespace,
      SortedMap<String, TenantIntent> wanted,
      Underlay underlay,
      Collection<RouteDistinguisher> taken) {
    networks.get().stream()
        .filter(network -> isRoutedIn(network, namespace))
        .flatMap(network -> network.intent().tenant().stream())
        .findFirst()
        .flatMap(tenant -> Optional.ofNullable(wanted.get(tenant)))
        .ifPresent(
            intent -> {
              var rd = Distinguishers.free(intent.l3Vni(), underlay, taken);
              var opened = open(namespace, intent, underlay, rd);
              byNamespace.put(namespace, opened);
              opened.plan();
              shown.put(opened);
              changeWaysOut(underlay);
            });
  }

  private static boolean isRoutedIn(NetworkInstance network, String namespace) {
    return network.namespace().equals(namespace) && network.intent().isRouted();
  }

  /**
   * Opens, changes and closes them as the networks and the intent want it: all leave what they no
   * longer want before any takes what it wants now. One that the intent no longer has goes on as it
   * is while its networks do.
   *
   * @param left runs when all have left, before any takes
   */
  void change(
      SortedMap<String, TenantIntent> wanted,
      Underlay underlay,
      Collection<RouteDistinguisher> taken,
      Runnable left) {
    var routed = new TreeMap<String, String>();
    for (var network : networks.get()) {
      if (network.intent().isRouted()) {
        network.intent().tenant().ifPresent(tenant -> routed.put(network.namespace(), tenant));
      }
    }
    for (var namespace : List.copyOf(byNamespace.keySet())) {
      if (!routed.containsKey(namespace)) {
        Optional.ofNullable(byNamespace.remove(namespace)).ifPresent(this::close);
      }
    }
    var others = new TreeSet<>(taken);
    byNamespace.values().forEach(tenant -> others.remove(tenant.rd()));
    var intents = new TreeMap<String, TenantIntent>();
    byNamespace.forEach(
        (namespace, tenant) ->
            intents.put(namespace, wanted.getOrDefault(routed.get(namespace), tenant.intent())));
    change(intents, underlay, others, true);
    change(intents, underlay, others, false);
    routed.forEach(
        (namespace, tenant) -> {
          var intent = Optional.ofNullable(wanted.get(tenant));
          if (intent.isPresent() && !byNamespace.containsKey(namespace)) {
            var rd = Distinguishers.free(intent.get().l3Vni(), underlay, others);
            others.add(rd);
            byNamespace.put(namespace, open(namespace, intent.get(), underlay, rd));
          }
        });
    left.run();
    byNamespace.values().forEach(TenantInstance::plan);
    byNamespace.values().forEach(shown::put);
    changeWaysOut(underlay);
  }

  private void close(TenantInstance tenant) {
    shown.remove(tenant);
    tenant.close();
  }

  private void changeWaysOut(Underlay underlay) {
    var wanted = new TreeMap<String, EgressIntent>();
    byNamespace.forEach(
        (namespace, tenant) ->
            tenant.intent().egress().ifPresent(egress -> wanted.put(namespace, egress)));
    waysOut.change(wanted, underlay);
    byNamespace.values().forEach(tenant -> tenant.routedPrefixes().forEach(p -> reach(tenant, p)));
  }

  /** A pod of the tenant that the cluster knows came, or went, or something else did. */
  private void reach(TenantInstance tenant, IpPrefix prefix) {
    if (!isMember(tenant)) {
      reachPod(tenant, prefix);
    } else if (prefix.length() == prefix.address().bits()) {
      byNamespace.values().stream()
          .filter(other -> !isMember(other))
          .forEach(other -> reachPod(other, prefix));
    }
  }

  private static boolean isMember(TenantInstance tenant) {
    return tenant
        .intent()
        .egress()
        .flatMap(EgressIntent::cluster)
        .filter(ClusterIntent::member)
        .isPresent();
  }

  /** What a pod of the default network has is no other tenant's, whatever its gateways say. */
  private void reachPod(TenantInstance tenant, IpPrefix prefix) {
    boolean known =
        tenant
            .intent()
            .egress()
            .flatMap(EgressIntent::cluster)
            .filter(cluster -> cluster.has(prefix))
            .isPresent();
    waysOut.reach(
        tenant.namespace(), prefix, known && hasPod(tenant, prefix) && !isOfMember(prefix));
  }

  private boolean isOfMember(IpPrefix prefix) {
    return byNamespace.values().stream()
        .filter(Tenants::isMember)
        .anyMatch(
            member ->
                member.isHere(prefix)
                    || member.best(prefix).stream()
                        .anyMatch(way -> way.host() && way.isOwn(member.intent().l3Vni())));
  }

  /**
   * True when the cluster knows a pod of the tenant by the address, here or on another of its
   * nodes. What other tenants, or gateways, say to be there is none.
   */
  private static boolean hasPod(TenantInstance tenant, IpPrefix prefix) {
    var own = tenant.intent().l3Vni();
    return tenant.isHere(prefix)
        ? tenant.networks().stream()
            .flatMap(network -> network.endpoints().stream())
            .anyMatch(endpoint -> endpoint.cluster().addresses().contains(prefix.address()))
        : tenant.isRouted(prefix)
            && tenant.best(prefix).stream()
                .anyMatch(
                    way -> way.isOwn(own) && way.router().isPresent() && way.gateway().isEmpty());
  }

  /** Those whose L3 VNI stays keep their number, so they come first; the others take a free one. */
  private void change(
      SortedMap<String, TenantIntent> intents,
      Underlay underlay,
      Set<RouteDistinguisher> others,
      boolean staying) {
    for (var namespace : List.copyOf(intents.keySet())) {
      var tenant = byNamespace.get(namespace);
      var intent = intents.get(namespace);
      if (tenant == null || intent == null) {
        continue;
      }
      int number = Distinguishers.number(tenant.rd());
      boolean stays =
          intent.l3Vni().equals(tenant.intent().l3Vni())
              && !Distinguishers.isTaken(underlay, number, others);
      if (stays == staying) {
        var rd =
            stays
                ? RouteDistinguisher.of(underlay.routerId(), number)
                : Distinguishers.free(intent.l3Vni(), underlay, others);
        others.add(rd);
        intents.remove(namespace);
        tenant.change(intent, underlay, rd);
      }
    }
  }

  private TenantInstance open(
      String namespace, TenantIntent intent, Underlay underlay, RouteDistinguisher rd) {
    return new TenantInstance(
        namespace,
        plan,
        ids,
        intent,
        underlay,
        rd,
        () -> networks.get().stream().filter(network -> isRoutedIn(network, namespace)).toList(),
        () ->
            intended.get().stream()
                .filter(network -> network.tenant().filter(intent.name()::equals).isPresent())
                .toList(),
        speakers,
        this::reach);
  }
}
