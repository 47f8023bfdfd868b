package io.weft.bgp.wire;

import io.weft.bgp.wire.Message.Keepalive;
import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Message.RouteRefresh;
import io.weft.bgp.wire.Message.Update;
import io.weft.bgp.wire.PathAttributes.Origin;
import io.weft.bgp.wire.PathAttributes.UnknownAttribute;
import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Lawful messages by chance, from a seed. */
record Messages(RandomGenerator random) {
  Message next() {
    return switch (random.nextInt(10)) {
      case 0 -> open();
      case 1 -> new Keepalive();
      case 2 -> new Notification(random.nextInt(256), random.nextInt(256), octets(40));
      case 3 -> new RouteRefresh(new Family(random.nextInt(65536), random.nextInt(256)), 1);
      case 4 -> Update.endOfRib(new Family(random.nextInt(65536), random.nextInt(256)));
      case 5 -> Update.withdraw(list(1, 10, () -> route().key()));
      case 6 ->
          new Update(
              list(1, 10, () -> route().key()),
              list(1, 10, this::route),
              Optional.of(attributes()),
              Optional.empty(),
              List.of());
      default -> Update.announce(attributes(), list(1, 20, this::route));
    };
  }

  Open open() {
    var as = new AutonomousSystem(1 + random.nextLong(0xffff));
    var capabilities = list(0, 12, this::capability);
    for (var capability : capabilities) {
      if (capability instanceof Capability.FourOctetAs(AutonomousSystem number)) {
        as = number;
      }
    }
    int hold = random.nextBoolean() ? 0 : random.nextInt(3, 65536);
    return new Open(as, hold, new Ipv4Address(random.nextInt() | 1), capabilities);
  }

  private Capability capability() {
    return switch (random.nextInt(11)) {
      case 0 -> new Capability.Multiprotocol(family());
      case 1 -> new Capability.RouteRefresh();
      case 2 ->
          new Capability.FourOctetAs(new AutonomousSystem(random.nextLong(1, 0x1_0000_0000L)));
      case 3 ->
          new Capability.GracefulRestart(
              random.nextBoolean(),
              random.nextBoolean(),
              random.nextInt(4096),
              list(0, 4, () -> new Capability.GracefulFamily(family(), random.nextBoolean())));
      case 4 -> new Capability.ExtendedMessage();
      case 5 -> new Capability.EnhancedRouteRefresh();
      case 6 ->
          new Capability.ExtendedNextHop(
              list(0, 4, () -> new Capability.NextHopFamily(family(), random.nextInt(65536))));
      case 7 ->
          new Capability.AddPath(
              list(0, 4, () -> new Capability.AddPathFamily(family(), true, random.nextBoolean())));
      case 8 ->
          new Capability.LongLivedGracefulRestart(
              list(
                  0,
                  4,
                  () ->
                      new Capability.LongLivedFamily(
                          family(), random.nextBoolean(), random.nextInt(1 << 24))));
      case 9 -> new Capability.HostName("leaf-" + random.nextInt(100), "");
      default -> new Capability.Unknown(random.nextInt(74, 256), octets(60));
    };
  }

  private Family family() {
    return new Family(random.nextInt(65536), random.nextInt(256));
  }

  PathAttributes attributes() {
    return new PathAttributes(
        Origin.values()[random.nextInt(3)],
        new AsPath(list(0, 3, this::segment)),
        nextHop(),
        random.nextBoolean() ? OptionalLong.empty() : OptionalLong.of(unsigned()),
        OptionalLong.of(unsigned()),
        maybe(() -> new Ipv4Address(random.nextInt())),
        list(0, 4, () -> new Ipv4Address(random.nextInt())),
        list(0, 40, () -> new ExtendedCommunity(random.nextLong())),
        maybe(this::pmsi),
        unknown(),
        list(0, 6, () -> new Community(unsigned())),
        list(0, 6, () -> new LargeCommunity(unsigned(), unsigned(), unsigned())));
  }

