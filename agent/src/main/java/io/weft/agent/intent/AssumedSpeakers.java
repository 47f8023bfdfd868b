package io.weft.agent.intent;

import io.weft.bgp.policy.Policy;
import io.weft.bgp.policy.Verdict;
import io.weft.bgp.rib.NextHop;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.SessionOptions;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.wire.Family;
import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.node.Underlay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Whom nodes speak with, in a question about an intent that no machine is asked. */
public final class AssumedSpeakers {
  private static final int MTU = 1_500;

  /** Of a neighbour that may have any number but ours. */
  private static final AutonomousSystem SOME_AS = new AutonomousSystem(4_200_000_000L);

  /** What a neighbour announces is not known: nothing. */
  private static final Policy SILENCE = new Policy("silence", List.of(), Verdict.REJECT);

  private static final List<Family> ALL_FAMILIES =
      List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST, Family.IPV6_UNICAST);

  /** The clients of a reflector to which all are. */
  public static final List<IpPrefix> EVERYBODY =
      List.of(IpPrefix.parse("0.0.0.0/0"), IpPrefix.parse("::/0"));

  private AssumedSpeakers() {}

  /**
   * Each reflector, then each neighbour.
   *
   * @param reflectors addresses of each, one of each family at most
   * @param neighbours addresses of those that do not reflect
   */
  public static List<SpeakerConfig> of(
      Intent intent, List<List<IpAddress>> reflectors, List<IpAddress> neighbours) {
    var fabric = intent.fabric().spec();
    return Stream.concat(
            reflectors.stream().map(each -> reflector(intent, each)),
            neighbours.stream().map(each -> neighbour(fabric, each)))
        .toList();
  }

  /** As its daemon has it; where that would let nobody in, all. */
  private static SpeakerConfig reflector(Intent intent, List<IpAddress> addresses) {
    var routerId = VtepChoice.routerId(addresses, Optional.empty());
    var config =
        IntentWords.reflector(intent, new Underlay(addresses, routerId, MTU, addresses.size() > 1));
    var ranges = new ArrayList<>(config.ranges());
    if (intent.fabric().spec().reflectorClients().isEmpty()) {
      EVERYBODY.forEach(range -> ranges.add(PeerRange.clients(range, config.as())));
    }
    return new SpeakerConfig(
        config.as(),
        config.routerId(),
        config.clusterId(),
        config.peers(),
        ranges,
        true,
        config.holdSeconds(),
        config.restartSeconds(),
        config.longLivedSeconds(),
        config.maxPeers(),
        config.maxRoutesPerPeer());
  }

  /** Set up so that it fits, to hear all and say nothing. */
  private static SpeakerConfig neighbour(FabricSpec fabric, IpAddress address) {
    var as =
        fabric.peers().stream()
            .filter(peer -> peer.remote().equals(new Remote.AtAddress(address)))
            .findFirst()
            .map(peer -> number(peer, fabric))
            .orElse(SOME_AS);
    var families = new ArrayList<>(ALL_FAMILIES);
    if (as.equals(fabric.asn())) {
      families.add(Family.ROUTE_TARGET);
    }
    return new SpeakerConfig(
        as,
        VtepChoice.routerId(List.of(address), Optional.empty()),
        List.of(),
        EVERYBODY.stream().map(range -> nodes(range, fabric, families)).toList(),
        true,
        fabric.holdSeconds(),
        fabric.restartSeconds(),
        fabric.longLivedSeconds(),
        IntentWords.MAX_PEERS,
        IntentWords.MAX_ROUTES_PER_PEER);
  }

  private static AutonomousSystem number(PeerSpec peer, FabricSpec fabric) {
    return switch (peer.as()) {
      case PeerSpec.PeerAs.Exact(var as) -> as;
      case PeerSpec.PeerAs.Internal _ -> fabric.asn();
      case PeerSpec.PeerAs.External _ -> SOME_AS;
    };
  }

  private static PeerRange nodes(IpPrefix range, FabricSpec fabric, List<Family> families) {
    return new PeerRange(
        range,
        new PeerConfig(
            range.address(),
            PeerAs.of(fabric.asn()),
            false,
            true,
            families,
            Optional.empty(),
            NextHop.AUTOMATIC,
            SessionOptions.DEFAULT,
            Optional.empty(),
            Optional.of(SILENCE)));
  }
}
