package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.MovedMac;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames for who has moved away are sent on for a moment. This node is 10.0.0.1. */
final class MovedAwayTest {
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final String IP = "192.168.1.20";
  private static final MovedMac SENT_ON = new MovedMac("weft-red", WEB.vni(), macOf(IP), false);

  private final OneNode one = new OneNode();

  @BeforeEach
  void start() {
    one.start(WEB);
    one.attach(request("a", "web", IP));
  }

  private void heardAt(String vtep, long number) {
    one.sayMac(vtep, 100, IP, ExtendedCommunity.macMobility(false, number));
  }

  @Test
  void forThreeSecondsAfterItIsHeardElsewhere() {
    heardAt("10.0.0.2", 1);
    assertThat(one.kernel(Kind.MOVED_MAC)).containsExactly(SENT_ON);
    one.pass(MovedAway.MOMENT_NANOS - 1);
    assertThat(one.kernel(Kind.MOVED_MAC)).containsExactly(SENT_ON);
    one.pass(1);
    assertThat(one.kernel(Kind.MOVED_MAC)).isEmpty();
    assertThat(one.kernel(Kind.VXLAN_FDB)).hasSize(1);
  }

  @Test
  void theNetworkStaysForItAfterTheLastEndpoint() {
    heardAt("10.0.0.2", 1);
    one.detach("a");
    assertThat(one.kernel(Kind.MOVED_MAC)).containsExactly(SENT_ON);
    assertThat(one.kernel(Kind.PORT)).isEmpty();
    one.pass(MovedAway.MOMENT_NANOS);
    assertThat(one.kernel).isEmpty();
    assertThat(one.announced()).isEmpty();
  }

  @Test
  void alsoWhenTheMoveIsHeardOfAfterItWasDetached() {
    one.attach(request("anchor", "web", "192.168.1.10"));
    one.detach("a");
    assertThat(one.kernel(Kind.MOVED_MAC)).isEmpty();
    heardAt("10.0.0.2", 1);
    assertThat(one.kernel(Kind.MOVED_MAC)).containsExactly(SENT_ON);
  }

  @Test
  void onlyToWhomANumberAboveOursLeads() {
    one.attach(request("anchor", "web", "192.168.1.10"));
    heardAt("9.0.0.2", 0); // of equal numbers that of the lower VTEP counts
    assertThat(one.kernel(Kind.LOCAL_FDB)).hasSize(1);
    assertThat(one.kernel(Kind.MOVED_MAC)).isEmpty();
    heardAt("10.0.0.2", 4);
    assertThat(one.kernel(Kind.MOVED_MAC)).containsExactly(SENT_ON);
    one.unsay(macRoute("10.0.0.2", 100, IP)); // what is left was said before we lost it
    assertThat(one.kernel(Kind.MOVED_MAC)).isEmpty();
  }

  @Test
  void notToWhomItWasBeforeItCameHere() {
    one.attach(request("anchor", "web", "192.168.1.10"));
    heardAt("10.0.0.2", 1);
    one.pass(MovedAway.MOMENT_NANOS);
    one.detach("a");
    one.attach(request("a", "web", IP)); // said with number 2
    one.detach("a"); // while the withdrawal of the other is late
    assertThat(one.kernel(Kind.VXLAN_FDB)).hasSize(1);
    assertThat(one.kernel(Kind.MOVED_MAC)).isEmpty();
  }

  @Test
  void notWhileItIsHereAgain() {
    heardAt("10.0.0.2", 1);
    one.unsay(macRoute("10.0.0.2", 100, IP));
    assertThat(one.kernel(Kind.MOVED_MAC)).isEmpty();
    assertThat(one.kernel(Kind.LOCAL_FDB)).hasSize(1);
  }