  /** Each type once, and none that has a meaning here. */
  private List<UnknownAttribute> unknown() {
    var all = new ArrayList<UnknownAttribute>();
    for (int type = 100; type < 104; type++) {
      if (random.nextInt(4) == 0) {
        all.add(new UnknownAttribute(0xe0, type, octets(300)));
      }
    }
    return all;
  }

  private AsPath.Segment segment() {
    return new AsPath.Segment(
        random.nextBoolean(), list(1, 6, () -> random.nextLong(1, 0x1_0000_0000L)));
  }

  private PmsiTunnel pmsi() {
    return random.nextBoolean()
        ? PmsiTunnel.ingressReplication(label(), address())
        : new PmsiTunnel(random.nextInt(256), 7, label(), octets(20));
  }

  EvpnRoute route() {
    var rd = new RouteDistinguisher(random.nextLong());
    var esi =
        random.nextBoolean() ? Esi.ZERO : new Esi(random.nextLong() | 1, random.nextInt(65536));
    return switch (random.nextInt(8)) {
      case 0 -> new EvpnRoute.EthernetAutoDiscovery(rd, esi, unsigned(), label());
      case 1 -> new EvpnRoute.InclusiveMulticast(rd, unsigned(), address());
      case 2 -> new EvpnRoute.EthernetSegment(rd, esi, address());
      case 3 -> prefix(rd, esi);
      case 4 -> new EvpnRoute.UnknownEvpnRoute(random.nextInt(9, 256), octets(60));
      case 5 -> multicast(rd, esi);
      default ->
          new EvpnRoute.MacIpAdvertisement(
              rd,
              esi,
              unsigned(),
              new MacAddress(random.nextLong() & 0xffff_ffff_ffffL),
              maybe(this::address),
              label(),
              random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(label()));
    };
  }

  private EvpnRoute multicast(RouteDistinguisher rd, Esi esi) {
    var group = maybe(this::address);
    var source = group.map(this::sameFamily);
    int flags = random.nextInt(256);
    return switch (random.nextInt(3)) {
      case 0 ->
          new MulticastRoute.SelectiveMulticast(rd, unsigned(), source, group, address(), flags);
      case 1 ->
          new MulticastRoute.MembershipReportSync(
              rd, esi, unsigned(), source, group, address(), flags);
      default ->
          new MulticastRoute.LeaveSync(
              rd, esi, unsigned(), source, group, address(), random.nextInt(256), flags);
    };
  }

  private EvpnRoute prefix(RouteDistinguisher rd, Esi esi) {
    var address = address();
    int length = random.nextInt(address.bits() + 1);
    var gateway = esi.isZero() ? sameFamily(address) : address.masked(0);
    return new EvpnRoute.IpPrefixRoute(
        rd, esi, unsigned(), new IpPrefix(address.masked(length), length), gateway, label() | 1);
  }

  private IpAddress sameFamily(IpAddress other) {
    return other.isIpv4()
        ? new Ipv4Address(random.nextInt())
        : new Ipv6Address(random.nextLong(), random.nextLong());
  }

  private IpAddress address() {
    return random.nextBoolean()
        ? new Ipv4Address(random.nextInt())
        : new Ipv6Address(random.nextLong(), random.nextLong());
  }

  private IpAddress nextHop() {
    return random.nextBoolean()
        ? new Ipv4Address(0x0a00_0001 | random.nextInt(0xffffff))
        : new Ipv6Address(0xfd00L << 48 | random.nextLong(0xffff), random.nextLong());
  }

  private int label() {
    return random.nextInt(0x1000000);
  }

  private long unsigned() {
    return random.nextLong() & 0xffff_ffffL;
  }

  private Octets octets(int limit) {
    var octets = new byte[random.nextInt(limit)];
    random.nextBytes(octets);
    return Octets.of(octets);
  }

  private <T> Optional<T> maybe(Supplier<T> value) {
    return random.nextBoolean() ? Optional.empty() : Optional.of(value.get());
  }

  private <T> List<T> list(int atLeast, int limit, Supplier<? extends T> element) {
    var list = new ArrayList<T>();
    for (int size = random.nextInt(atLeast, limit); list.size() < size; ) {
      list.add(element.get());
    }
    return list;
  }
}
