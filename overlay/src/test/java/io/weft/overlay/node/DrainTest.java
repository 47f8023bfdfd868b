package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A drained node says nothing of its networks, and what stands forwards on. */
class DrainTest {
  private final OneNode one = new OneNode();

  @Test
  void itWithdrawsWhatItSaidAndSaysItAgain() {
    one.start(network("web", "red", 100));
    one.attachNow(request("a", "web", "192.168.1.10"));
    var kernel = Map.copyOf(one.kernel);
    int announced = one.node.announced();
    assertThat(announced).isPositive();
    one.give(new NodeEvent.DrainChanged(true));
    assertThat(one.node.announced()).isZero();
    assertThat(one.node.drained()).isTrue();
    assertThat(one.node.deviations()).contains(RouteExchange.DRAINED);
    assertThat(one.kernel).as("it forwards on").isEqualTo(kernel);
    assertThat(one.attachNow(request("b", "web", "192.168.1.11")))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.reason()).isEqualTo(Reason.DRAINED));
    assertThat(one.attachNow(request("a", "web", "192.168.1.10")))
        .as("what is there is told again")
        .isInstanceOf(Attached.class);
    one.give(new NodeEvent.DrainChanged(false));
    assertThat(one.node.announced()).isEqualTo(announced);
  }

  @Test
  void itCanBeginSo() {
    one.give(new NodeEvent.DrainChanged(true));
    one.start(network("web", "red", 100));
    assertThat(one.attachNow(request("a", "web", "192.168.1.10"))).isInstanceOf(Refused.class);
    assertThat(one.node.announced()).isZero();
  }
}
