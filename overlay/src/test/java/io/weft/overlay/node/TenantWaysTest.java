package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.SendingFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingNeighbour;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.TransitGuard;
import io.weft.overlay.forwarding.TenantHop;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The ways to one prefix: equal ones, those into foreign VNIs, and those on this very node. */
final class TenantWaysTest extends TenantsOnOneNode {
  @Test
  void equalWaysToAPrefixAreAllUsed() {
    one.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET));
    one.say(prefix(SECOND, OUTSIDE, L3), from(SECOND, RED_TARGET));
    assertThat(hops("0.0.0.0/0"))
        .containsExactly(TenantHop.over(L3, SECOND), TenantHop.over(L3, THIRD));
    one.unsay(prefix(SECOND, OUTSIDE, L3));
    assertThat(hops("0.0.0.0/0")).containsExactly(TenantHop.over(L3, THIRD));
    one.unsay(prefix(THIRD, OUTSIDE, L3));
    assertThat(hops("0.0.0.0/0")).isEmpty();
  }

  @Test
  void onlyTheBestAreEqual() {
    one.say(
        prefix(SECOND, OUTSIDE, L3),
        from(SECOND, RED_TARGET).withLocalPreference(OptionalLong.of(200)));
    one.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET));
    assertThat(hops("0.0.0.0/0")).containsExactly(TenantHop.over(L3, SECOND));
    var longer = new AsPath(List.of(new AsPath.Segment(false, List.of(65001L, 65001L))));
    one.say(prefix(SECOND, OUTSIDE, L3), from(SECOND, RED_TARGET).withAsPath(longer));
    assertThat(hops("0.0.0.0/0")).containsExactly(TenantHop.over(L3, THIRD));
    one.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET).withAsPath(longer));
    assertThat(hops("0.0.0.0/0")).hasSize(2);
    one.say(
        prefix(THIRD, OUTSIDE, L3),
        from(THIRD, RED_TARGET).withAsPath(longer).withOrigin(PathAttributes.Origin.INCOMPLETE));
    assertThat(hops("0.0.0.0/0")).containsExactly(TenantHop.over(L3, SECOND));
  }

  @Test
  void aHostIsAtOnePlace() {
    one.say(host(THIRD, "192.168.2.20", L3), from(THIRD, RED_TARGET));
    one.say(host(SECOND, "192.168.2.20", L3), from(SECOND, RED_TARGET));
    assertThat(hops("192.168.2.20/32")).containsExactly(TenantHop.over(L3, SECOND));
  }

  @Test
  void noMoreThanTheLimit() {
    for (int i = 2; i < 102; i++) {
      var vtep = IpAddress.parse("10.0.0." + i);
      one.say(prefix(vtep, OUTSIDE, L3), from(vtep, RED_TARGET));
    }
    assertThat(hops("0.0.0.0/0")).hasSize(64).contains(TenantHop.over(L3, SECOND));
  }

  @Test
  void aForeignVniHasADeviceThatSends() {
    var foreign = new Vni(7001);
    var net = IpPrefix.parse("172.20.0.0/16");
    one.say(prefix(SECOND, net, foreign), from(SECOND, RED_TARGET));
    assertThat(hops("172.20.0.0/16")).containsExactly(TenantHop.sending(foreign, SECOND));
    assertThat(sendingPorts())
        .singleElement()
        .satisfies(
            port -> {
              assertThat(port.vni()).isEqualTo(foreign);
              assertThat(port.namespace()).isEqualTo("weft-red");
              assertThat(port.local()).isEqualTo(OneNode.VTEP);
              assertThat(port.mac()).isNotEqualTo(ROUTER);
            });
    assertThat(one.kernel.values())
        .contains(
            new SendingFdbEntry("weft-red", foreign, AddressPlan.routerMac(SECOND), SECOND),
            new SendingNeighbour("weft-red", foreign, SECOND, AddressPlan.routerMac(SECOND)),
            new TransitGuard("weft-red", L3));
    one.unsay(prefix(SECOND, net, foreign));
    assertThat(one.kernel.keySet()).noneMatch(key -> key.vni() == foreign.value());
    assertThat(one.kernel(Kind.TRANSIT_GUARD)).isEmpty();
  }

  @Test
  void oneTenantHasOneDeviceForEachForeignVniAndTwoTenantsHaveTwo() {
    one.attach(request("b", "logs", "172.16.1.10"));
    var both = RouteTarget.parse("65000:9");
    intend(red(both), blue(both));
    for (int i = 0; i < 3; i++) {
      var vtep = i == 0 ? SECOND : THIRD;
      var net = IpPrefix.parse("172.2" + i + ".0.0/16");
      one.say(prefix(vtep, net, new Vni(7000 + i / 2)), from(vtep, both));
    }
    assertThat(sendingPorts()).hasSize(4);
    assertThat(sendingPorts()).extracting(SendingPort::id).doesNotHaveDuplicates();
    one.detach("b");
    assertThat(sendingPorts()).extracting(SendingPort::namespace).containsOnly("weft-red");
  }

  @Test
  void theTenantsOwnComeBeforeForeignOnes() {
    var foreign = new Vni(7001);
    var net = IpPrefix.parse("172.20.0.0/16");
    one.say(
        prefix(SECOND, net, foreign),
        from(SECOND, RED_TARGET).withLocalPreference(OptionalLong.of(900)));
    one.say(prefix(THIRD, net, L3), from(THIRD, RED_TARGET));
    assertThat(hops("172.20.0.0/16")).containsExactly(TenantHop.over(L3, THIRD));
    one.unsay(prefix(THIRD, net, L3));
    assertThat(hops("172.20.0.0/16")).containsExactly(TenantHop.sending(foreign, SECOND));
  }

  @Test
  void nobodyElseHasAPartOfTheTenantsSubnets() {
    var foreign = new Vni(7001);
    one.say(host(SECOND, "192.168.1.77", foreign), from(SECOND, RED_TARGET));
    one.say(prefix(SECOND, IpPrefix.parse("192.168.1.128/25"), foreign), from(SECOND, RED_TARGET));
    one.say(prefix(SECOND, IpPrefix.parse("192.168.0.0/16"), foreign), from(SECOND, RED_TARGET));
    assertThat(hops("192.168.1.77/32")).isEmpty();
    assertThat(hops("192.168.1.128/25")).isEmpty();
    assertThat(hops("192.168.0.0/16")).as("wider than the subnet").hasSize(1);
    one.say(host(THIRD, "192.168.1.78", L3), from(THIRD, RED_TARGET));
    assertThat(hops("192.168.1.78/32")).hasSize(1);
  }

  @Test
  void anotherTenantOfThisNodeIsReachedInItsOwnVni() {
    one.attach(request("b", "logs", "172.16.1.10"));
    assertThat(hops("172.16.1.10/32")).isEmpty();
    intend(red(BLUE_TARGET), blue(RED_TARGET));
    var toBlue = TenantHop.sending(BLUE_L3, OneNode.VTEP);
    assertThat(hops("172.16.1.10/32")).containsExactly(toBlue);
    assertThat(hops("172.16.1.0/24")).containsExactly(toBlue);
    assertThat(hops("weft-blue", "192.168.1.10/32"))
        .containsExactly(TenantHop.sending(L3, OneNode.VTEP));
    assertThat(one.kernel.values())
        .contains(new SendingFdbEntry("weft-red", BLUE_L3, ROUTER, OneNode.VTEP));
    one.say(prefix(SECOND, IpPrefix.parse("172.16.1.0/24"), BLUE_L3), from(SECOND, BLUE_TARGET));
    assertThat(hops("172.16.1.0/24")).as("this node is the nearest").containsExactly(toBlue);
    one.detach("b");
    assertThat(hops("172.16.1.10/32")).isEmpty();
    assertThat(hops("172.16.1.0/24")).containsExactly(TenantHop.sending(BLUE_L3, SECOND));
  }

  @Test
  void whoImportsNoMoreHasNothingLeft() {
    one.attach(request("b", "logs", "172.16.1.10"));
    var before = List.copyOf(one.kernel.values());
    intend(red(BLUE_TARGET), blue());
    assertThat(hops("172.16.1.10/32")).hasSize(1);
    assertThat(hops("weft-blue", "192.168.1.10/32")).isEmpty();
    intend(red(), blue());
    assertThat(one.kernel.values()).containsExactlyElementsOf(before);
  }

  @Test
  void aRestartKeepsAllWaysUntilAllHaveSpoken() {
    one.say(prefix(SECOND, OUTSIDE, L3), from(SECOND, RED_TARGET));
    one.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET));
    var again = new OneNode();
    one.observable().forEach(object -> again.kernel.put(object.key(), object));
    again.give(
        new NodeEvent.IntentChanged(OneNode.intent(WEB, LOGS).withTenants(List.of(red(), blue()))));
    again.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    again.give(new NodeEvent.KernelObserved(again.observable()));
    again.say(prefix(THIRD, OUTSIDE, L3), from(THIRD, RED_TARGET));
    assertThat(again.batches).isEmpty();
    again.endOfRib();
    assertThat(again.kernel(Kind.TENANT_ROUTE))
        .containsExactly(new TenantRoute("weft-red", OUTSIDE, L3, THIRD));
  }

  @Test
  void aRestartAdoptsForeignRoutes() {
    var foreign = new Vni(7001);
    var net = IpPrefix.parse("172.20.0.0/16");
    one.say(prefix(SECOND, net, foreign), from(SECOND, RED_TARGET));
    var again = new OneNode();
    one.observable().forEach(object -> again.kernel.put(object.key(), object));
    again.give(
        new NodeEvent.IntentChanged(OneNode.intent(WEB, LOGS).withTenants(List.of(red(), blue()))));
    again.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    again.give(new NodeEvent.KernelObserved(again.observable()));
    again.say(prefix(SECOND, net, foreign), from(SECOND, RED_TARGET));
    again.endOfRib();
    assertThat(again.batches).isEmpty();
    assertThat(again.kernel(Kind.TENANT_ROUTE))
        .map(ForwardingObject::key)
        .containsExactlyElementsOf(
            one.kernel(Kind.TENANT_ROUTE).stream().map(ForwardingObject::key).toList());
  }
}
