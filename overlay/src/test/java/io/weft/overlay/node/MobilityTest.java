package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** RFC 7432 §15 and §15.1: a MAC that two nodes claim. This node is 10.0.0.1. */
final class MobilityTest {
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final String IP = "192.168.1.20";
  private static final MacAddress MAC = macOf(IP);
  private static final Route OURS = macRoute("10.0.0.1", 100, IP);
  private static final Route THEIRS = macRoute("10.0.0.2", 100, IP);
  private static final ExtendedCommunity GATEWAY = new ExtendedCommunity(0x030dL << 48);
  private static final long SECOND = 1_000_000_000L;
  private final OneNode one = new OneNode();

  @BeforeEach
  void start() {
    one.start(WEB);
    one.attach(request("first", "web", "192.168.1.10"));
    one.forget();
  }

  private static ExtendedCommunity sequence(long number) {
    return ExtendedCommunity.macMobility(false, number);
  }

  private Optional<ExtendedCommunity> said() {
    return one.announced(OURS).macMobility();
  }

  private static AttachRequest with(String endpoint, MacAddress mac, boolean sticky, String... ip) {
    return new AttachRequest(
        endpoint,
        "web",
        "/run/netns/" + endpoint,
        "eth0",
        Optional.of(mac),
        List.of(ip).stream().map(IpAddress::parse).toList(),
        sticky);
  }

  @Test
  void whoComesBackIsSaidAboveTheHighestSeen() {
    one.attach(request("a", "web", IP));
    assertThat(said()).isEmpty();
    one.sayMac("10.0.0.2", 100, IP, sequence(7));
    assertThat(one.announced()).doesNotContain(OURS);
    one.unsay(THEIRS);
    assertThat(said()).contains(sequence(8));
  }

  @Test
  void withEqualNumbersTheLowerVtepWins() {
    one.attach(request("a", "web", IP));
    one.sayMac("10.0.0.2", 100, IP);
    assertThat(said()).isEmpty();
    one.sayMac("9.0.0.2", 100, IP);
    assertThat(one.announced()).doesNotContain(OURS);
  }

  @Test
  void theLastNumberIsNotCountedBeyondAndReported() {
    one.sayMac("10.0.0.2", 100, IP, sequence(0xffff_ffffL));
    one.attach(request("a", "web", IP));
    assertThat(said()).contains(sequence(0xffff_ffffL));
    assertThat(one.reports).anyMatch(r -> r.contains("4294967295") && r.contains("'a'"));
  }

  @Test
  void allRoutesOfAMacCarryOneNumber() {
    one.intend(
        new NetworkIntent(
            WEB.name(),
            WEB.tenant(),
            WEB.vni(),
            List.of(
                io.weft.net.IpPrefix.parse("192.168.1.0/24"),
                io.weft.net.IpPrefix.parse("192.168.2.0/24")),
            WEB.importTargets(),
            WEB.exportTargets(),
            WEB.mtu()));
    one.say(
        macRoute("10.0.0.2", 100, MAC, Optional.empty()),
        OneNode.attributes("10.0.0.2", 100, sequence(3)));
    one.attach(with("a", MAC, false, IP, "192.168.2.20"));
    assertThat(said()).contains(sequence(4));
    var second = macRoute("10.0.0.1", 100, MAC, Optional.of(IpAddress.parse("192.168.2.20")));
    assertThat(one.announced(second).macMobility()).contains(sequence(4));
  }

  @Test
  void aStickyMacStaysHereAndTheConflictIsReportedOnce() {
    one.attach(with("a", MAC, true, IP));
    assertThat(said()).contains(ExtendedCommunity.macMobility(true, 0));
    one.sayMac("10.0.0.2", 100, IP, sequence(9));
    one.sayMac("10.0.0.2", 100, IP, sequence(10));
    assertThat(said()).contains(ExtendedCommunity.macMobility(true, 0));
    assertThat(one.reports)
        .singleElement()
        .satisfies(r -> assertThat(r).contains("'a'", "10.0.0.2", "sticky"));
  }

  @Test
  void aStickyMacElsewhereWinsAndCannotBeAttached() {
    one.attach(request("a", "web", IP));
    one.sayMac("10.0.0.2", 100, IP, ExtendedCommunity.macMobility(true, 0));
    assertThat(one.announced()).doesNotContain(OURS);
    assertThat(one.reports).anyMatch(r -> r.contains("'a'") && r.contains("10.0.0.2"));
    one.detach("a");
    assertRefused(request("a", "web", IP), "'a'", "10.0.0.2", "sticky");
  }

