package io.weft.agent.json;

import io.weft.bgp.rib.KeySelection;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteText;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import java.util.Optional;
import java.util.function.Predicate;

/** Which routes somebody asks about: one by its text, or all with a MAC, an IP or a prefix. */
public final class RouteQuestion {
  private final Optional<Route> key;
  private final KeySelection keys;
  private final Predicate<Route> meant;

  private RouteQuestion(Optional<Route> key, KeySelection keys, Predicate<Route> meant) {
    this.key = key;
    this.keys = keys;
    this.meant = meant;
  }

  private static RouteQuestion among(KeySelection keys, Predicate<Route> meant) {
    return new RouteQuestion(Optional.empty(), keys, meant);
  }

  /**
   * Reads {@code [2] 10.0.0.1:1 tag 0 02:00:00:00:00:01}, {@code 02:00:00:00:00:01}, {@code
   * 10.1.1.1} or {@code 10.1.0.0/16}.
   *
   * @throws IllegalArgumentException in words, for any other text
   */
  public static RouteQuestion parse(String typed) {
    var text = typed.strip();
    if (text.startsWith("[") || text.startsWith("rt:")) {
      var key = RouteText.parse(text).key();
      return new RouteQuestion(
          Optional.of(key), KeySelection.ALL, route -> route.key().equals(key));
    }
    if (text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
      var mac = MacAddress.parse(text);
      return among(
          KeySelection.holding(Octets.of(mac.octets())),
          route -> route instanceof EvpnRoute.MacIpAdvertisement r && r.mac().equals(mac));
    }
    if (text.indexOf('/') >= 0) {
      var prefix = IpPrefix.parse(text);
      return among(
          RouteFilter.keysOf(prefix), route -> prefix(route).filter(prefix::equals).isPresent());
    }
    try {
      var ip = IpAddress.parse(text);
      return among(KeySelection.ALL, route -> concerns(route, ip));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is neither a route as 'weft routes --json' prints it, nor a MAC, an IP or a"
              + " prefix",
          e);
    }
  }

  /** The only route that is meant. */
  public Optional<Route> key() {
    return key;
  }

  /** What the keys of all that is meant have in common. */
  public KeySelection keys() {
    return keys;
  }

  public boolean means(Route route) {
    return meant.test(route);
  }

  /** True when what an endpoint says of the prefix is an answer. */
  public boolean means(IpPrefix prefix) {
    return means(new UnicastRoute(prefix))
        || key.flatMap(RouteQuestion::prefix).filter(prefix::equals).isPresent();
  }

  private static Optional<IpPrefix> prefix(Route route) {
    if (route instanceof UnicastRoute(var prefix)) {
      return Optional.of(prefix);
    }
    return route instanceof EvpnRoute.IpPrefixRoute r ? Optional.of(r.prefix()) : Optional.empty();
  }

  private static boolean concerns(Route route, IpAddress ip) {
    if (route instanceof EvpnRoute.MacIpAdvertisement r) {
      return r.ip().filter(ip::equals).isPresent();
    }
    if (route instanceof EvpnRoute.InclusiveMulticast r) {
      return r.originator().equals(ip);
    }
    return prefix(route).filter(prefix -> prefix.contains(ip)).isPresent();
  }
}
