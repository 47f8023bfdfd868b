package io.weft.overlay.evpn;

import static java.util.Comparator.naturalOrder;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.KeyTable;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What other nodes say of one segment: the imported routes of Types 2, 3 and 6, and what follows
 * from them for a MAC, an address and the flood list. Several routes may speak of one MAC (with and
 * without address, from the old and the new place of a moving endpoint): the best decides, and the
 * MAC stays until the last is gone.
 */
public final class RemoteRoutes {
  /**
   * Where a remote MAC is.
   *
   * @param gateway it is that of a default gateway (RFC 7432 §10.1)
   */
  public record RemoteMac(
      MacAddress mac,
      IpAddress vtep,
      Vni vni,
      boolean sticky,
      long sequence,
      boolean gateway,
      Path path) {

    /**
     * True when both are one statement of one node, made by its two VTEPs (decisions/0023): its
     * place has not changed.
     */
    boolean isSaidBeside(RemoteMac other) {
      return mac.equals(other.mac)
          && sticky == other.sticky
          && sequence == other.sequence
          && gateway == other.gateway
          && vtep.isIpv4() != other.vtep.isIpv4()
          && router().isPresent()
          && router().equals(other.router());
    }

    private Optional<Ipv4Address> router() {
      return path.route() instanceof MacIpAdvertisement route
          ? route.rd().router()
          : Optional.empty();
    }
  }

  /**
   * Default gateway community (RFC 7432 §7.8): opaque type 03, subtype 0d; the rest is reserved.
   */
  private static final long DEFAULT_GATEWAY = 0x030d;

  private static final FewRoutes<Path> FEW = new FewRoutes<>(Path::key);

  private final KeyTable<MacAddress, Object> byMac =
      new KeyTable<>(entry -> macRoute(FEW.first(entry)).mac());
  private final KeyTable<IpAddress, Object> byIp =
      new KeyTable<>(entry -> macRoute(FEW.first(entry)).ip().orElseThrow());
  private final Map<Route, FloodTarget> floodRoutes =
      new LinkedHashMap<>(); // no result depends on the order

  private final RemoteGroups groups = new RemoteGroups();

  /**
   * @param igmp it says who has joined groups of IPv4
   * @param mld likewise of IPv6
   * @param unknown it wants frames to MACs that nobody is known to have
   */
  private record FloodTarget(
      Optional<Ipv4Address> router,
      IpAddress vtep,
      Vni vni,
      boolean igmp,
      boolean mld,
      boolean unknown) {}

  /**
   * RFC 7432 §15: sticky first, then the higher sequence, then the lower VTEP address, so that of
   * IPv4 where a node says it by two; then the lower VNI, so that the order of arrival counts for
   * nothing.
   */
  private static final Comparator<RemoteMac> PREFERENCE =
      Comparator.comparing(RemoteMac::sticky)
          .thenComparingLong(RemoteMac::sequence)
          .thenComparing(RemoteMac::vtep, Comparator.reverseOrder())
          .thenComparing(RemoteMac::vni, Comparator.reverseOrder());

  /** Adds or replaces; false when the route says nothing that a segment uses. */
  public boolean put(Path path) {
    return switch (path.route()) {
      case MacIpAdvertisement route -> putMac(route, path);
      case InclusiveMulticast route -> putFlood(route, path);
      case SelectiveMulticast route -> groups.put(route, path);
      default -> false;
    };
  }

  private boolean putMac(MacIpAdvertisement route, Path path) {
    if (route.label() == 0 || route.mac().isMulticast() || route.mac().isZero()) {
      return false;
    }
    byMac.put(FEW.with(byMac.get(route.mac()), path));
    route.ip().ifPresent(ip -> byIp.put(FEW.with(byIp.get(ip), path)));
    return true;
  }

  private static MacIpAdvertisement macRoute(Path ofMac) {
    return (MacIpAdvertisement) ofMac.route();
  }

  /** What is kept of each MAC is the path alone: there is one for each pod of the network. */
  private static RemoteMac read(Path path) {
    var route = macRoute(path);
    var mobility = path.attributes().macMobility();
    boolean gateway = false;
    for (var community : path.attributes().extendedCommunities()) {
      gateway |= community.value() >>> 48 == DEFAULT_GATEWAY;
    }
    return new RemoteMac(
        route.mac(),
        path.attributes().nextHop(),
        new Vni(route.label()),
        mobility.map(ExtendedCommunity::isSticky).orElse(false),
        mobility.map(ExtendedCommunity::mobilitySequence).orElse(0L),
        gateway,
        path);
  }

  private boolean putFlood(InclusiveMulticast route, Path path) {
    var pmsi = path.attributes().pmsiTunnel();
    if (pmsi.isEmpty()
        || pmsi.get().type() != PmsiTunnel.INGRESS_REPLICATION
        || pmsi.get().label() == 0) {
      return false;
    }
    if (!pmsi.get().wantsBroadcast() && !pmsi.get().wantsUnknown()) {
      return false; // it wants no copy of anything
    }
    var tunnelEnd = pmsi.get().identifier().toArray();
    if (tunnelEnd.length != 4 && tunnelEnd.length != 16) {
      return false;
    }
    floodRoutes.put(
        route.key(),
        new FloodTarget(
            route.rd().router(),
            IpAddress.of(tunnelEnd),
            new Vni(pmsi.get().label()),
            has(path, ExtendedCommunity::isIgmpProxy),
            has(path, ExtendedCommunity::isMldProxy),
            pmsi.get().wantsUnknown()));
    return true;
  }

