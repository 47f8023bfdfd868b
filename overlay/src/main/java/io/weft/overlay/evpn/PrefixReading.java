package io.weft.overlay.evpn;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import io.weft.overlay.evpn.RemotePrefixes.Rank;
import io.weft.overlay.evpn.RemotePrefixes.RemotePrefix;
import io.weft.overlay.evpn.RemotePrefixes.Router;
import java.util.Optional;

/**
 * What an IP-VRF reads in a route.
 *
 * @param prefix empty where it can use nothing of it
 * @param obstacle why not, for people; empty text also for routes that are not meant for it
 */
public record PrefixReading(Optional<RemotePrefix> prefix, String obstacle) {
  private static final long DEFAULT_LOCAL_PREFERENCE = 100;

  /** Reads a route of any type. */
  public static PrefixReading of(Path path) {
    return switch (path.route()) {
      case MacIpAdvertisement route -> host(route, path);
      case IpPrefixRoute route -> prefix(route, path);
      default -> nothing("");
    };
  }

  /** Why an IP-VRF can use nothing of a route, as {@link #obstacle}; empty text: it can. */
  public static String obstacle(Route route, PathAttributes attributes) {
    return of(new Path(route, attributes, attributes.nextHop(), new Ipv4Address(0), false))
        .obstacle();
  }

  private static PrefixReading nothing(String obstacle) {
    return new PrefixReading(Optional.empty(), obstacle);
  }

  private static PrefixReading host(MacIpAdvertisement route, Path path) {
    if (route.ip().isEmpty() || route.label2().isEmpty()) {
      return nothing("");
    }
    var mobility = path.attributes().macMobility();
    var ip = route.ip().get();
    var rank =
        rank(
            path.attributes(),
            mobility.map(ExtendedCommunity::isSticky).orElse(false),
            mobility.map(ExtendedCommunity::mobilitySequence).orElse(0L));
    var prefix = new IpPrefix(ip, ip.bits());
    return behindRouter(path, route.rd(), prefix, true, route.label2().getAsInt(), rank);
  }

  /** RFC 9136 §3.2, table 1: which overlay index a route has. */
  private static PrefixReading prefix(IpPrefixRoute route, Path path) {
    var rank = rank(path.attributes(), false, 0);
    if (route.gateway().isUnspecified()) {
      return route.esi().isZero()
          ? behindRouter(path, route.rd(), route.prefix(), false, route.label(), rank)
          : nothing("an Ethernet segment as overlay index (RFC 9136 §4.3) is not carried out");
    }
    if (!route.esi().isZero()) {
      return nothing(
          "it has both an Ethernet segment and a gateway's address, which RFC 9136 §3.2 forbids");
    }
    if (route.prefix().contains(route.gateway())
        && route.prefix().length() == route.gateway().bits()) {
      return nothing("its gateway is its own prefix");
    }
    return found(
        new RemotePrefix(
            path.key(),
            route.prefix(),
            route.prefix(),
            false,
            path.attributes().nextHop(),
            route.rd().router(),
            Optional.empty(),
            Optional.of(route.gateway()),
            rank,
            ""));
  }

  private static PrefixReading found(RemotePrefix prefix) {
    return new PrefixReading(Optional.of(prefix), "");
  }

  private static PrefixReading behindRouter(
      Path path, RouteDistinguisher rd, IpPrefix prefix, boolean host, int label, Rank rank) {
    var mac = router(path.attributes());
    if (label == 0 || mac.isEmpty()) {
      return nothing(
          label == 0
              ? "it has no L3 VNI (label 0)"
              : "it has no usable router's MAC (RFC 9135 §8.1)");
    }
    return found(
        new RemotePrefix(
            path.key(),
            prefix,
            prefix,
            host,
            path.attributes().nextHop(),
            rd.router(),
            Optional.of(new Router(new Vni(label), mac.get())),
            Optional.empty(),
            rank,
            ""));
  }

  private static Optional<MacAddress> router(PathAttributes attributes) {
    for (var community : attributes.extendedCommunities()) {
      if (community.isRoutersMac() && isUsable(community.mac())) {
        return Optional.of(community.mac());
      }
    }
    return Optional.empty();
  }

  private static boolean isUsable(MacAddress mac) {
    return !mac.isMulticast() && !mac.isZero();
  }

  private static Rank rank(PathAttributes attributes, boolean sticky, long sequence) {
    return new Rank(
        sticky,
        sequence,
        attributes.localPreference().orElse(DEFAULT_LOCAL_PREFERENCE),
        attributes.asPath().length(),
        attributes.origin());
  }
}
