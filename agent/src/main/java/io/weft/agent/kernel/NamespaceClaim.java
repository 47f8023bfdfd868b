package io.weft.agent.kernel;

import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.RouteType;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AddressPlan;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What makes a namespace the agent's: its name, the mark on its loopback, the routes that it ends
 * in, and settings that only files tell of. One thread owns it.
 */
final class NamespaceClaim {
  private static final Logger LOG = LoggerFactory.getLogger(NamespaceClaim.class);

  private static final List<IpPrefix> EVERYWHERE =
      List.of(IpPrefix.parse("0.0.0.0/0"), IpPrefix.parse("::/0"));

  /** The largest that a route of IPv6 has too; a lower metric wins. */
  private static final int LAST_METRIC = Integer.MAX_VALUE;

  /** Of each namespace (LOOPBACK_IFINDEX, net/flow.h). */
  private static final int LOOPBACK = 1;

  private final String namespace;
  private final Rtnetlink rtnetlink;
  private final NamespaceSettings settings;
  private final Ipv6Forwarding ipv6;

  /** Empty until it is claimed: then nothing is missing. */
  private Optional<String> mark = Optional.empty();

  /** It had its name when it was last looked at, and no mount has come or gone since. */
  private boolean named;

  /** The loopback's checksum when it last had the mark. */
  private Optional<Integer> marked = Optional.empty();

  private boolean restrained;
  private boolean endsStand;

  NamespaceClaim(
      String namespace, Rtnetlink rtnetlink, NamespaceSettings settings, Ipv6Forwarding ipv6) {
    this.namespace = namespace;
    this.rtnetlink = rtnetlink;
    this.settings = settings;
    this.ipv6 = ipv6;
  }

  /**
   * True when this agent made it: the loopback's alias says so. What merely has a name that begins
   * like ours belongs to someone else. The kernel tells nobody of what changes at a link that is
   * down, as the loopback is.
   */
  boolean isMarked(String prefix) {
    var now = rtnetlink.linkChecksum(LOOPBACK);
    if (marked.isPresent() && marked.equals(now)) {
      return true;
    }
    boolean there =
        rtnetlink.link(LOOPBACK).flatMap(Link::alias).filter(mark(prefix)::equals).isPresent();
    marked = now.filter(_ -> there);
    return there;
  }

  private static String mark(String prefix) {
    return "weft1 " + prefix;
  }

  /**
   * Makes it ours: it ends in unreachable routes, behind any other, so that no packet finds a way
   * by chance, and has the mark. Writes what is missing only.
   */
  void put(String prefix) {
    keepName();
    restrained = settings.restrain(namespace);
    ipv6.claim(namespace);
    var standing = rtnetlink.routes();
    for (var end : ends()) {
      if (!stands(end, standing)) {
        rtnetlink.execute(new Request.ReplaceRoute(end));
      }
      // An earlier version gave it no metric: no other default route could come before it.
      standing.stream()
          .filter(route -> route.type() == RouteType.UNREACHABLE)
          .filter(route -> route.prefix().equals(end.prefix()) && !isEnd(route))
          .filter(route -> route.protocol() == Route.STATIC)
          .forEach(route -> rtnetlink.executeIfThere(new Request.DeleteRoute(route)));
    }
    if (!isMarked(prefix)) {
      rtnetlink.execute(new Request.SetLink(LOOPBACK, LinkSettings.NONE.withAlias(mark(prefix))));
    }
    mark = Optional.of(prefix);
    endsStand = true;
  }

  /**
   * Ends the ports of endpoints that nobody knows: an agent died after it made one, and before it
   * gave it its alias. The pod's end goes with it.
   */
  void endUnnamedPorts() {
    for (var link : rtnetlink.links()) {
      if (link.kind().equals("veth")
          && link.alias().isEmpty()
          && link.name().startsWith(AddressPlan.PORT)) {
        rtnetlink.executeIfThere(new Request.DeleteLink(link.index()));
      }
    }
  }

  private static List<Route> ends() {
    return EVERYWHERE.stream()
        .map(prefix -> Route.unreachable(prefix).withMetric(LAST_METRIC))
        .toList();
  }

  private static boolean stands(Route end, Collection<Route> standing) {
    return standing.stream().anyMatch(route -> isEnd(route) && route.prefix().equals(end.prefix()));
  }

  /** One of the routes that the namespace ends in. */
  static boolean isEnd(Route route) {
    return route.type() == RouteType.UNREACHABLE
        && EVERYWHERE.contains(route.prefix())
        && route.metric().orElse(0) == LAST_METRIC;
  }

  /** Gives the namespace its name back when someone took it away: without it nobody can enter. */
  private void keepName() {
    if (!isNamed()) {
      NetworkNamespaces.deleteIfExists(namespace);
      NetworkNamespaces.name(rtnetlink.namespace(), namespace);
      LOG.warn("network namespace {} had lost its name; it has it again", namespace);
    }
  }

  private boolean isNamed() {
    named = named || NetworkNamespaces.isNamed(rtnetlink.namespace(), namespace);
    return named;
  }

  /** A mount came or went: names of namespaces are mounts. */
  void suspectName() {
    named = false;
  }

  /** Somebody touched the routes that it ends in. */
  void suspect() {
    endsStand = false;
  }

  /** True when all of it stands. Routes are looked at when told, the rest each time. */
  boolean isWhole() {
    if (mark.isEmpty()) {
      return true;
    }
    if (!endsStand) {
      var standing = rtnetlink.routes();
      endsStand = ends().stream().allMatch(end -> stands(end, standing));
    }
    return endsStand
        && isNamed()
        && isMarked(mark.get())
        && (!restrained || settings.isRestrained())
        && ipv6.isClaimed();
  }
}
