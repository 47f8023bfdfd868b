package io.weft.lab.interop;

import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.EvpnRoute.EthernetAutoDiscovery;
import io.weft.bgp.wire.EvpnRoute.EthernetSegment;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Routes with attributes, as VTEPs announce them. */
final class Samples {
  static final IpAddress VTEP = IpAddress.parse("198.51.100.1");
  static final IpAddress VTEP6 = IpAddress.parse("2001:db8::1");
  static final ExtendedCommunity TARGET = new ExtendedCommunity(0x0002_fde8_0000_0064L);
  static final ExtendedCommunity L3_TARGET = new ExtendedCommunity(0x0002_fde8_0000_0384L);
  static final ExtendedCommunity ROUTERS_MAC = new ExtendedCommunity(0x0603_0200_0000_0009L);
  private static final Esi ESI = new Esi(0x01aa_bbcc_ddee_ff00L, 0x6400);

  private Samples() {}

  /** One route of each type and form; distinguisher {@code owner:1}. */
  static List<OriginatedRoute> everyForm(Ipv4Address owner) {
    var rd = RouteDistinguisher.of(owner, 1);
    var plain = attributes(VTEP, TARGET);
    var segment = new ExtendedCommunity(0x0602_aabb_ccdd_eeffL);
    var label = new ExtendedCommunity(0x0601_0000_0000_0064L);
    var routed = attributes(VTEP, L3_TARGET, ROUTERS_MAC);
    var none = IpAddress.parse("0.0.0.0");
    var prefix = new IpPrefix(IpAddress.parse("10.5.0.0"), 24);
    var prefix6 = new IpPrefix(IpAddress.parse("2001:db8:5::"), 64);
    return List.of(
        of(new EthernetAutoDiscovery(rd, ESI, 0xffff_ffffL, 0), attributes(VTEP, TARGET, label)),
        of(new EthernetAutoDiscovery(rd, ESI, 0, 100), plain),
        of(macIp(owner, 1), plain),
        of(mac(owner, 2), attributes(VTEP, TARGET, ExtendedCommunity.macMobility(false, 7))),
        of(
            new MacIpAdvertisement(
                rd,
                Esi.ZERO,
                0,
                new MacAddress(0x0200_0000_0003L),
                Optional.of(IpAddress.parse("192.0.2.3")),
                100,
                OptionalInt.of(900)),
            attributes(VTEP, TARGET, L3_TARGET, ROUTERS_MAC)),
        of(
            new MacIpAdvertisement(
                rd,
                ESI,
                0,
                new MacAddress(0x0200_0000_0004L),
                Optional.of(IpAddress.parse("2001:db8:1::4")),
                100,
                OptionalInt.empty()),
            plain),
        of(mac(owner, 5), attributes(VTEP6, TARGET)),
        of(
            new InclusiveMulticast(rd, 0, VTEP),
            PathAttributes.originated(
                VTEP,
                List.of(TARGET, ExtendedCommunity.ENCAPSULATION_VXLAN),
                Optional.of(PmsiTunnel.ingressReplication(PmsiTunnel.NO_UNKNOWN, 100, VTEP)))),
        of(new EthernetSegment(rd, ESI, VTEP), attributes(VTEP, segment)),
        of(new IpPrefixRoute(rd, Esi.ZERO, 0, prefix, none, 900), routed),
        of(new IpPrefixRoute(rd, Esi.ZERO, 0, prefix6, IpAddress.parse("::"), 900), routed));
  }

  static OriginatedRoute of(EvpnRoute route, PathAttributes attributes) {
    return new OriginatedRoute(route, attributes);
  }

  static PathAttributes attributes(IpAddress nextHop, ExtendedCommunity... communities) {
    var all = new ArrayList<>(List.of(communities));
    all.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    return PathAttributes.originated(nextHop, all, Optional.empty());
  }

  static MacIpAdvertisement macIp(Ipv4Address owner, int number) {
    return macIp(owner, number, Optional.of(address(number)));
  }

  static MacIpAdvertisement mac(Ipv4Address owner, int number) {
    return macIp(owner, number, Optional.empty());
  }

  private static IpAddress address(int number) {
    return IpAddress.of(new byte[] {(byte) 192, 0, (byte) (number >> 8), (byte) number});
  }

  private static MacIpAdvertisement macIp(Ipv4Address owner, int number, Optional<IpAddress> ip) {
    return new MacIpAdvertisement(
        RouteDistinguisher.of(owner, 1),
        Esi.ZERO,
        0,
        new MacAddress(0x0200_0000_0000L + number),
        ip,
        100,
        OptionalInt.empty());
  }
}
