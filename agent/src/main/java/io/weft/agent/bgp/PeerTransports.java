package io.weft.agent.bgp;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.Comparator;
import java.util.List;

/** What connections must have, by peer: the narrowest range that holds it counts. */
record PeerTransports(List<PeerTransport> all) {
  static final PeerTransports NONE = new PeerTransports(List.of());

  PeerTransports {
    all = List.copyOf(all);
  }

  PeerTransport of(IpAddress peer) {
    return all.stream()
        .filter(each -> each.peers().contains(peer))
        .max(Comparator.comparingInt(each -> each.peers().length()))
        .orElseGet(() -> PeerTransport.plain(new IpPrefix(peer, peer.bits())));
  }

  /** Those of these peers alone. */
  PeerTransports only(List<IpAddress> some) {
    return new PeerTransports(
        all.stream()
            .filter(each -> each.isOnLink() && some.contains(each.peers().address()))
            .toList());
  }

  List<PeerTransport> of(boolean ipv4) {
    return all.stream().filter(each -> each.peers().address().isIpv4() == ipv4).toList();
  }

  /**
   * The least TTL that a listener may demand of everyone: that of the furthest peer, 0 as soon as
   * one of them is not limited.
   */
  int listenerMinimumTtl(boolean ipv4) {
    return of(ipv4).stream().mapToInt(PeerTransport::minimumTtl).min().orElse(0);
  }
}
