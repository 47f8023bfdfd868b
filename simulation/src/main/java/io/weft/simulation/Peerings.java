package io.weft.simulation;

import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.wire.Family;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Who talks BGP with whom.
 *
 * @param reflectors how many there are
 * @param sessions with how many of them each node talks; when these are not all, the reflectors
 *     talk with each other
 * @param constrained whether nodes say which routes they want (RFC 4684)
 */
record Peerings(int reflectors, int sessions, boolean constrained) {
  private static final int REFLECTORS = World.NODES | 1 << 16; // 10.1.0.0
  private static final int MOST_NODES = 60_000;
  private static final int MOST_ROUTES = 10_000_000;

  /** Address of reflector {@code r<number>}. */
  static Ipv4Address reflector(int number) {
    return new Ipv4Address(REFLECTORS + number);
  }

  /** Of two reflectors the first connects. */
  SpeakerConfig ofReflector(int number) {
    var others =
        IntStream.rangeClosed(1, sessions < reflectors ? reflectors : 0)
            .filter(other -> other != number)
            .mapToObj(other -> new PeerConfig(reflector(other), World.AS, false, other < number))
            .toList();
    var nodes = PeerRange.clients(new IpPrefix(new Ipv4Address(World.NODES), 16), World.AS);
    return new SpeakerConfig(
        World.AS,
        reflector(number),
        others,
        List.of(nodes),
        true,
        World.HOLD_SECONDS,
        World.RESTART_SECONDS,
        MOST_NODES,
        MOST_ROUTES);
  }

  /** Those that a node talks with: from one node to the next others, so that all have work. */
  List<PeerConfig> ofNode(int node) {
    return IntStream.range(0, sessions)
        .map(i -> 1 + (node - 1 + i) % reflectors)
        .sorted()
        .mapToObj(i -> new PeerConfig(reflector(i), World.AS, false, false))
        .map(peer -> constrained ? peer : peer.withFamilies(List.of(Family.L2VPN_EVPN)))
        .toList();
  }
}
