package io.weft.agent.kernel;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.RouteType;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv6Address;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.UnderlayRoute;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The routes of the underlay's main table that BGP gave us. Ours are those of protocol {@link
 * Route#BGP} and metric {@link #METRIC}, as other BGP daemons mark theirs too: there must be no
 * other one that writes into this table. A route of anybody else's is never replaced. One thread
 * owns it.
 */
final class UnderlayRoutes implements AutoCloseable {
  /** Behind what an administrator sets by hand, before what a routing daemon gives to others. */
  static final int METRIC = 20;

  private static final Logger LOG = LoggerFactory.getLogger(UnderlayRoutes.class);

  /** A look reads the whole table: not more often, however often it changes. */
  static final long PAUSE_NANOS = 1_000_000_000L;

  private final Rtnetlink rtnetlink;
  private final NetlinkMonitor monitor;
  private final TreeMap<IpPrefix, UnderlayRoute> believed = new TreeMap<>();
  private final TreeMap<Integer, String> links = new TreeMap<>();
  private boolean doubtful = true;

  /** Doubtful because somebody changed a route, not because the kernel took some away. */
  private boolean touched;

  private long lastLook = System.nanoTime() - PAUSE_NANOS;

  /** Opens the network namespace of the calling thread. */
  UnderlayRoutes() {
    rtnetlink = Rtnetlink.open();
    try {
      monitor = NetlinkMonitor.openWithRoutesIn("/proc/thread-self/ns/net");
    } catch (RuntimeException e) {
      rtnetlink.close();
      throw e;
    }
  }

  // ---- reading ----------------------------------------------------------------------------

  /** All that stands and is ours. */
  List<ForwardingObject> dump() {
    monitor.drain(); // what was told before is in the dump
    var standing = read();
    believed.clear();
    standing.forEach(route -> believed.put(route.prefix(), route));
    return List.copyOf(standing);
  }

  private List<UnderlayRoute> read() {
    readLinks();
    var standing = new ArrayList<UnderlayRoute>();
    for (var route : rtnetlink.routes()) {
      if (isOurs(route)) {
        standing.add(object(route));
      }
    }
    doubtful = false;
    lastLook = System.nanoTime();
    return standing;
  }

  private void readLinks() {
    links.clear();
    rtnetlink.links().forEach(link -> links.put(link.index(), link.name()));
  }

  private static boolean isOurs(Route route) {
    return route.protocol() == Route.BGP
        && route.metric().equals(OptionalInt.of(METRIC))
        && route.table() == Route.MAIN_TABLE
        && route.type() == RouteType.UNICAST
        && route.nextHops().stream().allMatch(hop -> hop.via().isPresent())
        && !route.nextHops().isEmpty();
  }

  private UnderlayRoute object(Route route) {
    return new UnderlayRoute(route.prefix(), route.nextHops().stream().map(this::hop).toList());
  }

  private IpAddress hop(NextHop hop) {
    var via = hop.via().orElseThrow();
    var link = hop.link().isPresent() ? links.get(hop.link().getAsInt()) : null;
    return via instanceof Ipv6Address v6 && v6.isLinkLocal() && link != null
        ? v6.withZone(link)
        : via;
  }

  // ---- writing ----------------------------------------------------------------------------

  /** Works through the changes in bulk; what is refused is added to {@code refusals}. */
  void apply(List<KernelChange> changes, List<Refusal> refusals) {
    var asked = new ArrayList<KernelChange>();
    var requests = new ArrayList<Request>();
    for (var change : changes) {
      try {
        requests.add(request(change));
        asked.add(change);
      } catch (IllegalArgumentException e) {
        refusals.add(new Refusal(change.key(), String.valueOf(e.getMessage())));
      }
    }
    try {
      var outcomes = rtnetlink.execute(requests);
      for (int i = 0; i < requests.size(); i++) {
        var failure = outcomes.get(i);
        if (failure.isEmpty()
            || requests.get(i) instanceof Request.DeleteRoute && failure.get().notThere()) {
          believe(asked.get(i));
        } else {
          refusals.add(new Refusal(asked.get(i).key(), failure.get().toString()));
          doubtful = true;
        }
      }
    } catch (LinuxException e) {
      doubtful = true; // the socket failed, not a request: which of them took effect is unknown
      asked.forEach(
          change -> refusals.add(new Refusal(change.key(), String.valueOf(e.getMessage()))));
    }
  }

