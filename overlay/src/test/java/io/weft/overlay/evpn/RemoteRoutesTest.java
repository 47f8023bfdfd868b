package io.weft.overlay.evpn;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.EvpnRoute.EthernetSegment;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.bgp.wire.Route;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class RemoteRoutesTest {
  private static final MacAddress MAC = MacAddress.parse("0a:58:c0:a8:01:0a");
  private static final IpAddress IP = IpAddress.parse("192.168.1.10");
  private static final Vni VNI = new Vni(100);

  private final RemoteRoutes routes = new RemoteRoutes();

  private static IpAddress vtep(int host) {
    return new Ipv4Address(10 << 24 | host);
  }

  private static RouteDistinguisher rd(int host) {
    return RouteDistinguisher.of(new Ipv4Address(10 << 24 | host), 100);
  }

  private static MacIpAdvertisement mac(int host, Optional<IpAddress> ip, int vni) {
    return new MacIpAdvertisement(rd(host), Esi.ZERO, 0, MAC, ip, vni, OptionalInt.empty());
  }

  private static Path path(
      Route route, int host, Optional<PmsiTunnel> pmsi, ExtendedCommunity... communities) {
    return new Path(
        route,
        PathAttributes.originated(vtep(host), List.of(communities), pmsi),
        vtep(254),
        new Ipv4Address(254),
        false);
  }

  private boolean say(int host, ExtendedCommunity... communities) {
    return routes.put(path(mac(host, Optional.of(IP), 100), host, Optional.empty(), communities));
  }

  private boolean flood(int host, PmsiTunnel tunnel) {
    var route = new InclusiveMulticast(rd(host), 0, vtep(host));
    return routes.put(path(route, host, Optional.of(tunnel)));
  }

  private IpAddress place() {
    return routes.mac(MAC).orElseThrow().vtep();
  }

  @Test
  void theLowestVtepHasTheMacWhenNothingElseTellsThemApart() {
    say(3);
    say(2);
    say(4);
    assertThat(place()).isEqualTo(vtep(2));
  }

  @Test
  void ofOneVtepInTwoVnisTheLowerCountsWhateverCameFirst() {
    for (var order : List.of(List.of(101, 102), List.of(102, 101))) {
      var both = new RemoteRoutes();
      for (int vni : order) {
        var rd = RouteDistinguisher.of(Ipv4Address.parse("10.0.0.2"), vni);
        var none = OptionalInt.empty();
        var route = new MacIpAdvertisement(rd, Esi.ZERO, 0, MAC, Optional.of(IP), vni, none);
        both.put(path(route, 2, Optional.empty()));
      }
      assertThat(both.mac(MAC).orElseThrow().vni()).isEqualTo(new Vni(101));
    }
  }

  @Test
  void theHigherSequenceWinsOverTheLowerVtep() {
    say(2, ExtendedCommunity.macMobility(false, 1));
    say(3, ExtendedCommunity.macMobility(false, 2));
    say(1);
    assertThat(place()).isEqualTo(vtep(3));
    assertThat(routes.mac(MAC).orElseThrow().sequence()).isEqualTo(2);
    say(2, ExtendedCommunity.macMobility(false, 0xffff_ffffL));
    assertThat(place()).as("sequences are unsigned").isEqualTo(vtep(2));
  }

  @Test
  void stickyWinsOverEverySequence() {
    say(2, ExtendedCommunity.macMobility(false, 9));
    say(3, ExtendedCommunity.macMobility(true, 0));
    assertThat(place()).isEqualTo(vtep(3));
  }

  @Test
  void theMacStaysWhileOneOfItsRoutesRemains() {
    var bare = mac(2, Optional.empty(), 100);
    routes.put(path(bare, 2, Optional.empty()));
    say(2);
    assertThat(routes.macCount()).isEqualTo(1);
    routes.remove(mac(2, Optional.of(IP), 100).key());
    assertThat(routes.mac(MAC)).isPresent();
    assertThat(routes.hasAddress(IP)).isFalse();
    assertThat(routes.neighbour(IP)).isEmpty();
    routes.remove(bare.key());
    assertThat(routes.mac(MAC)).isEmpty();
    assertThat(routes.macs()).isEmpty();
    assertThat(routes.addresses()).isEmpty();
  }

  @Test
  void aRouteSaidAgainReplacesWhatItSaid() {
    say(2, ExtendedCommunity.macMobility(false, 5));
    say(2);
    assertThat(routes.mac(MAC).orElseThrow().sequence()).isZero();
    assertThat(routes.macCount()).isEqualTo(1);
  }

  @Test
  void theAddressBelongsToTheBestRouteThatNamesIt() {
    say(3);
    say(2);
    assertThat(routes.neighbour(IP).orElseThrow().vtep()).isEqualTo(vtep(2));
    routes.remove(mac(2, Optional.of(IP), 100).key());
    assertThat(routes.neighbour(IP).orElseThrow().vtep()).isEqualTo(vtep(3));
  }

  @Test
  void theVniOfTheAnnouncerIsWhatItsVtepWants() {
    routes.put(path(mac(2, Optional.of(IP), 7777), 2, Optional.empty()));
    assertThat(routes.mac(MAC).orElseThrow().vni()).isEqualTo(new Vni(7777));
    flood(2, PmsiTunnel.ingressReplication(7777, vtep(2)));
    assertThat(routes.floodList(_ -> true))
        .containsExactly(java.util.Map.entry(vtep(2), new Vni(7777)));
  }

  @Test
  void theFloodListComesFromTheTunnelEndsNotFromTheNextHops() {
    flood(2, PmsiTunnel.ingressReplication(100, vtep(9)));
    flood(3, PmsiTunnel.ingressReplication(100, IpAddress.parse("fd00::3")));
    assertThat(routes.floodList(_ -> true)).containsOnlyKeys(vtep(9), IpAddress.parse("fd00::3"));
    routes.remove(new InclusiveMulticast(rd(2), 0, vtep(2)));
    assertThat(routes.floodList(_ -> true)).containsOnlyKeys(IpAddress.parse("fd00::3"));
  }

  /** RFC 9574 §4: BM is bit 5 of the flags, counted from the left, U bit 6. */
  @Test
  void aVtepSaysWhichCopiesItCanDoWithout() {
    flood(2, PmsiTunnel.ingressReplication(0, 100, vtep(2)));
    flood(3, PmsiTunnel.ingressReplication(0x02, 100, vtep(3)));
    flood(4, PmsiTunnel.ingressReplication(0x04, 100, vtep(4)));
    assertThat(flood(5, PmsiTunnel.ingressReplication(0x06, 100, vtep(5)))).isFalse();
    assertThat(routes.wantingUnknown()).containsExactly(vtep(2), vtep(4));
    assertThat(routes.floodList(_ -> true)).containsOnlyKeys(vtep(2), vtep(3), vtep(4));
    routes.put(
        path(
            new InclusiveMulticast(rd(9), 0, vtep(3)),
            9,
            Optional.of(PmsiTunnel.ingressReplication(100, vtep(3)))));
    assertThat(routes.wantingUnknown())
        .as("wanted as one of its routes says")
        .containsExactly(vtep(2), vtep(3), vtep(4));
  }

  @Test
  void whatASegmentCannotUseIsLeftOut() {
    assertThat(flood(2, new PmsiTunnel(0, 5, 100, Octets.of(vtep(2).octets())))).isFalse();
    assertThat(flood(2, PmsiTunnel.ingressReplication(0, vtep(2)))).isFalse();
    assertThat(flood(2, new PmsiTunnel(0, 6, 100, Octets.of(new byte[3])))).isFalse();
    assertThat(routes.put(path(new InclusiveMulticast(rd(2), 0, vtep(2)), 2, Optional.empty())))
        .isFalse();
    assertThat(routes.put(path(mac(2, Optional.of(IP), 0), 2, Optional.empty()))).isFalse();
    assertThat(routes.put(path(new EthernetSegment(rd(2), Esi.ZERO, vtep(2)), 2, Optional.empty())))
        .isFalse();
    var group =
        new MacIpAdvertisement(
            rd(2),
            Esi.ZERO,
            0,
            MacAddress.parse("01:00:5e:00:00:01"),
            Optional.empty(),
            VNI.value(),
            OptionalInt.empty());
    assertThat(routes.put(path(group, 2, Optional.empty()))).isFalse();
    assertThat(routes.macCount()).isZero();
    assertThat(routes.floodList(_ -> true)).isEmpty();
  }
}
