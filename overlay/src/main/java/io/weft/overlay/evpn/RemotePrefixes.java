package io.weft.overlay.evpn;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What other nodes say of one IP-VRF: hosts, by routes of Type 2 with two labels (RFC 9135 §5.2),
 * and prefixes, by routes of Type 5 without overlay index (RFC 9136 §4.4.1). A route without a
 * usable router's MAC says nothing here.
 */
public final class RemotePrefixes {
  /**
   * Where packets to a prefix go.
   *
   * @param host from a route of Type 2
   * @param vni the L3 VNI that the VTEP wants
   */
  public record RemotePrefix(
      IpPrefix prefix,
      boolean host,
      IpAddress vtep,
      Vni vni,
      MacAddress routerMac,
      boolean sticky,
      long sequence,
      long localPreference) {}

  /** How a VTEP takes routed packets. */
  public record Router(MacAddress mac, Vni vni) implements Comparable<Router> {
    @Override
    public int compareTo(Router other) {
      int order = mac.compareTo(other.mac);
      return order == 0 ? Integer.compare(vni.value(), other.vni.value()) : order;
    }
  }

  private static final long DEFAULT_LOCAL_PREFERENCE = 100;

  /**
   * A host by its own route first, by RFC 7432 §15; prefixes by preference; then the lower VTEP.
   */
  private static final Comparator<RemotePrefix> PREFERENCE =
      Comparator.comparing(RemotePrefix::host)
          .thenComparing(RemotePrefix::sticky)
          .thenComparingLong(RemotePrefix::sequence)
          .thenComparingLong(RemotePrefix::localPreference)
          .thenComparing(RemotePrefix::vtep, Comparator.reverseOrder());

  private static final Map<Route, RemotePrefix> NONE = new LinkedHashMap<>();

  private final Map<Route, RemotePrefix> byRoute = new LinkedHashMap<>();
  private final TreeMap<IpPrefix, Map<Route, RemotePrefix>> byPrefix = new TreeMap<>();

  /** How many routes of the VTEP say so. */
  private final TreeMap<IpAddress, TreeMap<Router, Integer>> routers = new TreeMap<>();

  /** Adds or replaces; empty when the route says nothing that an IP-VRF uses. */
  public Optional<RemotePrefix> put(Path path) {
    remove(path.route().key());
    var remote =
        switch (path.route()) {
          case MacIpAdvertisement route -> host(route, path);
          case IpPrefixRoute route -> prefix(route, path);
          default -> Optional.<RemotePrefix>empty();
        };
    remote.ifPresent(
        put -> {
          var key = path.route().key();
          byRoute.put(key, put);
          byPrefix.computeIfAbsent(put.prefix(), _ -> new LinkedHashMap<>()).put(key, put);
          count(put, 1);
        });
    return remote;
  }

  private static Optional<RemotePrefix> host(MacIpAdvertisement route, Path path) {
    if (route.ip().isEmpty() || route.label2().isEmpty()) {
      return Optional.empty();
    }
    var mobility = path.attributes().macMobility();
    var ip = route.ip().get();
    return remote(
        path,
        new IpPrefix(ip, ip.bits()),
        true,
        route.label2().getAsInt(),
        mobility.map(ExtendedCommunity::isSticky).orElse(false),
        mobility.map(ExtendedCommunity::mobilitySequence).orElse(0L));
  }

  private static Optional<RemotePrefix> prefix(IpPrefixRoute route, Path path) {
    return route.esi().isZero() && route.gateway().isUnspecified()
        ? remote(path, route.prefix(), false, route.label(), false, 0)
        : Optional.empty();
  }

  private static Optional<RemotePrefix> remote(
      Path path, IpPrefix prefix, boolean host, int label, boolean sticky, long sequence) {
    var routerMac =
        path.attributes().extendedCommunities().stream()
            .filter(ExtendedCommunity::isRoutersMac)
            .map(ExtendedCommunity::mac)
            .filter(mac -> !mac.isMulticast() && !mac.isZero())
            .findFirst();
    if (label == 0 || routerMac.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new RemotePrefix(
            prefix,
            host,
            path.attributes().nextHop(),
            new Vni(label),
            routerMac.get(),
            sticky,
            sequence,
            path.attributes().localPreference().orElse(DEFAULT_LOCAL_PREFERENCE)));
  }

  /** What the route with this key says. */
  public Optional<RemotePrefix> find(Route key) {
    return Optional.ofNullable(byRoute.get(key));
  }

  /** Forgets the route with this key; what it said, if anything. */
  public Optional<RemotePrefix> remove(Route key) {
    var gone = Optional.ofNullable(byRoute.remove(key));
    gone.ifPresent(
        remote -> {
          count(remote, -1);
          var routes = byPrefix.getOrDefault(remote.prefix(), new LinkedHashMap<>());
          routes.remove(key);
          if (routes.isEmpty()) {
            byPrefix.remove(remote.prefix());
          }
        });
    return gone;
  }

  private void count(RemotePrefix remote, int change) {
    var counts = routers.computeIfAbsent(remote.vtep(), _ -> new TreeMap<>());
    var router = new Router(remote.routerMac(), remote.vni());
    int count = counts.getOrDefault(router, 0) + change;
    if (count > 0) {
      counts.put(router, count);
    } else {
      counts.remove(router);
    }
    if (counts.isEmpty()) {
      routers.remove(remote.vtep());
    }
  }

  /** The best way to exactly this prefix. */
  public Optional<RemotePrefix> best(IpPrefix prefix) {
    return byPrefix.getOrDefault(prefix, NONE).values().stream().max(PREFERENCE);
  }

  /**
   * How the VTEP takes routed packets: it says one router's MAC for all (RFC 9136 §4.4.1); where it
   * says several, the lowest counts, whatever came first.
   */
  public Optional<Router> router(IpAddress vtep) {
    return Optional.ofNullable(routers.get(vtep)).map(TreeMap::firstKey);
  }

  /** All prefixes, sorted. */
  public Iterable<IpPrefix> prefixes() {
    return byPrefix.keySet();
  }

  /** All VTEPs, sorted. */
  public Iterable<IpAddress> vteps() {
    return routers.keySet();
  }

  /** Counts distinct prefixes. */
  public int count() {
    return byPrefix.size();
  }
}
