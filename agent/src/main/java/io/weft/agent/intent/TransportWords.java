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
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

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
    var secret = secrets.peers().found().get(peer.remote());
    if (secret != null) {
      return transport.withPassword(secret);
    }
    var unusable = secrets.peers().unusable().get(peer.remote());
    return unusable == null ? transport : transport.withBarred(unusable);
  }

  /** For networks that want a password of their endpoints, by name; one for all of them. */
  public static SortedMap<String, List<PeerTransport>> endpoints(Secrets.Reading secrets) {
    var transports = new TreeMap<String, List<PeerTransport>>();
    secrets
        .networks()
        .found()
        .forEach(
            (network, secret) ->
                transports.put(network, all(anybody -> anybody.withPassword(secret))));
    secrets
        .networks()
        .unusable()
        .forEach((network, why) -> transports.put(network, all(none -> none.withBarred(why))));
    return transports;
  }

  /** Whoever comes by the network's bridge, of either family. */
  private static List<PeerTransport> all(UnaryOperator<PeerTransport> with) {
    return Stream.of("0.0.0.0/0", "::/0")
        .map(prefix -> with.apply(PeerTransport.plain(IpPrefix.parse(prefix))))
        .toList();
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
