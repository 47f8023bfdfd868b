package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv6Address;
import io.weft.overlay.forwarding.ForwardingObject.UnderlayRoute;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The underlay's routing as a node does it: what its unicast peers say becomes routes of the
 * kernel, and its VTEPs are announced to them. It is no router: what one peer says is for itself
 * alone and goes to no other.
 */
final class UnderlayRouting {
  private final ForwardingPlan plan;
  private final TreeMap<IpPrefix, List<Path>> learned = new TreeMap<>();
  private final TreeSet<IpAddress> neighbours = new TreeSet<>();
  private UnderlayIntent intent = UnderlayIntent.NONE;
  private List<IpAddress> vteps = List.of();

  UnderlayRouting(ForwardingPlan plan) {
    this.plan = plan;
  }

  /** From now on this is wanted. */
  void change(NodeIntent newIntent, Underlay underlay) {
    intent = newIntent.underlay();
    vteps = underlay.vteps();
    neighbours.clear();
    newIntent.peers().stream()
        .filter(UnderlayRouting::speaksUnicast)
        .map(PeerConfig::address)
        .forEach(neighbours::add);
    learned.keySet().forEach(this::decide);
  }

  private static boolean speaksUnicast(PeerConfig peer) {
    return peer.families().contains(Family.IPV4_UNICAST)
        || peer.families().contains(Family.IPV6_UNICAST);
  }

  /** The paths to a prefix that count as equal, best first; none: it is no more. */
  void learn(UnicastRoute route, List<Path> paths) {
    if (paths.isEmpty()) {
      learned.remove(route.prefix());
    } else {
      learned.put(route.prefix(), List.copyOf(paths));
    }
    decide(route.prefix());
  }

  private void decide(IpPrefix prefix) {
    var hops =
        learned.getOrDefault(prefix, List.of()).stream()
            .flatMap(path -> nextHop(path).stream())
            .distinct()
            .limit(intent.maximumPaths())
            .toList();
    if (hops.isEmpty() || !isForOthers(prefix)) {
      plan.undesire(UnderlayRoute.key(prefix));
    } else {
      plan.desire(new UnderlayRoute(prefix, hops));
    }
  }

  /**
   * False for what this host reaches by itself: its own VTEPs, and a neighbour, which is on the
   * link and would otherwise be looked for behind itself or behind another neighbour; and for
   * addresses that no router forwards to.
   */
  private boolean isForOthers(IpPrefix prefix) {
    var address = prefix.address();
    boolean host = prefix.length() == address.bits();
    boolean here = host && (vteps.contains(address) || isNeighbour(address));
    boolean local =
        prefix.length() > 0
            && (address.isMulticast()
                || address.isLoopback()
                || address.isLinkLocal()
                || address.isUnspecified());
    return !here && !local;
  }

  private boolean isNeighbour(IpAddress address) {
    return neighbours.stream().anyMatch(neighbour -> neighbour.withoutZone().equals(address));
  }

  /**
   * Where a path leads. On an unnumbered link that is a link-local address there: the one that was
   * said, or the peer itself, who alone is at the other end. A link-local next hop of a peer
   * elsewhere leads nowhere (RFC 2545 §2).
   */
  private Optional<IpAddress> nextHop(Path path) {
    var said = path.attributes().nextHop();
    var link = path.peer().linkName();
    if (link.isPresent()) {
      return Optional.of(
          said instanceof Ipv6Address v6 && v6.isLinkLocal()
              ? v6.withZone(link.get())
              : path.peer());
    }
    boolean usable = !said.isUnspecified() && !said.isLinkLocal() && !vteps.contains(said);
    return Optional.of(said).filter(_ -> usable);
  }

  /** What the node announces of the underlay. The next hop is set for each peer as it is told. */
  List<OriginatedRoute> routes() {
    return vteps.stream()
        .filter(_ -> intent.announceVtep())
        .map(
            address ->
                new OriginatedRoute(
                    new UnicastRoute(new IpPrefix(address, address.bits())),
                    PathAttributes.originated(address, List.of(), Optional.empty())))
        .toList();
  }
}
