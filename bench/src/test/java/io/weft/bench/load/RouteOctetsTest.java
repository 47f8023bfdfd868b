package io.weft.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bench.load.LoadPlan.Shape;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RouteOctetsTest {
  private static final int ROUTES = 2_999;

  @ParameterizedTest
  @EnumSource(Shape.class)
  void everyRouteIsSaidOnceByItsSender(Shape shape) {
    var octets = new RouteOctets(plan(shape));
    var keys = new HashSet<>();
    var attributes = new HashSet<>();
    int updates = 0;
    for (int sender = 0; sender < 2; sender++) {
      for (var message : messages(octets.announcements(sender))) {
        assertThat(message).isInstanceOf(Message.Update.class);
        if (message instanceof Message.Update update) {
          updates++;
          assertThat(update.faults()).isEmpty();
          update.announced().forEach(route -> assertThat(keys.add(route.key())).isTrue());
          attributes.add(update.attributes().orElseThrow());
        }
      }
    }
    assertThat(keys).hasSize(ROUTES);
    switch (shape) {
      case PACKED -> {
        assertThat(updates).isBetween(30, 50);
        assertThat(attributes).hasSize(20); // ten networks of two senders
      }
      case SINGLE -> {
        assertThat(updates).isEqualTo(ROUTES);
        assertThat(attributes).hasSize(20);
      }
      case DISTINCT -> {
        assertThat(updates).isEqualTo(ROUTES);
        assertThat(attributes).hasSize(ROUTES);
      }
    }
  }

  @Test
  void theReceiverCountsWhatItHoldsAndNotWhatItHears() {
    var octets = new RouteOctets(plan(Shape.PACKED));
    var held = new RoutesHeld(ROUTES + 1);
    take(held, octets.announcements(1));
    take(held, octets.announcements(1));
    assertThat(held.count()).isEqualTo(1500);
    assertThat(held.has(1499)).isTrue();
    assertThat(held.has(1498)).isFalse();
    take(held, octets.probe(1, ROUTES));
    assertThat(held.count()).isEqualTo(1501);
    take(held, octets.withdrawal(1, ROUTES));
    take(held, octets.withdrawal(1, ROUTES));
    assertThat(held.count()).isEqualTo(1500);
  }

  @Test
  void aProbeIsOneMacWithAnAddress() {
    var octets = new RouteOctets(plan(Shape.PACKED));
    var messages = messages(octets.probe(1, ROUTES));
    assertThat(messages)
        .singleElement()
        .satisfies(
            message -> {
              var route = ((Message.Update) message).announced().getFirst();
              assertThat(route).isInstanceOf(MacIpAdvertisement.class);
              assertThat(route).hasToString(route.toString()).asString().contains("11.0.11.183");
            });
  }

  @Test
  void openAndKeepaliveAreWhole() {
    assertThat(messages(RouteOctets.open("127.0.1.1")))
        .singleElement()
        .isInstanceOfSatisfying(
            Message.Open.class, open -> assertThat(open.routerId()).hasToString("127.0.1.1"));
    assertThat(messages(RouteOctets.keepalive())).containsExactly(new Message.Keepalive());
  }

  private static LoadPlan plan(Shape shape) {
    return new LoadPlan(2, 2, ROUTES, shape, 1, false, 0);
  }

  private static void take(RoutesHeld held, ByteBuffer messages) {
    for (int at = 0; at < messages.limit(); at += messages.getShort(at + 16)) {
      held.take(messages, at + RouteOctets.HEADER, at + messages.getShort(at + 16));
    }
  }

  private static List<Message> messages(ByteBuffer octets) {
    var codec = new MessageCodec();
    var messages = new ArrayList<Message>();
    while (octets.hasRemaining()) {
      var message = new byte[octets.getShort(octets.position() + 16)];
      octets.get(message);
      var decoded = codec.decode(message);
      assertThat(decoded).isInstanceOf(Decoded.Good.class);
      messages.add(((Decoded.Good) decoded).message());
    }
    return messages;
  }
}
