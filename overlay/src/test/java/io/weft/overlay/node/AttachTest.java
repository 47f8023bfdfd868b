package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.NodeLink;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The first straight line: attach call, kernel, answer, route. */
final class AttachTest {
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final NetworkIntent DB = network("db", "red", 200);
  private final OneNode one = new OneNode();

  private void refused(AttachRequest request, Reason reason, String... words) {
    refused(one.attachNow(request), reason, words);
  }

  private static void refused(AttachResult result, Reason reason, String... words) {
    assertThat(result).isInstanceOf(Refused.class);
    assertThat(((Refused) result).reason()).isEqualTo(reason);
    assertThat(((Refused) result).message()).contains(words);
  }

  private static AttachRequest withMac(String endpoint, String mac, String... addresses) {
    return new AttachRequest(
        endpoint,
        "web",
        "/run/netns/" + endpoint,
        "eth0",
        Optional.of(MacAddress.parse(mac)),
        List.of(addresses).stream().map(IpAddress::parse).toList());
  }

  @Test
  void anAttachGoesFromTheNamespaceUpAndIsAnsweredWhenAllStands() {
    one.start(WEB).applying = false;
    long call = one.attach(request("a", "web", "192.168.1.10"));
    assertThat(one.batches)
        .singleElement()
        .satisfies(
            batch ->
                assertThat(batch)
                    .allMatch(KernelChange.Put.class::isInstance)
                    .extracting(change -> change.key().kind())
                    .containsExactly(
                        Kind.NAMESPACE,
                        Kind.BRIDGE,
                        Kind.VXLAN,
                        Kind.PORT,
                        Kind.LOCAL_FDB,
                        Kind.NEIGHBOUR));
    assertThat(one.attached).isEmpty();
    assertThat(one.announced()).isEmpty();
    assertThat(one.node.view().attaching())
        .containsOnly(entry("a", "the kernel has yet to follow"));
    one.applyBatch();
    assertThat(one.node.view().attaching()).isEmpty();
    assertThat(one.answer(call))
        .isEqualTo(
            new Attached(
                "a",
                "web",
                new Vni(100),
                "eth0",
                macOf("192.168.1.10"),
                List.of(new HostAddress(IpAddress.parse("192.168.1.10"), 24)),
                List.of(),
                1450,
                List.of()));
    assertThat(one.announced())
        .containsExactlyInAnyOrder(
            OneNode.floodRoute("10.0.0.1", 100), macRoute("10.0.0.1", 100, "192.168.1.10"));
    assertThat(one.announced(macRoute("10.0.0.1", 100, "192.168.1.10")).nextHop())
        .isEqualTo(OneNode.VTEP);
  }

  @Test
  void withoutConfigurationUnderlayOrKernelTheNodeIsNotReady() {
    refused(request("a", "web"), Reason.NOT_READY, "configuration");
    one.give(new NodeEvent.IntentChanged(OneNode.intent(WEB)));
    refused(request("a", "web"), Reason.NOT_READY, "no VTEP address");
    one.give(new NodeEvent.UnderlayChanged(Optional.empty(), "lo has no address"));
    refused(request("a", "web"), Reason.NOT_READY, "lo has no address");
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    refused(request("a", "web"), Reason.NOT_READY, "kernel's tables");
    one.give(new NodeEvent.KernelObserved(List.of()));
    assertThat(one.attachNow(request("a", "web"))).isInstanceOf(Attached.class);
  }

  @Test
  void anUnknownNetworkIsRefusedWithTheKnownOnes() {
    one.start(WEB, DB);
    refused(request("a", "wbe"), Reason.UNKNOWN_NETWORK, "'wbe'", "n1", "db, web");
    one.intend();
    refused(request("a", "web"), Reason.UNKNOWN_NETWORK, "no network is");
    assertThat(one.batches).isEmpty();
  }

