package io.weft.agent.intent;

import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.Underlay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** From what the resources say to what a brain is told. */
public final class IntentWords {
  /** BGP neighbours of a reflector at most; one more is refused. */
  public static final int MAX_PEERS = 4096;

  /** Routes of one neighbour at most; a neighbour that sends more is shut. */
  public static final int MAX_ROUTES_PER_PEER = 4_000_000;

  private IntentWords() {}

  /** The node's part: peers are the reflectors and the further neighbours, but never itself. */
  public static NodeIntent node(Intent intent, Optional<IpAddress> self) {
    var fabric = intent.fabric().spec();
    var networks =
        intent.networks().values().stream()
            .map(
                network ->
                    new NetworkIntent(
                        network.name(),
                        network.network().spec().tenant(),
                        network.vni(),
                        network.network().spec().subnets(),
                        network.imports(),
                        network.exports(),
                        network.network().spec().mtu()))
            .toList();
    return new NodeIntent(
        fabric.asn(), peers(fabric, self), fabric.holdSeconds(), fabric.restartSeconds(), networks);
  }

  /** A reflector's part: everyone in the clients' prefixes may connect and is reflected to. */
  public static SpeakerConfig reflector(Intent intent, Underlay underlay) {
    var fabric = intent.fabric().spec();
    return new SpeakerConfig(
        fabric.asn(),
        underlay.routerId(),
        peers(fabric, Optional.of(underlay.vtep())),
        fabric.reflectorClients().stream()
            .map(range -> PeerRange.clients(range, fabric.asn()))
            .toList(),
        true,
        fabric.holdSeconds(),
        fabric.restartSeconds(),
        MAX_PEERS,
        MAX_ROUTES_PER_PEER);
  }

  private static List<PeerConfig> peers(FabricSpec fabric, Optional<IpAddress> self) {
    var peers = new ArrayList<PeerConfig>();
    for (var address : fabric.reflectors().addresses()) {
      if (self.filter(address::equals).isEmpty()) {
        peers.add(new PeerConfig(address, fabric.asn(), false, false));
      }
    }
    for (var peer : fabric.peers()) {
      if (peer.remote() instanceof PeerSpec.Remote.AtAddress(var address)) {
        boolean known = peers.stream().anyMatch(p -> p.address().equals(address));
        if (PeerSupport.mayStart(peer) && !known && self.filter(address::equals).isEmpty()) {
          as(peer, fabric).ifPresent(as -> peers.add(new PeerConfig(address, as, false, false)));
        }
      }
    }
    return peers;
  }

  private static Optional<AutonomousSystem> as(PeerSpec peer, FabricSpec fabric) {
    return switch (peer.as()) {
      case PeerSpec.PeerAs.Exact(var as) -> Optional.of(as);
      case PeerSpec.PeerAs.Internal _ -> Optional.of(fabric.asn());
      case PeerSpec.PeerAs.External _ -> Optional.empty();
    };
  }
}
