package io.weft.simulation;

import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/**
 * What a peer may say that wishes ill or is broken: others' routes with its own next hop and what
 * else comes to its mind, well formed; or octets that are no message any more.
 */
final class StrangeWords {
  private static final int MOST_MESSAGE = 4_096;
  private static final int BODY = Message.HEADER_LENGTH;
  private static final int MOST_LABEL = Vni.MAX;

  private final SplitMix64 random;
  private final Ipv4Address self;

  StrangeWords(SplitMix64 random, Ipv4Address self) {
    this.random = random;
    this.self = self;
  }

  private int below(int bound) {
    return (int) random.below(bound);
  }

  private boolean oneIn(int count) {
    return random.below(count) == 0;
  }

  /** A well-formed message about something that others have said. */
  Message.Update about(EvpnRoute heard, PathAttributes attributes) {
    var route = alike(heard);
    return new Message.Update(
        List.of(),
        List.of(route),
        Optional.of(attributes(route, attributes)),
        Optional.empty(),
        List.of());
  }

  private EvpnRoute alike(EvpnRoute heard) {
    return switch (heard) {
      case MacIpAdvertisement route -> {
        var ip = oneIn(6) ? Optional.of(address()) : route.ip();
        yield oneIn(8)
            ? new InclusiveMulticast(rd(), 0, oneIn(2) ? self : address())
            : new MacIpAdvertisement(
                rd(),
                oneIn(10) ? new Esi(random.next(), below(1 << 16)) : Esi.ZERO,
                oneIn(10) ? 0xffff_ffffL : route.tag(),
                oneIn(4) ? mac() : route.mac(),
                ip,
                oneIn(2) ? label() : route.label(),
                oneIn(3) && ip.isPresent() ? OptionalInt.of(label()) : route.label2());
      }
      case IpPrefixRoute route ->
          new IpPrefixRoute(
              rd(),
              Esi.ZERO,
              oneIn(10) ? 7 : route.tag(),
              oneIn(4) ? prefix() : route.prefix(),
              oneIn(6) && route.gateway().isIpv4() ? address() : route.gateway(),
              oneIn(2) ? label() : route.label());
      case InclusiveMulticast route ->
          oneIn(3)
              ? new SelectiveMulticast(
                  rd(),
                  route.tag(),
                  Optional.empty(),
                  Optional.of(new Ipv4Address(239 << 24 | below(16))),
                  self,
                  below(256))
              : new InclusiveMulticast(rd(), route.tag(), oneIn(4) ? address() : self);
      default -> heard;
    };
  }

  private PathAttributes attributes(EvpnRoute route, PathAttributes heard) {
    var communities = new ArrayList<ExtendedCommunity>();
    for (var community : heard.extendedCommunities()) {
      if (!community.isMacMobility() && !(community.isRoutersMac() && oneIn(2))) {
        communities.add(community);
      }
    }
    if (oneIn(2)) {
      communities.add(ExtendedCommunity.macMobility(oneIn(4), sequence(heard)));
    }
    if (oneIn(3)) {
      communities.add(ExtendedCommunity.routersMac(mac()));
    }
    if (oneIn(6)) {
      communities.add(ExtendedCommunity.encapsulation(below(20)));
    }
    if (oneIn(8)) {
      communities.add(ExtendedCommunity.defaultGateway());
    }
    int targets = oneIn(10) ? 300 : below(4);
    for (int i = 0; i < targets; i++) {
      var vni = FabricIntent.someVni(below(1 << 16));
      communities.add(ExtendedCommunity.of(RouteTarget.automatic(World.AS, vni)));
    }
    var tunnel =
        route instanceof InclusiveMulticast
            ? Optional.of(
                oneIn(4)
                    ? new PmsiTunnel(below(256), below(12), label(), Octets.of(new byte[below(20)]))
                    : PmsiTunnel.ingressReplication(label(), self))
            : heard.pmsiTunnel();
    return new PathAttributes(
        heard.origin(),
        oneIn(10)
            ? new AsPath(
                List.of(new AsPath.Segment(false, LongStream.range(1, 200).boxed().toList())))
            : AsPath.EMPTY,
        self,
        oneIn(4) ? OptionalLong.of(random.next() >>> 32) : OptionalLong.empty(),
        OptionalLong.of(oneIn(3) ? random.next() >>> 32 : 100),
        Optional.empty(),
        List.of(),
        List.copyOf(communities),
        tunnel,
        List.of(),
        oneIn(10)
            ? LongStream.range(0, 200).mapToObj(Community::new).toList()
            : oneIn(10) ? List.of(Community.NO_ADVERTISE, Community.BLACKHOLE) : List.of(),
        List.of());
  }

  private long sequence(PathAttributes heard) {
    long theirs = heard.macMobility().map(ExtendedCommunity::mobilitySequence).orElse(0L);
    return oneIn(5) ? 0xffff_ffffL : Math.min(0xffff_ffffL, theirs + below(3));
  }

  private RouteDistinguisher rd() {
    return RouteDistinguisher.of(self, below(8));
  }

  private int label() {
    return switch (below(4)) {
      case 0 -> 0;
      case 1 -> MOST_LABEL;
      case 2 -> below(MOST_LABEL);
      default -> FabricIntent.someVni(below(1 << 16)).value();
    };
  }

  /** That of nobody, of all, of a group, of a router, of a pod. */
  private MacAddress mac() {
    return new MacAddress(
        switch (below(5)) {
          case 0 -> 0L;
          case 1 -> 0xffff_ffff_ffffL;
          case 2 -> 0x0100_5e00_0001L;
          case 3 -> 0x0a5a_0a00_0000L | 1 + below(5);
          default -> 0x0a58_6440_0000L | 10 + below(20);
        });
  }

  /** None, a group, a loopback address, a node's VTEP, a gateway, a pod. */
  private IpAddress address() {
    return new Ipv4Address(
        switch (below(6)) {
          case 0 -> 0;
          case 1 -> 239 << 24 | 1;
          case 2 -> 127 << 24 | 1;
          case 3 -> 10 << 24 | 1 + below(5);
          case 4 -> 100 << 24 | 64 << 16 | 1;
          default -> 100 << 24 | 64 << 16 | 10 + below(20);
        });
  }

  private IpPrefix prefix() {
    int length = below(33);
    return new IpPrefix(address().masked(length), length);
  }

  /** A message that is damaged: its length, that of its parts, or what is in it. */
  byte[] damaged(byte[] message) {
    var octets = message.clone();
    switch (below(5)) {
      case 0 -> octets = Arrays.copyOf(octets, BODY + below(octets.length - BODY)); // cut off
      case 1 -> { // something more in between
        int at = BODY + below(octets.length - BODY);
        int more = Math.clamp(MOST_MESSAGE - octets.length, 0, 1 + below(300));
        var longer = new byte[octets.length + more];
        System.arraycopy(octets, 0, longer, 0, at);
        System.arraycopy(octets, at, longer, at + more, octets.length - at);
        for (int i = at; i < at + more; i++) {
          longer[i] = (byte) random.next();
        }
        octets = longer;
      }
      default -> {
        for (int i = 1 + below(3); i > 0; i--) {
          octets[BODY + below(octets.length - BODY)] = (byte) random.next();
        }
      }
    }
    octets[16] = (byte) (octets.length >> 8);
    octets[17] = (byte) octets.length;
    return octets;
  }
}
