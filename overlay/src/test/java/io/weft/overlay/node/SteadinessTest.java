package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What stands and is said stays so through refusals, repairs and restarts. */
final class SteadinessTest {
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final long SECOND = 1_000_000_000L;
  private final OneNode one = new OneNode();

  private static NetworkIntent with(NetworkIntent network, List<RouteTarget> targets, int mtu) {
    return new NetworkIntent(
        network.name(),
        network.tenant(),
        network.vni(),
        network.subnets(),
        List.copyOf(targets),
        targets,
        OptionalInt.of(mtu));
  }

  private static OneNode after(OneNode former) {
    var again = new OneNode();
    former.observable().forEach(object -> again.kernel.put(object.key(), object));
    return again;
  }

  private static Vni portVni(OneNode node, String endpoint) {
    return node.kernel(Kind.PORT).stream()
        .map(EndpointPort.class::cast)
        .filter(port -> port.endpoint().equals(endpoint))
        .findFirst()
        .orElseThrow()
        .vni();
  }

  @Test
  void anAttachRepeatedWhileTheKernelRefusesDetachesNothing() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.refusing.add(Kind.BRIDGE);
    one.intend(with(WEB, WEB.exportTargets(), 1300));
    assertThat(one.attachNow(request("a", "web", "192.168.1.10")))
        .isInstanceOfSatisfying(
            Refused.class, r -> assertThat(r.reason()).isEqualTo(Reason.KERNEL_REFUSED));
    assertThat(one.node.view().endpoints()).hasSize(1);
    assertThat(one.kernel(Kind.PORT)).hasSize(1);
    one.refusing.clear();
    one.pass(60 * SECOND);
    assertThat(one.attachNow(request("a", "web", "192.168.1.10"))).isInstanceOf(Attached.class);
  }

  @Test
  void anotherMtuWithdrawsNothing() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.forget();
    one.applying = false;
    one.intend(with(WEB, WEB.exportTargets(), 1300));
    assertThat(one.isBatchWaiting()).isTrue();
    one.applyBatch();
    assertThat(one.updates).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"NAMESPACE", "BRIDGE", "VXLAN", "LOCAL_FDB"})
  void aRepairWithdrawsNothing(Kind kind) {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.forget();
    one.applying = false;
    one.lose(one.kernel(kind).getFirst().key());
    assertThat(one.isBatchWaiting()).isTrue();
    one.applyBatch();
    assertThat(one.updates).isEmpty();
  }

  @Test
  void anotherVniWithdrawsUntilItStands() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.applying = false;
    one.intend(network("web", "red", 300));
    assertThat(one.announced()).isEmpty();
    while (one.isBatchWaiting()) {
      one.applyBatch();
    }
    assertThat(one.announced()).contains(macRoute("10.0.0.1", 300, "192.168.1.10"));
  }

  private OneNode withRemoteRows() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.sayMac("10.0.0.2", 100, "192.168.1.20");
    return one;
  }

  @Test
  void withoutPeersHeldRowsStayForTheRestartTime() {
    var again = after(withRemoteRows());
    var intent = OneNode.intent(WEB);
    again.give(
        new NodeEvent.IntentChanged(
            new NodeIntent(intent.as(), List.of(), 90, 120, intent.networks())));
    again.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    again.give(new NodeEvent.KernelObserved(again.observable()));
    assertThat(again.node.view().converged()).isFalse();
    again.pass(119 * SECOND);
    assertThat(again.kernel(Kind.VXLAN_FDB)).hasSize(1);
    again.pass(2 * SECOND);
    assertThat(again.kernel(Kind.VXLAN_FDB)).isEmpty();
  }

  @Test
  void aVniThatAnotherHoldsIsNotTakenByAdoption() {
    one.start(network("db", "red", 200), WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.attach(request("b", "db", "192.168.1.11"));
    var again = after(one).start(network("web", "red", 200));
    assertThat(portVni(again, "a")).isEqualTo(new Vni(100));
    assertThat(portVni(again, "b")).isEqualTo(new Vni(200));
    assertThat(again.kernel(Kind.VXLAN)).hasSize(2);
    assertThat(again.reports).anyMatch(r -> r.contains("keeps VNI 100") && r.contains("'db'"));
    again.detach("b");
    assertThat(portVni(again, "a")).as("free now").isEqualTo(new Vni(200));
    assertThat(again.kernel(Kind.VXLAN)).hasSize(1);
    assertThat(again.announced()).contains(macRoute("10.0.0.1", 200, "192.168.1.10"));
  }

  @Test
  void networksThatSwappedVnisMeanwhileChangeAfterAdoption() {
    one.start(network("db", "red", 200), WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.attach(request("b", "db", "192.168.1.11"));
    var again = after(one).start(network("db", "red", 100), network("web", "red", 200));
    assertThat(portVni(again, "a")).isEqualTo(new Vni(200));
    assertThat(portVni(again, "b")).isEqualTo(new Vni(100));
  }

  @Test
  void aVniThatBecomesFreeIsTaken() {
    one.start(network("db", "red", 200), WEB);
    one.attach(request("a", "web"));
    one.attach(request("b", "db"));
    one.intend(network("db", "red", 100));
    assertThat(portVni(one, "b")).isEqualTo(new Vni(200));
    one.detach("a");
    assertThat(portVni(one, "b")).isEqualTo(new Vni(100));
  }

  @Test
  void anotherMacOrAddressIsNotTheSameCallAgain() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    var again = after(one).start(WEB);
    for (var node : List.of(one, again)) {
      assertThat(node.attachNow(request("a", "web", "192.168.1.10"))).isInstanceOf(Attached.class);
      assertThat(node.attachNow(request("a", "web"))).isInstanceOf(Attached.class);
      assertThat(node.attachNow(request("a", "web", "192.168.1.11")))
          .isInstanceOfSatisfying(
              Refused.class, r -> assertThat(r.message()).contains("192.168.1.10"));
      assertThat(node.attachNow(withMac(new MacAddress(0x0a00_0000_0001L))))
          .isInstanceOf(Refused.class);
      assertThat(node.attachNow(withMac(macOf("192.168.1.10")))).isInstanceOf(Attached.class);
    }
  }

  private static AttachRequest withMac(MacAddress mac) {
    return new AttachRequest("a", "web", "/run/netns/a", "eth0", Optional.of(mac), List.of());
  }

  @Test
  void whatTheKernelLostBeforeTheVtepIsKnownIsNotAdopted() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    var again = after(one);
    again.give(new NodeEvent.IntentChanged(OneNode.intent(WEB)));
    again.give(new NodeEvent.KernelObserved(again.observable()));
    again.lose(again.kernel(Kind.PORT).getFirst().key());
    again.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    assertThat(again.node.view().endpoints()).isEmpty();
    assertThat(again.kernel).isEmpty();
  }

  @Test
  void aNetworkThatChangedItsTenantMeanwhileMovesThere() {
    var targets = List.of(RouteTarget.automatic(OneNode.AS, new Vni(777)));
    one.start(with(WEB, targets, 1400));
    one.attach(request("a", "web", "192.168.1.10"));
    var again = after(one).start(with(network("web", "green", 100), targets, 1400));
    again.say(macRoute("10.0.0.2", 100, "192.168.1.20"), OneNode.attributes("10.0.0.2", 777));
    assertThat(again.kernel(Kind.VXLAN_FDB)).hasSize(1);
    assertThat(again.announced(macRoute("10.0.0.1", 100, "192.168.1.10")).routeTargets())
        .isEqualTo(targets);
    assertThat(again.kernel(Kind.NAMESPACE))
        .containsExactly(new ForwardingObject.TenantNamespace("weft-green"));
  }

  @Test
  void endsOfTunnelsOfTheOtherFamilyAreLeftOut() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.say(macRoute("10.0.0.2", 100, "192.168.1.20"), OneNode.attributes("2001:db8::2", 100));
    one.say(OneNode.floodRoute("10.0.0.2", 100), OneNode.attributes("2001:db8::2", 100));
    assertThat(one.kernel(Kind.VXLAN_FDB)).isEmpty();
    assertThat(one.kernel(Kind.NEIGHBOUR)).as("of the endpoint here").hasSize(1);
    assertThat(one.kernel(Kind.FLOOD)).isEmpty();
    assertThat(one.node.view().kernelFailures()).isEmpty();
    assertThat(IpAddress.parse("2001:db8::2").isIpv4()).isFalse();
  }

  @Test
  void aDetachThatTheKernelKeepsRefusingIsAnsweredAndReported() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.refusingRemovals.add(Kind.PORT);
    long request = one.detach("a");
    assertThat(one.detached).doesNotContainKey(request);
    one.pass(10 * SECOND);
    assertThat(one.detached).containsEntry(request, true);
    assertThat(one.reports)
        .anyMatch(r -> r.contains("refuses its removal") && r.contains("no, says the kernel"));
    assertThat(one.announced()).isEmpty();
    one.refusingRemovals.clear();
    one.pass(60 * SECOND);
    assertThat(one.kernel).isEmpty();
  }

  @Test
  void endOfRibOfAnotherFamilyIsNotTheNetworks() {
    var again = after(withRemoteRows()).begin(WEB);
    again.give(
        new NodeEvent.Bgp(
            new SpeakerEvent.MessageReceived(
                1, new Decoded.Good(Message.Update.endOfRib(Family.IPV4_UNICAST)))));
    assertThat(again.node.view().converged()).isFalse();
    assertThat(again.kernel(Kind.VXLAN_FDB)).hasSize(1);
    again.endOfRib();
    assertThat(again.node.view().converged()).isTrue();
    assertThat(again.kernel(Kind.VXLAN_FDB)).isEmpty();
  }
}
