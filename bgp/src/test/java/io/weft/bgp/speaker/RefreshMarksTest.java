package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.RED;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.RouteRefresh;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 7313 between speakers a and b: where the answer to a refresh begins and ends. */
class RefreshMarksTest {
  private static final Family EVPN = Family.L2VPN_EVPN;
  private static final Message BEGIN = new RouteRefresh(EVPN, RouteRefresh.BEGIN);
  private static final Message END = new RouteRefresh(EVPN, RouteRefresh.END);

  private final World world = new World();

  @Test
  void theAnswerStandsBetweenItsMarks() {
    twoRoutesOfB();
    world.forget();
    fromPeer("b", new RouteRefresh(EVPN, RouteRefresh.REQUEST));
    var sent = sent("b");
    assertThat(sent.getFirst()).isEqualTo(BEGIN);
    assertThat(sent.getLast()).isEqualTo(END);
    assertThat(sent.subList(1, sent.size() - 1))
        .allMatch(m -> m instanceof Message.Update u && u.announced().size() == 2);
    assertThat(world.best("a")).hasSize(2);
  }

  @Test
  void whatIsNotSaidAgainIsGoneAtTheEnd() {
    twoRoutesOfB();
    world.forget();
    fromPeer("a", BEGIN);
    assertThat(world.best("a")).hasSize(2);
    assertThat(world.taken("a")).isEmpty();
    fromPeer("a", Message.Update.announce(attributes(2, RED), List.of(mac(2, 2))));
    fromPeer("a", END);
    assertThat(world.best("a")).containsExactly(mac(2, 2).key());
    assertThat(world.peerOf("a", 2).staleRoutes()).isZero();
  }

  @Test
  void anAnswerThatNeverEndsIsTakenForEnded() {
    twoRoutesOfB();
    fromPeer("a", BEGIN);
    fromPeer("a", Message.Update.announce(attributes(2, RED), List.of(mac(2, 2))));
    world.pass(Routing.STALE_AFTER_RETURN.minusSeconds(1));
    assertThat(world.best("a")).hasSize(2);
    world.pass(Duration.ofSeconds(2));
    assertThat(world.best("a")).containsExactly(mac(2, 2).key());
  }

  private void twoRoutesOfB() {
    world.start("a", 1, config(1, peer(2)));
    world.start("b", 2, config(2, peer(1)));
    world.pass(Duration.ofSeconds(1));
    world.give("b", originate(attributes(2, RED), mac(2, 1), mac(2, 2)));
  }

  /** As if the only peer of {@code name} had sent it. */
  private void fromPeer(String name, Message message) {
    world.give(
        name,
        new SpeakerEvent.MessageReceived(world.connectionOf(name), new Decoded.Good(message)));
  }

  private List<Message> sent(String name) {
    var messages = new ArrayList<Message>();
    for (var effect : world.taken(name)) {
      if (effect instanceof SpeakerEffect.Send(_, var list)) {
        messages.addAll(list);
      }
    }
    return messages;
  }
}