  private static boolean has(Path path, Predicate<ExtendedCommunity> community) {
    return path.attributes().extendedCommunities().stream().anyMatch(community);
  }

  /** Who has joined which group. */
  public RemoteGroups groups() {
    return groups;
  }

  /**
   * The VTEPs that say by routes of Type 6 who has joined groups of this family, in each route of
   * Type 3 that names them: they need not get the others.
   */
  public SortedSet<IpAddress> selective(boolean ipv4) {
    var selective = new TreeSet<IpAddress>();
    floodRoutes.values().forEach(target -> selective.add(target.vtep()));
    for (var target : floodRoutes.values()) {
      if (!(ipv4 ? target.igmp() : target.mld())) {
        selective.remove(target.vtep());
      }
    }
    return selective;
  }

  /**
   * The VTEPs that want frames to MACs that nobody is known to have, as one of their routes of Type
   * 3 says.
   */
  public SortedSet<IpAddress> wantingUnknown() {
    var wanting = new TreeSet<IpAddress>();
    floodRoutes.values().stream()
        .filter(FloodTarget::unknown)
        .forEach(target -> wanting.add(target.vtep()));
    return wanting;
  }

  /** The keys of all routes that say something here. */
  public Collection<Route> routes() {
    var routes = new ArrayList<Route>(floodRoutes.keySet());
    macs().forEach(mac -> FEW.said(byMac.get(mac)).forEach(path -> routes.add(path.key())));
    routes.addAll(groups.routes());
    return routes;
  }

  /** True when the route with this key says something here. */
  public boolean has(Route key) {
    return switch (key) {
      case MacIpAdvertisement route -> FEW.find(byMac.get(route.mac()), key) != null;
      case SelectiveMulticast route -> groups.has(route);
      default -> floodRoutes.containsKey(key);
    };
  }

  /** Forgets the route with this key. */
  public void remove(Route key) {
    if (key instanceof MacIpAdvertisement route) {
      removeFrom(byMac, route.mac(), key);
      route.ip().ifPresent(ip -> removeFrom(byIp, ip, key));
    }
    if (key instanceof SelectiveMulticast route) {
      groups.remove(route);
    }
    floodRoutes.remove(key);
  }

  private static <K> void removeFrom(KeyTable<K, Object> table, K at, Route key) {
    var entry = table.get(at);
    if (entry != null) {
      var left = FEW.without(entry, key);
      if (left == null) {
        table.remove(at);
      } else {
        table.put(left);
      }
    }
  }

  /** The best place of the MAC among remote ones. */
  public Optional<RemoteMac> mac(MacAddress mac) {
    return mac(mac, _ -> true);
  }

  /** As {@link #mac(MacAddress)}, among VTEPs that can be reached. */
  public Optional<RemoteMac> mac(MacAddress mac, Predicate<IpAddress> reachable) {
    return best(byMac.get(mac), reachable);
  }

  /** Who has the address, by the best of the routes that name it. */
  public Optional<RemoteMac> neighbour(IpAddress ip) {
    return neighbour(ip, _ -> true);
  }

  /** As {@link #neighbour(IpAddress)}, behind VTEPs that can be reached. */
  public Optional<RemoteMac> neighbour(IpAddress ip, Predicate<IpAddress> reachable) {
    return best(byIp.get(ip), reachable);
  }

  /** The addresses that other nodes bind to the MAC, sorted; empty when they name none. */
  public List<IpAddress> addressesOf(MacAddress mac) {
    var addresses = new TreeSet<IpAddress>();
    FEW.said(byMac.get(mac)).forEach(path -> macRoute(path).ip().ifPresent(addresses::add));
    return List.copyOf(addresses);
  }

  private static Optional<RemoteMac> best(@Nullable Object entry, Predicate<IpAddress> reachable) {
    Optional<RemoteMac> best = Optional.empty();
    for (var path : FEW.said(entry)) {
      var remote = read(path);
      boolean better = best.isEmpty() || PREFERENCE.compare(remote, best.get()) > 0;
      if (better && reachable.test(remote.vtep())) {
        best = Optional.of(remote);
      }
    }
    return best;
  }

  /** All MACs, sorted. */
  public List<MacAddress> macs() {
    return byMac.keys(naturalOrder());
  }

  /** All addresses, sorted. */
  public List<IpAddress> addresses() {
    return byIp.keys(naturalOrder());
  }

  public boolean hasAddress(IpAddress ip) {
    return byIp.has(ip);
  }

  /**
   * VTEPs that get a copy of each broadcast frame, and the VNI that each wants, or the lowest. A
   * node that says two VTEPs gets one copy: by that of IPv4, whose packets are smaller.
   *
   * @param reachable false for VTEPs that are none of the list
   */
  public SortedMap<IpAddress, Vni> floodList(Predicate<IpAddress> reachable) {
    var targets = floodRoutes.values().stream().filter(t -> reachable.test(t.vtep())).toList();
    var served = new TreeSet<Ipv4Address>();
    targets.stream()
        .filter(target -> target.vtep().isIpv4())
        .forEach(target -> target.router().ifPresent(served::add));
    var list = new TreeMap<IpAddress, Vni>();
    for (var target : targets) {
      boolean second =
          !target.vtep().isIpv4() && target.router().filter(served::contains).isPresent();
      if (!second) {
        list.merge(
            target.vtep(), target.vni(), (one, other) -> one.compareTo(other) <= 0 ? one : other);
      }
    }
    return list;
  }

  /** Counts distinct remote MACs. */
  public int macCount() {
    return byMac.size();
  }
}