  @Test
  void anAddressMustBeAHostAddressOfTheNetwork() {
    one.start(WEB);
    for (var address : List.of("192.168.2.1", "192.168.1.0", "192.168.1.255", "fd00::1")) {
      refused(
          request("a", "web", address),
          Reason.ADDRESS_OUTSIDE_SUBNET,
          address,
          "192.168.1.0/24",
          "'web'");
    }
    assertThat(one.batches).isEmpty();
  }

  @Test
  void anAddressOrMacInUseHereIsRefusedWithItsOwner() {
    one.start(WEB, DB);
    one.attach(request("a", "web", "192.168.1.10"));
    refused(request("b", "web", "192.168.1.10"), Reason.ADDRESS_IN_USE, "192.168.1.10", "'a'");
    refused(
        withMac("b", "0a:58:c0:a8:01:0a", "192.168.1.11"),
        Reason.ADDRESS_IN_USE,
        "0a:58:c0:a8:01:0a",
        "'a'");
    assertThat(one.attachNow(request("b", "db", "192.168.1.10")))
        .as("another network's addresses are its own")
        .isInstanceOf(Attached.class);
  }

  @Test
  void anAddressThatAnotherMacHasElsewhereIsRefusedWithItsPlace() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.sayMac("10.0.0.2", 100, "192.168.1.20");
    refused(
        withMac("b", "02:00:00:00:00:09", "192.168.1.20"),
        Reason.ADDRESS_IN_USE,
        "192.168.1.20",
        "0a:58:c0:a8:01:14",
        "10.0.0.2");
  }

  @Test
  void aChosenAddressIsFreeHereAndElsewhere() {
    var tiny = network("web", "red", 100, "192.168.1.0/29");
    one.start(tiny);
    one.attach(request("a", "web", "192.168.1.2"));
    one.sayMac("10.0.0.2", 100, "192.168.1.3");
    one.sayMac("10.0.0.2", 100, "192.168.1.4");
    var got = new java.util.TreeSet<String>();
    for (var name : List.of("b", "c")) {
      got.add(((Attached) one.attachNow(request(name, "web"))).addresses().getFirst().toString());
    }
    assertThat(got).containsExactly("192.168.1.5/29", "192.168.1.6/29");
    refused(request("d", "web"), Reason.NO_FREE_ADDRESS, "192.168.1.0/29", "'web'");
  }

  @Test
  void aRequestOfTheWrongShapeIsRefused() {
    one.start(WEB);
    refused(request("", "web"), Reason.INVALID_REQUEST, "endpoint name");
    refused(request("a b", "web"), Reason.INVALID_REQUEST, "endpoint name");
    refused(request("a".repeat(101), "web"), Reason.INVALID_REQUEST, "endpoint name");
    for (var name : List.of("", "a/b", "a:b", "..", "sixteencharacters")) {
      refused(
          new AttachRequest("a", "web", "/run/netns/a", name, Optional.empty(), List.of()),
          Reason.INVALID_REQUEST,
          "interface name '" + name + "'");
    }
    refused(
        new AttachRequest("a", "web", "", "eth0", Optional.empty(), List.of()),
        Reason.INVALID_REQUEST,
        "network namespace");
    refused(withMac("a", "01:00:5e:00:00:01"), Reason.INVALID_REQUEST, "01:00:5e:00:00:01");
    refused(withMac("a", "00:00:00:00:00:00"), Reason.INVALID_REQUEST, "unicast");
    refused(
        request("a", "web", Collections.nCopies(5, "192.168.1.9").toArray(String[]::new)),
        Reason.INVALID_REQUEST,
        "4 addresses");
    assertThat(one.batches).isEmpty();
  }

  private static AttachRequest behind(NodeLink link, String endpoint, String... addresses) {
    return behind(link, endpoint, Optional.of("52:54:00:00:00:0" + endpoint), addresses);
  }

  private static AttachRequest behind(
      NodeLink link, String endpoint, Optional<String> mac, String... addresses) {
    return new AttachRequest(
        endpoint,
        "web",
        "",
        "",
        mac.map(MacAddress::parse),
        List.of(addresses).stream().map(IpAddress::parse).toList(),
        false,
        List.of(),
        Optional.empty(),
        false,
        Optional.of(link));
  }

  @Test
  void whatIsBehindALinkSaysItsMacAndGetsNoAddress() {
    one.start(WEB);
    var eth1 = new NodeLink.Device("eth1");
    refused(behind(eth1, "1", Optional.empty()), Reason.INVALID_REQUEST, "MAC address", "eth1");
    assertThat(one.attachNow(behind(eth1, "1")))
        .isInstanceOfSatisfying(Attached.class, is -> assertThat(is.addresses()).isEmpty());
    refused(behind(eth1, "2"), Reason.INVALID_REQUEST, "link eth1", "'1'");
    assertThat(one.attachNow(behind(new NodeLink.Vlan("eth1", 7), "2", "192.168.1.9")))
        .isInstanceOf(Attached.class);
    refused(behind(new NodeLink.Vlan("eth1", 7), "3"), Reason.INVALID_REQUEST, "link eth1 VLAN 7");
  }

  @Test
  void aVirtualMachineGetsAnAddressAsAPodDoes() {
    one.start(WEB);
    assertThat(one.attachNow(behind(new NodeLink.Tap("vm0"), "1", Optional.empty())))
        .isInstanceOfSatisfying(Attached.class, is -> assertThat(is.addresses()).hasSize(1));
    assertThat(one.batches.getFirst().stream().map(change -> change.key().kind()))
        .contains(Kind.PORT, Kind.TAP);
  }

  @Test
  void namesOfLinksAndNumbersOfVlansAreChecked() {
    for (var name : List.of("", "lo", "..", "a/b", "a b", "a%b", "sixteencharacters")) {
      assertThatThrownBy(() -> new NodeLink.Device(name))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'" + name + "'");
    }
    for (int id : new int[] {0, 4095, -1}) {
      assertThatThrownBy(() -> new NodeLink.Vlan("eth1", id))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1..4094");
    }
  }

  @Test
  void theSameAddressTwiceInOneRequestIsRefused() {
    one.start(WEB);
    refused(
        request("a", "web", "192.168.1.9", "192.168.1.9"), Reason.INVALID_REQUEST, "192.168.1.9");
  }

  @Test
  void aNodeTakesNoMoreEndpointsThanItsLimit() {
    one.start(network("web", "red", 100, "10.1.0.0/16"));
    for (int i = 0; i < 100; i++) {
      assertThat(one.attachNow(request("p" + i, "web"))).isInstanceOf(Attached.class);
    }
    refused(request("more", "web"), Reason.LIMIT_REACHED, "100 endpoints");
  }

  @Test
  void whenTheKernelRefusesTheCallIsRefusedAndAllIsUndone() {
    one.start(WEB);
    one.refusing.add(Kind.VXLAN);
    refused(
        request("a", "web"), Reason.KERNEL_REFUSED, "vxlan weft-red vni 100", "says the kernel");
    assertThat(one.kernel).isEmpty();
    assertThat(one.announced()).isEmpty();
    assertThat(one.node.view().endpoints()).isEmpty();
    assertThat(one.node.view().kernelFailures()).isEmpty();
    one.refusing.clear();
    assertThat(one.attachNow(request("a", "web"))).isInstanceOf(Attached.class);
  }

  @Test
  void aRefusedEndpointLeavesTheOthersOfItsNetwork() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    var before = List.copyOf(one.kernel.values());
    one.refusing.add(Kind.LOCAL_FDB);
    refused(request("b", "web", "192.168.1.11"), Reason.KERNEL_REFUSED, "local_fdb");
    assertThat(one.kernel.values()).containsExactlyElementsOf(before);
    assertThat(one.announced()).contains(macRoute("10.0.0.1", 100, "192.168.1.10"));
  }

  @Test
  void theSameCallAgainGetsTheSameAnswer() {
    one.start(WEB).applying = false;
    long first = one.attach(request("a", "web"));
    long second = one.attach(request("a", "web"));
    one.applyBatch();
    one.forget();
    assertThat(one.answer(second)).isEqualTo(one.answer(first)).isInstanceOf(Attached.class);
    assertThat(one.attachNow(request("a", "web"))).isEqualTo(one.answer(first));
    assertThat(one.batches).isEmpty();
    assertThat(one.updates).isEmpty();
  }

  @Test
  void aStandingEndpointIsNotTakenOverByADifferentCall() {
    one.start(WEB, DB);
    one.attach(request("a", "web"));
    refused(request("a", "db"), Reason.INVALID_REQUEST, "'a'", "'web'", "detach it first");
  }

  @Test
  void detachTakesAllAwayAndThenAnswers() {
    one.start(WEB);
    one.attach(request("a", "web"));
    one.applying = false;
    long call = one.detach("a");
    assertThat(one.detached).isEmpty();
    assertThat(one.announced()).as("withdrawn before the kernel lets go").isEmpty();
    one.applyBatch();
    assertThat(one.detached).containsEntry(call, true);
    assertThat(one.kernel).isEmpty();
  }

  @Test
  void detachingWhatIsNotThereIsDone() {
    one.start(WEB);
    assertThat(one.detached).containsEntry(one.detach("nobody"), false);
  }

  @Test
  void detachWhileAttachingRefusesTheAttach() {
    one.start(WEB).applying = false;
    long attach = one.attach(request("a", "web"));
    long detach = one.detach("a");
    refused(one.answer(attach), Reason.INVALID_REQUEST, "'a' was detached");
    one.applyBatch();
    assertThat(one.detached).isEmpty();
    one.applyBatch();
    assertThat(one.detached).containsEntry(detach, true);
    assertThat(one.kernel).isEmpty();
  }

  @Test
  void attachRightAfterDetachMakesTheInterfaceInTheNewPod() {
    one.start(WEB, DB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.applying = false;
    one.attach(request("other", "db"));
    long detach = one.detach("a");
    var again =
        new AttachRequest(
            "a",
            "web",
            "/run/netns/second",
            "eth0",
            Optional.empty(),
            List.of(IpAddress.parse("192.168.1.10")));
    long attach = one.attach(again);
    one.applyBatch();
    assertThat(one.attached).doesNotContainKey(attach);
    assertThat(one.node.view().attaching())
        .containsEntry("a", "an endpoint that was detached has yet to leave the kernel");
    one.forget();
    while (one.isBatchWaiting()) {
      one.applyBatch();
    }
    assertThat(one.detached).containsEntry(detach, true);
    assertThat(one.answer(attach)).isInstanceOf(Attached.class);
    assertThat(one.kernel(Kind.PORT).toString()).contains("/run/netns/second");
  }

  @Test
  void aPostponedAttachIsRefusedWhenItIsDetached() {
    one.start(WEB);
    one.attach(request("a", "web"));
    one.applying = false;
    one.detach("a");
    long attach = one.attach(request("a", "web"));
    one.detach("a");
    refused(one.answer(attach), Reason.INVALID_REQUEST, "was detached");
    one.applyBatch();
    assertThat(one.kernel).isEmpty();
    assertThat(one.isBatchWaiting()).isFalse();
  }

  @Test
  void theNamespaceStandsWhileOneNetworkOfTheTenantNeedsIt() {
    one.start(WEB, DB);
    one.attach(request("a", "web"));
    one.attach(request("b", "db"));
    one.detach("a");
    assertThat(one.kinds())
        .containsExactly(
            Kind.NAMESPACE, Kind.BRIDGE, Kind.VXLAN, Kind.PORT, Kind.LOCAL_FDB, Kind.NEIGHBOUR);
    one.detach("b");
    assertThat(one.kernel).isEmpty();
  }
}
