package io.weft.bench.micro;

import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** Routes as a rack announces them: MAC with IPv4 address, one route target, VXLAN. */
final class Samples {
  static final AutonomousSystem AS = new AutonomousSystem(65000);
  static final Ipv4Address VTEP = Ipv4Address.parse("10.200.0.1");

  private Samples() {}

  static PathAttributes attributes() {
    var communities =
        List.of(
            ExtendedCommunity.of(RouteTarget.automatic(AS, new Vni(100))),
            ExtendedCommunity.ENCAPSULATION_VXLAN);
    return PathAttributes.originated(VTEP, communities, Optional.empty());
  }

  /** As many different ones as asked for. */
  static List<Route> routes(int count) {
    return IntStream.range(0, count).mapToObj(Samples::route).toList();
  }

  private static Route route(int number) {
    return new MacIpAdvertisement(
        RouteDistinguisher.of(VTEP, 1),
        Esi.ZERO,
        0,
        new MacAddress(0x0200_0000_0000L + number),
        Optional.of(new Ipv4Address(0x0b00_0000 + number)),
        100,
        OptionalInt.empty());
  }
}
