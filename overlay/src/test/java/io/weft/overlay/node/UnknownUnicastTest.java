package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.attributes;
import static io.weft.overlay.node.OneNode.floodRoute;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.forwarding.UnknownUnicast;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames to MACs that nobody is known to have: who wants them, and who sends them. */
final class UnknownUnicastTest {
  private static final NetworkIntent WEB = OneNode.network("web", "red", 100);
  private static final ForwardingObject FLOODED =
      new UnknownUnicast("weft-red", new Vni(100), false);
  private final OneNode one = new OneNode();

  @BeforeEach
  void start() {
    one.start(WEB);
    one.attach(request("pod", "web", "192.168.1.10"));
  }

  private static AttachRequest learning() {
    return new AttachRequest(
        "bridge",
        "web",
        "",
        "",
        Optional.empty(),
        List.of(),
        false,
        List.of(),
        Optional.empty(),
        false,
        Optional.of(new NodeLink.Device("eth1")),
        false,
        true);
  }

  private boolean wants() {
    return one.announced(floodRoute("10.0.0.1", 100)).pmsiTunnel().orElseThrow().wantsUnknown();
  }

  private void say(String vtep, int flags) {
    PathAttributes said = attributes(vtep, 100);
    var tunnel = PmsiTunnel.ingressReplication(flags, 100, IpAddress.parse(vtep));
    one.say(floodRoute(vtep, 100), said.withPmsiTunnel(Optional.of(tunnel)));
  }

  private List<ForwardingObject> kernel() {
    return one.kernel(Kind.UNKNOWN_UNICAST);
  }

  @Test
  void aNodeWantsThemAsLongAsAPortOfItsLearns() {
    assertThat(wants()).as("all of its endpoints are announced").isFalse();
    assertThat(one.attachNow(learning())).isInstanceOf(Attached.class);
    assertThat(wants()).as("who is behind it may be silent").isTrue();
    one.detach("bridge");
    assertThat(wants()).isFalse();
  }

  @Test
  void theyLeaveWhereAVtepWantsThem() {
    assertThat(kernel()).as("alone").isEmpty();
    say("10.0.0.2", PmsiTunnel.NO_UNKNOWN);
    assertThat(one.kernel(Kind.FLOOD)).hasSize(1);
    assertThat(kernel()).as("it knows all that it has").isEmpty();
    say("10.0.0.3", 0);
    assertThat(kernel()).as("one that says nothing of it").containsExactly(FLOODED);
    say("10.0.0.3", PmsiTunnel.NO_UNKNOWN);
    assertThat(kernel()).as("it has changed its mind").isEmpty();
    say("10.0.0.3", PmsiTunnel.NO_BROADCAST);
    assertThat(kernel()).containsExactly(FLOODED);
    one.unsay(floodRoute("10.0.0.3", 100));
    assertThat(kernel()).as("it is gone").isEmpty();
    assertThat(one.kernel(Kind.FLOOD)).hasSize(1);
  }

  @Test
  void whoWantsNothingIsInNoList() {
    say("10.0.0.2", PmsiTunnel.NO_UNKNOWN | PmsiTunnel.NO_BROADCAST);
    assertThat(one.kernel(Kind.FLOOD)).isEmpty();
    assertThat(kernel()).isEmpty();
  }
}
