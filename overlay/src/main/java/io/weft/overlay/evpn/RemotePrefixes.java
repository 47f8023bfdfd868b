package io.weft.overlay.evpn;

import static java.util.Comparator.naturalOrder;

import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.PathAttributes.Origin;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.KeyTable;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What other nodes say of one IP-VRF: hosts, by routes of Type 2 with two labels (RFC 9135 §5.2),
 * and prefixes, by routes of Type 5: behind a router with its MAC (RFC 9136 §4.4.1), or behind a
 * gateway's address, which another route leads to (§4.4.2).
 */
public final class RemotePrefixes {
  /** Equal ways to one prefix at most; of more the lowest VTEPs are used. */
  public static final int MAX_WAYS = 64;

  /**
   * Who takes packets.
   *
   * @param vni that it wants: the route's label (RFC 8365 §5.1.3)
   */
  public record Router(Vni vni, MacAddress mac) {}

  /**
   * One way to a prefix: a router's, or an overlay index, one of both.
   *
   * @param route the key of the route that says so
   * @param prefix what is taken of it
   * @param said what the route says: the same, or a wider one
   * @param host from a route of Type 2
   * @param vtep who says so
   * @param node that has the VTEP, and perhaps another (decisions/0023), where it can be told
   * @param gateway address of the tenant that the prefix is behind
   * @param owner the tenant whose connection let it in; empty: it is the tenant's own
   */
  public record RemotePrefix(
      Route route,
      IpPrefix prefix,
      IpPrefix said,
      boolean host,
      IpAddress vtep,
      Optional<Ipv4Address> node,
      Optional<Router> router,
      Optional<IpAddress> gateway,
      Rank rank,
      String owner) {

    /** One of another tenant's, or of its only what lies in {@code part}, which it contains. */
    public RemotePrefix ownedBy(String other, IpPrefix part) {
      return new RemotePrefix(
          route, part, said, host && part.equals(said), vtep, node, router, gateway, rank, other);
    }

    /** True for the tenant's own that has this L3 VNI, or leads through an address in it. */
    public boolean isOwn(Vni vni) {
      return owner.isEmpty() && router.filter(r -> !r.vni().equals(vni)).isEmpty();
    }
  }

  /**
   * What makes a way better than another, the larger first: a host by RFC 7432 §15, then as RFC
   * 4271 §9.1.2.2 has it. The routes of two VTEPs have different distinguishers, so BGP has not
   * compared them yet. MULTI_EXIT_DISC does not count.
   *
   * @param sequence of the host's MAC mobility
   */
  public record Rank(
      boolean sticky, long sequence, long localPreference, int asPathLength, Origin origin)
      implements Comparable<Rank> {
    private static final Comparator<Rank> ORDER =
        Comparator.comparing(Rank::sticky)
            .thenComparingLong(Rank::sequence)
            .thenComparingLong(Rank::localPreference)
            .thenComparing(Rank::asPathLength, Comparator.reverseOrder())
            .thenComparing(Rank::origin, Comparator.reverseOrder());

    @Override
    public int compareTo(Rank other) {
      return ORDER.compare(this, other);
    }
  }

  /** Of ways that are equally good; the last two only so that the order of arrival is none. */
  private static final Comparator<RemotePrefix> ORDER =
      Comparator.comparing(RemotePrefix::vtep)
          .thenComparing(way -> way.router().map(router -> router.vni().value()).orElse(0))
          .thenComparing(way -> way.gateway().map(IpAddress::toString).orElse(""));

  private static final FewRoutes<RemotePrefix> FEW = new FewRoutes<>(RemotePrefix::route);
  private static final TreeMap<IpAddress, NavigableMap<MacAddress, Integer>> NOBODY =
      new TreeMap<>();

  /** The ways of routes that have several, or another prefix than they name: they are few. */
  private final Map<Route, List<RemotePrefix>> divided = new LinkedHashMap<>();

  private final KeyTable<IpPrefix, Object> byPrefix =
      new KeyTable<>(entry -> FEW.first(entry).prefix());

  /** All prefixes, once somebody has asked for them, until one comes or goes. */
  private @Nullable List<IpPrefix> sorted;