  /** Said before, the other node might send on to here what is still sent on from here. */
  @Test
  void itIsSaidAgainOnlyWhenNothingIsSentOn() {
    heardAt("10.0.0.2", 1);
    one.applying = false;
    one.unsay(macRoute("10.0.0.2", 100, IP));
    assertThat(one.announced()).noneMatch(MacIpAdvertisement.class::isInstance);
    one.applying = true;
    one.applyBatch();
    assertThat(one.kernel(Kind.MOVED_MAC)).isEmpty();
    assertThat(one.announced()).anyMatch(MacIpAdvertisement.class::isInstance);
  }

  @Test
  void aChangeOfTheIntentEndsItWhereNoEndpointIs() {
    heardAt("10.0.0.2", 1);
    one.detach("a");
    one.intend();
    assertThat(one.kernel).isEmpty();
  }

  @Test
  void notAfterTheLastEndpointOfANetworkThatTheIntentHasNoMore() {
    one.intend(network("shop", "red", 100));
    heardAt("10.0.0.2", 1);
    assertThat(one.kernel(Kind.MOVED_MAC)).containsExactly(SENT_ON);
    one.detach("a");
    assertThat(one.kernel).isEmpty();
    assertThat(one.attachNow(request("b", "shop", "192.168.1.30")))
        .isInstanceOf(AttachResult.Attached.class);
  }

  @Test
  void notAfterTheLastEndpointWhereTheIntentHasNoSuchNetwork() {
    one.intend();
    heardAt("10.0.0.2", 1);
    one.detach("a");
    assertThat(one.kernel).isEmpty();
  }

  @Test
  void notAfterTheLastEndpointWhereAnotherNetworkIsToHaveTheVni() {
    one.intend(WEB, network("shop", "blue", 200));
    one.attach(request("b", "shop", "192.168.1.30"));
    one.intend(network("web", "red", 200), network("new", "green", 100)); // 200 is shop's still
    heardAt("10.0.0.2", 1);
    assertThat(one.kernel(Kind.MOVED_MAC)).containsExactly(SENT_ON);
    one.detach("a");
    assertThat(one.kernel(Kind.MOVED_MAC)).isEmpty();
    assertThat(one.attachNow(request("c", "new", "192.168.1.40")))
        .isInstanceOf(AttachResult.Attached.class);
  }

  /** Nobody sends frames here for what nobody was told of. */
  @Test
  void notWhatCameAndWentWhileTheKernelWasBusy() {
    one.attach(request("anchor", "web", "192.168.1.10"));
    one.applying = false;
    one.attach(request("b", "web", "192.168.1.30")); // its batch is with the kernel
    one.sayMac("10.0.0.2", 100, "192.168.1.30", ExtendedCommunity.macMobility(false, 1));
    one.detach("b");
    one.applying = true;
    one.applyBatch();
    assertThat(one.kernel(Kind.VXLAN_FDB)).hasSize(1);
    assertThat(one.kernel(Kind.MOVED_MAC)).isEmpty();
  }

  /** The agent before may have said it with any number, and somebody may hear of that yet. */
  @Test
  void notWhatWasHereBeforeTheStartWhileItsRoutesMayStand() {
    var next = new OneNode();
    next.kernel.putAll(one.kernel);
    next.start(WEB);
    next.attach(request("b", "web", "192.168.1.30"));
    next.pass(Duration.ofSeconds(90 + 120).toNanos() - 1);
    movesAway(next, IP);
    assertThat(next.kernel(Kind.MOVED_MAC)).isEmpty();
    movesAway(next, "192.168.1.30");
    assertThat(next.kernel(Kind.MOVED_MAC)).hasSize(1);
  }

  @Test
  void whatWasHereBeforeTheStartOnceItsRoutesAreGone() {
    var next = new OneNode();
    next.kernel.putAll(one.kernel);
    next.start(WEB);
    next.pass(Duration.ofSeconds(90 + 120).toNanos());
    movesAway(next, IP);
    assertThat(next.kernel(Kind.MOVED_MAC)).containsExactly(SENT_ON);
  }

  private static void movesAway(OneNode from, String ip) {
    from.sayMac("10.0.0.2", 100, ip, ExtendedCommunity.macMobility(false, 1));
    assertThat(from.kernel(Kind.VXLAN_FDB)).isNotEmpty();
  }
}