  private void assertRefused(AttachRequest request, String... words) {
    assertThat(one.attachNow(request))
        .isInstanceOfSatisfying(
            Refused.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo(Reason.ADDRESS_IN_USE);
              assertThat(refused.message()).contains(words);
            });
  }

  @Test
  void aMacWithAnotherAddressIsNoMove() {
    one.sayMac("10.0.0.2", 100, IP);
    assertRefused(with("b", MAC, false, "192.168.1.30"), "'b'", "10.0.0.2", IP);
    assertThat(one.attachNow(with("b", MAC, false, IP))).isInstanceOf(Attached.class);
  }

  @Test
  void aDefaultGatewayIsKnownButNeverAMove() {
    one.attach(request("a", "web", IP));
    one.sayMac("10.0.0.2", 100, IP, sequence(5), GATEWAY);
    assertThat(said()).as("RFC 7432 §10.1").isEmpty();
    assertThat(one.reports).anyMatch(r -> r.contains("default gateway") && r.contains("10.0.0.2"));
    one.sayMac("10.0.0.2", 100, "192.168.1.1", GATEWAY);
    assertThat(one.kernel(Kind.NEIGHBOUR).toString()).contains("192.168.1.1");
    assertRefused(with("b", macOf("192.168.1.1"), false, "192.168.1.30"), "'b'", "default gateway");
  }

  @Test
  void anAddressThatGotAnotherMacElsewhereIsWithdrawn() {
    one.attach(request("a", "web", IP));
    var mac = new MacAddress(0x0a00_0000_0001L);
    var route = macRoute("10.0.0.2", 100, mac, Optional.of(IpAddress.parse(IP)));
    one.say(route, OneNode.attributes("10.0.0.2", 100, sequence(1)));
    assertThat(one.announced())
        .doesNotContain(OURS)
        .contains(macRoute("10.0.0.1", 100, MAC, Optional.empty()));
    assertThat(one.reports)
        .anyMatch(r -> r.contains(IP) && r.contains("'a'") && r.contains("10.0.0.2"));
    one.pass(75 * SECOND);
    one.say(route, OneNode.attributes("10.0.0.2", 100, sequence(2)));
    assertThat(one.node.deviations(one.now))
        .singleElement()
        .asString()
        .contains(IP, "'a'", MAC.toString(), "10.0.0.2", mac.toString(), "for 75 s");
    one.unsay(route);
    assertThat(one.announced()).contains(OURS);
    assertThat(one.node.deviations(one.now)).isEmpty();
    one.say(route, OneNode.attributes("10.0.0.2", 100, sequence(3)));
    assertThat(one.node.deviations(one.now)).singleElement().asString().contains("for 0 s");
  }

  /** It moves here and there until it is frozen at the fifth move, which goes there. */
  private void quarrel() {
    one.attach(request("a", "web", IP));
    for (int i = 0; i < 4; i++) {
      one.sayMac("10.0.0.2", 100, IP, sequence(10 + 2 * i));
      one.unsay(THEIRS);
      one.pass(SECOND);
    }
    one.forget();
    one.sayMac("10.0.0.2", 100, IP, sequence(100));
  }

  @Test
  void aDuplicateIsFrozenAndReportedOnceWithBothOwners() {
    quarrel();
    assertThat(one.announced()).as("the last state stays").contains(OURS);
    one.sayMac("10.0.0.2", 100, IP, sequence(101));
    one.sayMac("10.0.0.2", 100, IP, sequence(102));
    assertThat(said()).contains(sequence(17));
    assertThat(one.updates).isEmpty();
    assertThat(one.reports)
        .singleElement()
        .satisfies(r -> assertThat(r).contains("'a'", "10.0.0.2", "5 moves in 4 s", "1620 s"));
    assertThat(one.node.view().duplicates())
        .singleElement()
        .satisfies(
            duplicate -> {
              assertThat(duplicate.mac()).isEqualTo(MAC);
              assertThat(duplicate.network()).isEqualTo("web");
              assertThat(duplicate.endpoint()).isEqualTo("a");
              assertThat(duplicate.vtep()).contains(IpAddress.parse("10.0.0.2"));
              assertThat(duplicate.moves()).isEqualTo(5);
              assertThat(duplicate.sinceNanos()).isEqualTo(one.now);
            });
  }

  @Test
  void aDuplicateGetsAnotherChanceInTime() {
    quarrel();
    one.pass(1_619 * SECOND);
    assertThat(one.announced()).contains(OURS);
    one.pass(2 * SECOND);
    assertThat(one.announced()).doesNotContain(OURS);
    assertThat(one.node.view().duplicates()).isEmpty();
  }

  @Test
  void anOwnerThatWithdrawsEndsTheQuarrel() {
    quarrel();
    one.unsay(THEIRS);
    assertThat(one.node.view().duplicates()).isEmpty();
    one.sayMac("10.0.0.2", 100, IP, sequence(103));
    assertThat(one.announced()).doesNotContain(OURS);
  }

  @Test
  void anEndpointThatIsDetachedEndsTheQuarrel() {
    quarrel();
    one.detach("a");
    assertThat(one.node.view().duplicates()).isEmpty();
    assertThat(one.kernel(Kind.VXLAN_FDB).toString()).contains("10.0.0.2");
  }

  @Test
  void movesByAttachingAreCountedToo() {
    for (int i = 0; i < 5; i++) {
      one.sayMac("10.0.0.2", 100, IP, sequence(2 * i));
      one.attach(request("a", "web", IP));
      if (i < 4) {
        assertThat(said()).contains(sequence(2 * i + 1));
        one.detach("a");
      }
    }
    assertThat(one.node.view().duplicates()).hasSize(1);
    assertThat(one.announced()).as("no more is said of it").doesNotContain(OURS);
  }

  @Test
  void anotherNodeWithOurVtepIsSaidWithItsRouteAndForgottenWithIt() {
    var node = new OneNode();
    node.start(network("web", "red", 100));
    node.attachNow(request("a", "web", "192.168.1.10"));
    assertThat(node.node.deviations(0)).isEmpty();
    var route = OneNode.macRoute("10.0.0.7", 100, "192.168.1.70");
    node.say(route, OneNode.attributes(OneNode.VTEP.toString(), 100));
    assertThat(node.node.deviations(0))
        .singleElement()
        .satisfies(
            text ->
                assertThat(text)
                    .contains("VTEP 10.0.0.1 of this node", "10.0.0.7", "peer 10.0.0.254"));
    assertThat(node.reports).anyMatch(text -> text.contains("VTEP 10.0.0.1 of this node"));
    node.unsay(route);
    assertThat(node.node.deviations(0)).isEmpty();
    assertThat(node.reports).anyMatch(text -> text.contains("any more"));
  }

  @Test
  void anAddressOfAnotherMacIsShownWithBothOwnersAsLongAsItIs() {
    var node = new OneNode();
    node.start(network("web", "red", 100));
    node.attachNow(request("a", "web", "192.168.1.10"));
    assertThat(node.node.view().sharedAddresses()).isEmpty();
    var mac = MacAddress.parse("02:00:00:00:00:77");
    var address = IpAddress.parse("192.168.1.10");
    var route = OneNode.macRoute("10.0.0.7", 100, mac, Optional.of(address));
    node.say(route, OneNode.attributes("10.0.0.7", 100));
    var shared = node.node.view().sharedAddresses().getFirst();
    assertThat(shared.address()).isEqualTo(address);
    assertThat(shared.endpoint()).isEqualTo("a");
    assertThat(shared.mac()).isEqualTo(node.node.view().endpoints().getFirst().endpoint().mac());
    assertThat(shared.other()).isEqualTo(mac);
    assertThat(shared.vtep()).isEqualTo(IpAddress.parse("10.0.0.7"));
    node.unsay(route);
    assertThat(node.node.view().sharedAddresses()).isEmpty();
  }

  private List<String> twins() {
    return one.node.deviations(0).stream()
        .filter(text -> text.contains("is also that of"))
        .toList();
  }

  /** It is known until the last of its routes is gone, however many there are. */
  @Test
  void anotherNodeWithOurVtepIsNamedUntilItsLastRouteIsGone() {
    var routes = new ArrayList<Route>();
    for (int i = 0; i < 1_100; i++) {
      var mac = new MacAddress(0x0200_0000_0000L + i);
      routes.add(OneNode.macRoute("10.0.0.7", 100, mac, Optional.empty()));
      one.say(routes.getLast(), OneNode.attributes("10.0.0.1", 100));
    }
    assertThat(twins()).hasSize(1);
    routes.subList(0, 1_050).forEach(one::unsay);
    assertThat(twins()).hasSize(1);
    routes.subList(1_050, 1_100).forEach(one::unsay);
    assertThat(twins()).isEmpty();
  }

  /** What was learned before counts for the VTEP that the node has now. */
  @Test
  void whoHasOurVtepFollowsFromTheVtepThatWeHave() {
    one.sayMac("10.0.0.9", 100, "192.168.1.20");
    assertThat(twins()).isEmpty();
    var ninth = new Underlay(IpAddress.parse("10.0.0.9"), OneNode.UNDERLAY.routerId(), 1500);
    one.give(new NodeEvent.UnderlayChanged(Optional.of(ninth), ""));
    assertThat(twins()).hasSize(1);
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    assertThat(twins()).isEmpty();
  }
}