  private final TreeMap<IpAddress, NavigableMap<IpPrefix, Integer>> byGateway = new TreeMap<>();

  /** How many ways each other tenant has given. */
  private final TreeMap<String, Integer> owners = new TreeMap<>();

  /** How many routes of the VTEP say so, by the VNI that they ask for. */
  private final TreeMap<Vni, TreeMap<IpAddress, NavigableMap<MacAddress, Integer>>> routers =
      new TreeMap<>();

  /** Takes the place of what the route with this key said; each way of it has another prefix. */
  public void put(Route key, List<RemotePrefix> ways) {
    assert ways.stream().allMatch(way -> way.route().equals(key)) : key + " does not say " + ways;
    for (var gone : find(key)) {
      count(gone, -1);
      var left = FEW.without(byPrefix.get(gone.prefix()), key);
      if (left != null) {
        byPrefix.put(left);
      } else if (byPrefix.remove(gone.prefix()) != null) {
        sorted = null;
      }
    }
    for (var way : ways) {
      if (byPrefix.put(FEW.with(byPrefix.get(way.prefix()), way)) == null) {
        sorted = null;
      }
      count(way, 1);
    }
    if (ways.isEmpty() || ways.size() == 1 && named(key).equals(Optional.of(prefixOf(ways)))) {
      divided.remove(key);
    } else {
      divided.put(key, List.copyOf(ways));
    }
  }

  private static IpPrefix prefixOf(List<RemotePrefix> ways) {
    return ways.getFirst().prefix();
  }

  /** The keys of all routes that say something here, each once. */
  public Collection<Route> routes() {
    var routes = new LinkedHashSet<Route>();
    prefixes().forEach(prefix -> ways(prefix).forEach(way -> routes.add(way.route())));
    return routes;
  }

  /** What the route with this key says. */
  public List<RemotePrefix> find(Route key) {
    var several = divided.isEmpty() ? null : divided.get(key);
    if (several != null) {
      return several;
    }
    var way = named(key).map(prefix -> FEW.find(byPrefix.get(prefix), key));
    return way.map(List::of).orElse(List.of());
  }

  /** The prefix of the route itself; nearly always it is that of its only way. */
  private static Optional<IpPrefix> named(Route key) {
    return switch (key) {
      case MacIpAdvertisement host -> host.ip().map(ip -> new IpPrefix(ip, ip.bits()));
      case IpPrefixRoute route -> Optional.of(route.prefix());
      default -> Optional.empty();
    };
  }

  private void count(RemotePrefix remote, int change) {
    if (!remote.owner().isEmpty()) {
      int ways = owners.getOrDefault(remote.owner(), 0) + change;
      if (ways == 0) {
        owners.remove(remote.owner());
      } else {
        owners.put(remote.owner(), ways);
      }
    }
    remote.gateway().ifPresent(gateway -> count(byGateway, gateway, remote.prefix(), change));
    if (remote.router().isPresent()) {
      var router = remote.router().get();
      var vteps = routers.computeIfAbsent(router.vni(), _ -> new TreeMap<>());
      count(vteps, remote.vtep(), router.mac(), change);
      if (vteps.isEmpty()) {
        routers.remove(router.vni());
      }
    }
  }

  private static <K, V extends Comparable<V>> void count(
      Map<K, NavigableMap<V, Integer>> table, K key, V value, int change) {
    var counts = table.computeIfAbsent(key, _ -> new TreeMap<>());
    int count = counts.getOrDefault(value, 0) + change;
    if (count > 0) {
      counts.put(value, count);
    } else {
      counts.remove(value);
    }
    if (counts.isEmpty()) {
      table.remove(key);
    }
  }

  /** The prefixes behind a gateway's address, sorted. */
  public List<IpPrefix> behind(IpAddress gateway) {
    var prefixes = byGateway.get(gateway);
    return prefixes == null ? List.of() : List.copyOf(prefixes.keySet());
  }

  /** The gateways' addresses that prefixes are behind, sorted. */
  public List<IpAddress> gateways() {
    return List.copyOf(byGateway.keySet());
  }

