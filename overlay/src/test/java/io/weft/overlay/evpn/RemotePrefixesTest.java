package io.weft.overlay.evpn;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.PathAttributes.Origin;
import io.weft.bgp.wire.Route;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import io.weft.overlay.evpn.RemotePrefixes.Rank;
import io.weft.overlay.evpn.RemotePrefixes.RemotePrefix;
import io.weft.overlay.evpn.RemotePrefixes.Router;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class RemotePrefixesTest {
  private static final Vni OWN = new Vni(5000);
  private static final IpAddress HERE = IpAddress.parse("10.0.0.1");
  private static final IpAddress VTEP = IpAddress.parse("10.0.0.2");
  private static final IpAddress HOST = IpAddress.parse("192.168.1.10");
  private static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:02");

  private static Route key(int l3Vni) {
    return new MacIpAdvertisement(
            RouteDistinguisher.of(Ipv4Address.parse("10.0.0.2"), l3Vni),
            Esi.ZERO,
            0,
            MAC,
            Optional.of(HOST),
            100,
            OptionalInt.of(l3Vni))
        .key();
  }

  private static RemotePrefix host(int l3Vni) {
    return new RemotePrefix(
        key(l3Vni),
        new IpPrefix(HOST, 32),
        new IpPrefix(HOST, 32),
        true,
        VTEP,
        Optional.empty(),
        Optional.of(new Router(new Vni(l3Vni), MAC)),
        Optional.empty(),
        new Rank(false, 0, 100, 0, Origin.IGP),
        "");
  }

  @Test
  void ofOneVtepInTwoForeignVnisTheLowerCountsWhateverCameFirst() {
    for (var order : List.of(List.of(5001, 5002), List.of(5002, 5001))) {
      var remote = new RemotePrefixes();
      order.forEach(vni -> remote.put(key(vni), List.of(host(vni))));
      assertThat(remote.best(new IpPrefix(HOST, 32), OWN, List.of(HERE), _ -> true))
          .containsExactly(host(5001));
    }
  }

  @Test
  void theOwnVniComesFirst() {
    var remote = new RemotePrefixes();
    List.of(4999, 5000, 5001).forEach(vni -> remote.put(key(vni), List.of(host(vni))));
    assertThat(remote.best(new IpPrefix(HOST, 32), OWN, List.of(HERE), _ -> true))
        .containsExactly(host(5000));
  }

  /** A connection may let in parts of what a route says; each is found by the route again. */
  @Test
  void aRouteHasSeveralWaysThenOneThenNone() {
    var remote = new RemotePrefixes();
    var route =
        new IpPrefixRoute(
                RouteDistinguisher.of(Ipv4Address.parse("10.0.0.2"), 5000),
                Esi.ZERO,
                0,
                IpPrefix.parse("192.168.0.0/16"),
                Ipv4Address.parse("0.0.0.0"),
                5000)
            .key();
    var whole =
        new RemotePrefix(
            route,
            IpPrefix.parse("192.168.0.0/16"),
            IpPrefix.parse("192.168.0.0/16"),
            false,
            VTEP,
            Optional.empty(),
            Optional.of(new Router(OWN, MAC)),
            Optional.empty(),
            new Rank(false, 0, 100, 0, Origin.IGP),
            "");
    var one = whole.ownedBy("blue", IpPrefix.parse("192.168.1.0/24"));
    var other = whole.ownedBy("blue", IpPrefix.parse("192.168.2.0/24"));
    remote.put(key(5000), List.of(host(5000)));

    for (var ways :
        List.of(List.of(one, other), List.of(whole, one), List.of(one), List.of(whole))) {
      remote.put(route, ways);
      assertThat(remote.find(route)).isEqualTo(ways);
      assertThat(remote.routes()).containsExactlyInAnyOrder(key(5000), route);
      assertThat(remote.count()).isEqualTo(1 + ways.size());
      assertThat(remote.find(key(5000))).containsExactly(host(5000));
    }
    remote.put(route, List.of());
    assertThat(remote.find(route)).isEmpty();
    assertThat(remote.routes()).containsExactly(key(5000));
    assertThat(remote.count()).isEqualTo(1);
    assertThat(remote.owners()).isEmpty();
  }
}
