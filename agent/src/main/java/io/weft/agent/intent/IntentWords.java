package io.weft.agent.intent;

import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.kubernetes.intent.Intent;
import io.weft.net.IpAddress;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.Underlay;
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
    var neighbours = new PeerWords(fabric, self, false);
    return new NodeIntent(
        fabric.asn(),
        neighbours.peers(),
        neighbours.ranges(),
        fabric.holdSeconds(),
        fabric.restartSeconds(),
        fabric.longLivedSeconds(),
        networks);
  }

  /** A reflector's part: everyone in the clients' prefixes may connect and is reflected to. */
  public static SpeakerConfig reflector(Intent intent, Underlay underlay) {
    var fabric = intent.fabric().spec();
    var neighbours = new PeerWords(fabric, Optional.of(underlay.vtep()), true);
    return new SpeakerConfig(
        fabric.asn(),
        underlay.routerId(),
        neighbours.peers(),
        neighbours.ranges(),
        true,
        fabric.holdSeconds(),
        fabric.restartSeconds(),
        fabric.longLivedSeconds(),
        MAX_PEERS,
        MAX_ROUTES_PER_PEER);
  }
}