  /**
   * The best ways to exactly this prefix, all equally good, sorted by VTEP and VNI; {@link
   * #MAX_WAYS} at most. Of the two VTEPs of one node that of IPv4 counts. A host is at one place:
   * of two the lower VTEP counts, then the lower VNI. Ways in the tenant's own VNI come before
   * foreign ones, whatever these promise; of two other tenants' only the first's count, and of
   * those that were wider the narrowest, as in the other tenant.
   *
   * @param own the tenant's L3 VNI
   * @param here this node's own VTEPs, which are nearest
   */
  public List<RemotePrefix> best(
      IpPrefix prefix, Vni own, List<IpAddress> here, Predicate<RemotePrefix> usable) {
    var ways = FEW.said(byPrefix.get(prefix));
    if (ways.size() == 1) { // nearly always
      var only = ways.iterator().next();
      return usable.test(only) ? List.of(only) : List.of();
    }
    var order =
        Comparator.comparing((RemotePrefix way) -> way.isOwn(own))
            .thenComparing(RemotePrefix::owner, Comparator.reverseOrder())
            .thenComparingInt(way -> way.said().length())
            .thenComparing(way -> way.host())
            .thenComparing(way -> way.rank())
            .thenComparing(way -> here.contains(way.vtep()));
    var best = new ArrayList<RemotePrefix>();
    for (var way : ways) {
      if (usable.test(way)) {
        int better = best.isEmpty() ? 0 : order.compare(way, best.getFirst());
        if (better > 0) {
          best.clear();
        }
        if (better >= 0) {
          best.add(way);
        }
      }
    }
    dropSecondVteps(best);
    best.sort(ORDER);
    boolean single = !best.isEmpty() && best.getFirst().host();
    return List.copyOf(best.subList(0, Math.min(best.size(), single ? 1 : MAX_WAYS)));
  }

  private static void dropSecondVteps(List<RemotePrefix> ways) {
    if (ways.stream().map(way -> way.vtep().isIpv4()).distinct().count() < 2) {
      return;
    }
    var served = new TreeSet<Ipv4Address>();
    ways.stream()
        .filter(way -> way.vtep().isIpv4())
        .forEach(way -> way.node().ifPresent(served::add));
    ways.removeIf(way -> !way.vtep().isIpv4() && way.node().filter(served::contains).isPresent());
  }

  /**
   * The MAC by which the VTEP takes packets in this VNI: it says one for all (RFC 9136 §4.4.1);
   * where it says several, the lowest counts, whatever came first.
   */
  public Optional<MacAddress> router(Vni vni, IpAddress vtep) {
    return Optional.ofNullable(routers.getOrDefault(vni, NOBODY).get(vtep))
        .map(NavigableMap::firstKey);
  }

  /** All prefixes, sorted. */
  public List<IpPrefix> prefixes() {
    if (sorted == null) {
      sorted = Collections.unmodifiableList(byPrefix.keys(naturalOrder()));
    }
    return sorted;
  }

  /** The prefixes from this one on, or all; sorted. */
  public List<IpPrefix> prefixesFrom(Optional<IpPrefix> first) {
    var all = prefixes();
    int found = first.map(prefix -> Collections.binarySearch(all, prefix)).orElse(0);
    return all.subList(found >= 0 ? found : -found - 1, all.size());
  }

  /** All ways to exactly this prefix, usable or not. */
  public Collection<RemotePrefix> ways(IpPrefix prefix) {
    return FEW.said(byPrefix.get(prefix));
  }

  /** The VNIs that are asked for, sorted. */
  public NavigableSet<Vni> vnis() {
    return new TreeSet<>(routers.keySet());
  }

  /** The VTEPs that ask for this VNI, sorted. */
  public Iterable<IpAddress> vteps(Vni vni) {
    return routers.getOrDefault(vni, NOBODY).keySet();
  }

  /** How many ways connections have let in of other tenants, by their names. */
  public SortedMap<String, Integer> owners() {
    return Collections.unmodifiableSortedMap(owners);
  }

  /** Counts distinct prefixes. */
  public int count() {
    return byPrefix.size();
  }
}
