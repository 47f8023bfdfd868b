package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.evpn.MacMobility;
import io.weft.overlay.evpn.RemoteRoutes;
import io.weft.overlay.evpn.RemoteRoutes.RemoteMac;
import io.weft.overlay.forwarding.MulticastChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What one network announces. A route is said first when all that it needs stands in the kernel,
 * and then for as long as it leads to the same place: a repair, or another MTU, is nothing that
 * other nodes need to hear of.
 */
final class Announcement {
  /** What a route leads to; another one must stand before it is said. */
  private record Place(Vni vni, IpAddress vtep, MacAddress mac, String port) {}

  /** Version 3 of IGMP (RFC 9251 §9.1). */
  private static final int IGMPV3 = 0x04;

  /** Version 2 of MLD. */
  private static final int MLDV2 = 0x02;

  /** From all sources but the one that is named, or but none. */
  private static final int EXCLUDE = 0x08;

  private static final Optional<ExtendedCommunity> PROXY =
      Optional.of(ExtendedCommunity.multicastFlags(true, true));

  private final MacMobility mobility;
  private final RemoteRoutes remote;
  private final Consumer<String> report;

  /** What is said of each endpoint by each VTEP; of the VTEP itself under no endpoint's name. */
  private final TreeMap<IpAddress, TreeMap<String, Place>> said = new TreeMap<>();

  private final TreeSet<String> conflicts = new TreeSet<>();
  private final LongSupplier now;

  /** Since when another MAC has an address of an endpoint here; those of the last reading alone. */
  private TreeMap<String, Long> conflictsSince = new TreeMap<>();

  private TreeMap<String, Long> conflictsNow = new TreeMap<>();
  private boolean due = true;
  private Optional<TenantAnnouncement.Routed> routed = Optional.empty();
  private List<OriginatedRoute> routes = List.of();

  Announcement(
      MacMobility mobility, RemoteRoutes remote, LongSupplier now, Consumer<String> report) {
    this.now = now;
    this.mobility = mobility;
    this.remote = remote;
    this.report = report;
  }

  /** Something that the routes follow from, other than the tenant's routing, may have changed. */
  void mayHaveChanged() {
    due = true;
  }

  boolean isDue() {
    return due;
  }

  /** What is announced now; the very list of before where nothing has changed. */
  List<OriginatedRoute> routes(NetworkInstance network) {
    var now = network.routed();
    if (due || !isSame(routed, now)) {
      due = false;
      routed = now;
      routes = List.copyOf(read(network));
    }
    return routes;
  }

  @SuppressWarnings("ReferenceEquality") // a shortcut only: all networks of a tenant have the one
  private static boolean isSame(
      Optional<TenantAnnouncement.Routed> one, Optional<TenantAnnouncement.Routed> other) {
    return one.orElse(null) == other.orElse(null) || one.equals(other);
  }

  /** Other nodes may have been told of the endpoint. */
  boolean hasSaid(Endpoint endpoint) {
    return said.values().stream().anyMatch(places -> places.containsKey(endpoint.name()));
  }

  void forget(Endpoint endpoint) {
    said.values().forEach(places -> places.remove(endpoint.name()));
    conflicts.removeIf(text -> text.contains("'" + endpoint.name() + "'"));
  }

  private List<OriginatedRoute> read(NetworkInstance network) {
    var vteps = network.underlay().vteps();
    said.keySet().retainAll(vteps);
    var routes = new ArrayList<OriginatedRoute>();
    conflictsNow = new TreeMap<>();
    vteps.forEach(vtep -> read(network, vtep, routes));
    conflictsSince = conflictsNow;
    return routes;
  }

  /**
   * One route of Type 3 once the VTEP's vxlan device stands, one of Type 2 for each endpoint that
   * stands and is here, with its addresses or without.
   */
  private void read(NetworkInstance network, IpAddress vtep, List<OriginatedRoute> routes) {
    var vni = network.intent().vni();
    // No endpoint has an empty name.
    if (!isSaid("", new Place(vni, vtep, new MacAddress(0), ""), network.tunnelStands(vtep))) {
      return;
    }
    routes.add(
        new OriginatedRoute(
            new InclusiveMulticast(network.rd(vtep), 0, vtep),
            attributes(
                network,
                vtep,
                PROXY.filter(_ -> network.intent().multicast() == Multicast.SELECTIVE),
                Optional.empty(),
                Optional.of(
                    PmsiTunnel.ingressReplication(
                        network.replication().wantsUnknown() ? 0 : PmsiTunnel.NO_UNKNOWN,
                        vni.value(),
                        vtep)))));
    addGroups(network, vtep, routes);
    for (var endpoint : network.local().hosts()) {
      var place = new Place(vni, vtep, endpoint.mac(), endpoint.port());
      if (network.isLost(endpoint)) {
        placesOf(vtep).remove(endpoint.name());
      }
      if (isSaid(endpoint.name(), place, network.stands(endpoint, vtep))
          && mobility.isHere(endpoint.mac())
          && !network.maySendOn(endpoint.mac())) { // else frames could go round (decisions/0044)
        addMacRoutes(network, vtep, endpoint, routes);
      }
    }
  }