  /** A route that is not known to be ours is only added: the kernel refuses where one stands. */
  private Request request(KernelChange change) {
    return switch (change) {
      case KernelChange.Put(UnderlayRoute route) when believed.containsKey(route.prefix()) ->
          new Request.ReplaceRoute(route(route));
      case KernelChange.Put(UnderlayRoute route) -> new Request.AddRoute(route(route));
      case KernelChange.Remove(UnderlayRoute route) ->
          new Request.DeleteRoute(
              Route.of(route.prefix()).withProtocol(Route.BGP).withMetric(METRIC));
      case KernelChange.Put _, KernelChange.Remove _ ->
          throw new IllegalStateException("not a route: " + change);
    };
  }

  private Route route(UnderlayRoute route) {
    var hops = route.nextHops().stream().map(this::nextHop).toArray(NextHop[]::new);
    return Route.of(route.prefix(), hops).withProtocol(Route.BGP).withMetric(METRIC);
  }

  /** An IPv6 neighbour has IPv4 packets sent to it without any IPv4 prefix on the link. */
  private NextHop nextHop(IpAddress address) {
    var link = address.linkName();
    return link.isEmpty()
        ? NextHop.via(address)
        : NextHop.via(address.withoutZone(), index(link.get()));
  }

  private int index(String name) {
    for (var link : links.entrySet()) {
      if (link.getValue().equals(name)) {
        return link.getKey();
      }
    }
    var link = rtnetlink.link(name);
    if (link.isEmpty()) {
      throw new IllegalArgumentException("there is no interface '" + name + "'");
    }
    links.put(link.get().index(), name);
    return link.get().index();
  }

  private void believe(KernelChange change) {
    switch (change) {
      case KernelChange.Put(UnderlayRoute route) -> believed.put(route.prefix(), route);
      case KernelChange.Remove(UnderlayRoute route) -> believed.remove(route.prefix());
      case KernelChange.Put _, KernelChange.Remove _ -> {}
    }
  }

  // ---- what others do ---------------------------------------------------------------------

  void doubt() {
    doubtful = true;
  }

  /**
   * What others have changed since the last call. A notice that is not the echo of our own writing
   * makes the whole table be read; so does any change of a link or address, with which the kernel
   * takes routes away and does not say so.
   */
  List<Observation> drain() {
    var last = new TreeMap<IpPrefix, Optional<UnderlayRoute>>();
    for (var notice : monitor.drain()) {
      switch (notice) {
        case KernelNotice.RouteChanged(var route, boolean gone) -> {
          boolean concerns =
              route.table() == Route.MAIN_TABLE
                  && route.metric().equals(OptionalInt.of(METRIC))
                  && (isOurs(route) || believed.containsKey(route.prefix()));
          if (concerns) {
            last.put(
                route.prefix(),
                gone || !isOurs(route) ? Optional.empty() : Optional.of(object(route)));
          }
        }
        case KernelNotice.LinkChanged _,
            KernelNotice.LinkGone _,
            KernelNotice.AddressChanged _,
            KernelNotice.Overrun _ ->
            doubtful = true;
        case KernelNotice.BridgePortChanged _,
            KernelNotice.FdbChanged _,
            KernelNotice.MdbChanged _,
            KernelNotice.RuleChanged _,
            KernelNotice.SettingChanged _,
            KernelNotice.NeighbourChanged _ -> {}
      }
    }
    boolean others =
        last.entrySet().stream()
            .anyMatch(
                seen -> !seen.getValue().equals(Optional.ofNullable(believed.get(seen.getKey()))));
    touched |= others;
    doubtful |= others;
    return doubtful && System.nanoTime() - lastLook >= PAUSE_NANOS ? compare(!touched) : List.of();
  }

  private List<Observation> compare(boolean consequence) {
    touched = false;
    var before = new TreeMap<>(believed);
    believed.clear();
    var news = new ArrayList<Observation>();
    for (var route : read()) {
      believed.put(route.prefix(), route);
      if (!route.equals(before.remove(route.prefix()))) {
        news.add(new Observation(route.key(), Optional.of(route), consequence));
      }
    }
    for (var prefix : before.keySet()) {
      ForwardingKey key = UnderlayRoute.key(prefix);
      news.add(new Observation(key, Optional.empty(), consequence));
    }
    if (!news.isEmpty()) {
      LOG.debug("{} routes of the underlay are not as they were written", news.size());
    }
    return news;
  }

  @Override
  public void close() {
    monitor.close();
    rtnetlink.close();
  }
}
