package io.weft.agent.intent;

import io.weft.bgp.rib.NextHop;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.SessionOptions;
import io.weft.bgp.speaker.SessionOptions.AddPathMode;
import io.weft.bgp.speaker.SessionOptions.Excess;
import io.weft.bgp.wire.Family;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.PeerFamily;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * From what a Fabric says of its neighbours to what a speaker is told of them.
 *
 * @param self our own addresses, those that are known: never a neighbour, and our ends of the
 *     sessions
 * @param reflector true where this is one: neighbours of our AS out of {@link
 *     FabricSpec#reflectorClients} are its clients
 */
record PeerWords(FabricSpec fabric, List<IpAddress> self, boolean reflector) {
  /**
   * Neighbours at an address: those of {@code peers}, then the reflectors. What is said of a
   * reflector's address among the peers holds for it.
   */
  List<PeerConfig> peers() {
    var peers = new ArrayList<PeerConfig>();
    for (var peer : fabric.peers()) {
      if (peer.remote() instanceof Remote.AtAddress(var address) && !isSelf(address)) {
        peers.add(peer(peer, address, isClient(peer, address, address.bits()), false));
      }
    }
    for (var address : fabric.reflectors().addresses()) {
      if (!isSelf(address) && !isPeer(address) && isSpokenTo(address)) {
        var config = new PeerConfig(address, fabric.asn(), false, false);
        peers.add(config.withLocalAddress(localAddress(address)));
      }
    }
    return peers;
  }

  /** Neighbours who come out of a range; on a reflector its clients too. */
  List<PeerRange> ranges() {
    var ranges = new ArrayList<PeerRange>();
    for (var peer : fabric.peers()) {
      if (peer.remote() instanceof Remote.InRange(var range)) {
        boolean client = isClient(peer, range.address(), range.length());
        ranges.add(new PeerRange(range, peer(peer, range.address(), client, true)));
      }
    }
    if (reflector) {
      fabric.reflectorClients().stream()
          .map(range -> PeerRange.clients(range, fabric.asn()))
          .forEach(ranges::add);
    }
    return ranges;
  }

  private boolean isSelf(IpAddress address) {
    return self.contains(address);
  }

  /**
   * Where nodes have VTEPs of both families, the reflectors have addresses of both. One session is
   * enough: over IPv6 where the node can, since packets go over IPv4 where they can. So the loss of
   * that VTEP is told at once, and no second session keeps what was said before.
   */
  private boolean isSpokenTo(IpAddress reflector) {
    if (!fabric.isDual() || self.isEmpty()) {
      return true;
    }
    var reached =
        fabric.reflectors().addresses().stream()
            .filter(address -> localAddress(address).isPresent())
            .toList();
    boolean ipv6 = reached.stream().anyMatch(address -> !address.isIpv4());
    return reached.contains(reflector) && reflector.isIpv4() != ipv6;
  }

  private boolean isPeer(IpAddress address) {
    return fabric.peers().stream()
        .anyMatch(peer -> peer.remote().equals(new Remote.AtAddress(address)));
  }

  private boolean isClient(PeerSpec peer, IpAddress address, int length) {
    return reflector
        && as(peer).isInternal(fabric.asn())
        && !fabric.reflectors().addresses().contains(address)
        && fabric.reflectorClients().stream()
            .anyMatch(range -> range.length() <= length && range.contains(address));
  }

  private PeerConfig peer(PeerSpec peer, IpAddress address, boolean client, boolean passive) {
    return new PeerConfig(
        address,
        as(peer),
        client,
        passive,
        families(peer),
        localAddress(address),
        nextHop(peer),
        options(peer),
        PolicyWords.policy(fabric, peer.importPolicy()),
        PolicyWords.policy(fabric, peer.exportPolicy()));
  }

  /** Connections leave from our address where it is of the neighbour's IP version. */
  private Optional<IpAddress> localAddress(IpAddress peer) {
    return self.stream().filter(address -> address.bits() == peer.bits()).findFirst();
  }

  private PeerAs as(PeerSpec peer) {
    return switch (peer.as()) {
      case PeerSpec.PeerAs.Exact(var as) -> PeerAs.of(as);
      case PeerSpec.PeerAs.Internal _ -> PeerAs.of(fabric.asn());
      case PeerSpec.PeerAs.External _ -> new PeerAs.External();
    };
  }

  /** With EVPN inside our AS go the route targets that each side wants (RFC 4684). */
  private List<Family> families(PeerSpec peer) {
    var families = new ArrayList<>(peer.families().stream().map(PeerWords::family).toList());
    if (families.contains(Family.L2VPN_EVPN) && as(peer).isInternal(fabric.asn())) {
      families.add(Family.ROUTE_TARGET);
    }
    return families;
  }

  static Family family(PeerFamily family) {
    return switch (family) {
      case IPV4_UNICAST -> Family.IPV4_UNICAST;
      case IPV6_UNICAST -> Family.IPV6_UNICAST;
      case L2VPN_EVPN -> Family.L2VPN_EVPN;
    };
  }

  private static NextHop nextHop(PeerSpec peer) {
    return peer.nextHop()
        .map(
            hop ->
                switch (hop) {
                  case SELF -> NextHop.SELF;
                  case UNCHANGED -> NextHop.UNCHANGED;
                })
        .orElse(NextHop.AUTOMATIC);
  }

  private static SessionOptions options(PeerSpec peer) {
    return new SessionOptions(
        peer.holdSeconds(),
        peer.allowAsIn(),
        peer.maximumPrefixes().map(PeerWords::maximum),
        peer.shutdown(),
        switch (peer.addPath()) {
          case NONE -> AddPathMode.NONE;
          case SEND -> AddPathMode.SEND;
          case RECEIVE -> AddPathMode.RECEIVE;
          case BOTH -> AddPathMode.BOTH;
        });
  }

  private static SessionOptions.MaximumPrefixes maximum(PeerSpec.MaximumPrefixes spec) {
    int seconds = spec.restartSeconds();
    var excess =
        switch (spec.action()) {
          case WARN -> new Excess.Warn();
          case CLOSE -> seconds == 0 ? new Excess.Shut() : new Excess.Restart(seconds);
        };
    return new SessionOptions.MaximumPrefixes(spec.limit(), spec.warnPercent(), excess);
  }
}