  /** RFC 9251 §4.1: the node stands for those who have joined a group behind it. */
  private static void addGroups(
      NetworkInstance network, IpAddress vtep, List<OriginatedRoute> routes) {
    for (var channel : network.replication().wanted()) {
      var group = channel.map(MulticastChannel::group);
      var source = channel.flatMap(MulticastChannel::source);
      int version = group.map(IpAddress::isIpv4).orElse(true) ? IGMPV3 : MLDV2;
      int flags = source.isPresent() ? version : version | EXCLUDE;
      routes.add(
          new OriginatedRoute(
              new SelectiveMulticast(network.rd(vtep), 0, source, group, vtep, flags),
              attributes(network, vtep, Optional.empty(), Optional.empty(), Optional.empty())));
    }
  }

  private Map<String, Place> placesOf(IpAddress vtep) {
    return said.computeIfAbsent(vtep, _ -> new TreeMap<>());
  }

  private boolean isSaid(String name, Place place, boolean stands) {
    var places = placesOf(place.vtep());
    if (stands) {
      places.put(name, place);
    } else if (!place.equals(places.get(name))) {
      places.remove(name);
      return false;
    }
    return true;
  }

  private void addMacRoutes(
      NetworkInstance network, IpAddress vtep, Endpoint endpoint, List<OriginatedRoute> routes) {
    // RFC 7432 §15: the routes of one MAC, with and without address, carry one number.
    var number = mobility.community(endpoint.mac());
    var addresses = new ArrayList<Optional<IpAddress>>();
    for (var host : endpoint.addresses()) {
      if (!network.intent().isGateway(host.address()) && isBoundHere(network, endpoint, host)) {
        addresses.add(Optional.of(host.address()));
      }
    }
    if (addresses.isEmpty()) {
      addresses.add(Optional.empty());
    }
    for (var address : addresses) {
      // RFC 9135 §5.2: the second label, where the tenant's routing reaches the address.
      var router =
          address
              .flatMap(network.intent()::gatewayOf)
              .flatMap(_ -> routed.filter(tenant -> tenant.vteps().contains(vtep)));
      routes.add(
          new OriginatedRoute(
              new MacIpAdvertisement(
                  network.rd(vtep),
                  Esi.ZERO,
                  0,
                  endpoint.mac(),
                  address,
                  network.intent().vni().value(),
                  router.map(to -> OptionalInt.of(to.l3Vni().value())).orElse(OptionalInt.empty())),
              attributes(network, vtep, number, router, Optional.empty())));
    }
  }

  /**
   * RFC 9135 §7: an address that another node binds to another MAC, with a higher number, has moved
   * there: the binding to our MAC is withdrawn, the MAC stays. A default gateway's is no move (RFC
   * 7432 §10.1).
   */
  private boolean isBoundHere(NetworkInstance network, Endpoint endpoint, HostAddress host) {
    var other =
        remote
            .neighbour(host.address())
            .filter(r -> !r.mac().equals(endpoint.mac()) && !network.underlay().isOurs(r.vtep()));
    boolean lost =
        other.isPresent()
            && !other.get().gateway()
            && MacMobility.beats(
                other.get(), mobility.sequence(endpoint.mac()), network.towards(other));
    other.ifPresent(owner -> conflict(endpoint, host, owner, lost));
    return !lost;
  }

  /**
   * Since when the address of an endpoint here is also that of another MAC, in nanoseconds of the
   * node's clock; empty: that is not known.
   */
  Optional<Long> conflictSince(Endpoint endpoint, HostAddress host, MacAddress other) {
    return Optional.ofNullable(conflictsSince.get(conflictKey(endpoint, host, other)));
  }

  private static String conflictKey(Endpoint endpoint, HostAddress host, MacAddress other) {
    return endpoint.name() + " " + host.address() + " " + other;
  }

  private void conflict(Endpoint endpoint, HostAddress host, RemoteMac owner, boolean lost) {
    var key = conflictKey(endpoint, host, owner.mac());
    conflictsNow.put(key, conflictsSince.getOrDefault(key, now.getAsLong()));
    var text =
        "address %s of endpoint '%s' (MAC address %s) is also that of MAC address %s behind VTEP %s; %s"
            .formatted(
                host.address(),
                endpoint.name(),
                endpoint.mac(),
                owner.mac(),
                owner.vtep(),
                lost ? "it is announced here no more" : "it stays here");
    if (conflicts.add(text)) {
      report.accept(text);
    }
  }

  private static PathAttributes attributes(
      NetworkInstance network,
      IpAddress vtep,
      Optional<ExtendedCommunity> more,
      Optional<TenantAnnouncement.Routed> routed,
      Optional<PmsiTunnel> pmsiTunnel) {
    var communities = new ArrayList<ExtendedCommunity>();
    communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    for (var target : network.intent().exportTargets()) {
      communities.add(ExtendedCommunity.of(target));
    }
    routed.map(tenant -> tenant.communities(vtep)).ifPresent(communities::addAll);
    more.ifPresent(communities::add);
    return PathAttributes.originated(vtep, communities, pmsiTunnel);
  }
}
