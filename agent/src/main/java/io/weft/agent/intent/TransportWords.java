package io.weft.agent.intent;

import io.weft.agent.bgp.PeerTransport;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.PeerAs;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** From what a Fabric says of its neighbours to what TCP is told. */
public final class TransportWords {
  private TransportWords() {}

  /**
   * All who may connect, those without any setting as well: what holds for everyone depends on
   * them. Where two are alike, the first counts.
   */
  public static List<PeerTransport> transports(FabricSpec fabric, Secrets.Reading secrets) {
    var transports = new ArrayList<PeerTransport>();
    for (var peer : fabric.peers()) {
      prefix(peer.remote())
          .map(prefix -> transport(prefix, peer, fabric, secrets))
          .ifPresent(transports::add);
    }
    fabric.reflectors().addresses().stream()
        .map(address -> PeerTransport.plain(only(address)))
        .forEach(transports::add);
    fabric.reflectorClients().stream().map(PeerTransport::plain).forEach(transports::add);
    return transports;
  }

  private static PeerTransport transport(
      IpPrefix prefix, PeerSpec peer, FabricSpec fabric, Secrets.Reading secrets) {
    var transport = PeerTransport.plain(prefix);
    if (isExternal(peer, fabric) && hops(peer) == 1) {
      transport = transport.withLinkAddress();
    }
    if (peer.ttlSecurity().isPresent()) {
      transport = transport.withTtlSecurity(peer.ttlSecurity().getAsInt());
    } else if (peer.multihop().isPresent()) {
      transport = transport.withMultihop(peer.multihop().getAsInt());
    } else if (isExternal(peer, fabric)) {
      transport = transport.withMultihop(1); // as all do: an external neighbour is on the link
    }
    var secret = secrets.found().get(peer.remote());
    if (secret != null) {
      return transport.withPassword(secret);
    }
    var unusable = secrets.unusable().get(peer.remote());
    return unusable == null ? transport : transport.withBarred(unusable);
  }

  private static int hops(PeerSpec peer) {
    return peer.ttlSecurity().orElse(peer.multihop().orElse(1));
  }

  private static boolean isExternal(PeerSpec peer, FabricSpec fabric) {
    return switch (peer.as()) {
      case PeerAs.Exact(var as) -> !as.equals(fabric.asn());
      case PeerAs.External _ -> true;
      case PeerAs.Internal _ -> false;
    };
  }

  /** Of a neighbour on an interface nobody knows the address beforehand. */
  private static Optional<IpPrefix> prefix(Remote remote) {
    return switch (remote) {
      case Remote.AtAddress(var address) -> Optional.of(only(address));
      case Remote.InRange(var range) -> Optional.of(range);
      case Remote.OnInterface _ -> Optional.empty();
    };
  }

  private static IpPrefix only(IpAddress address) {
    return new IpPrefix(address, address.bits());
  }
}
