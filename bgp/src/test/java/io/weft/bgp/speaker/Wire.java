package io.weft.bgp.speaker;

import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Message;
import io.weft.net.IpAddress;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.TreeSet;

/**
 * Two speakers and connections that the test makes between them, each with one number at both ends;
 * whatever is sent waits until {@link #run}, so that messages can cross.
 */
final class Wire {
  private record Delivery(boolean toA, SpeakerEvent event) {}

  private final Speaker a;
  private final Speaker b;
  private final TreeSet<Long> open = new TreeSet<>();
  private final Queue<Delivery> deliveries = new ArrayDeque<>();
  long now;

  Wire(Speaker a, Speaker b) {
    this.a = a;
    this.b = b;
  }

  /** Both ends learn of the connection before either hears anything over it. */
  void connect(long number, IpAddress addressOfA, IpAddress addressOfB, boolean fromA) {
    open.add(number);
    step(
        true,
        fromA
            ? new SpeakerEvent.Connected(number, addressOfB)
            : new SpeakerEvent.Accepted(number, addressOfB));
    step(
        false,
        fromA
            ? new SpeakerEvent.Accepted(number, addressOfA)
            : new SpeakerEvent.Connected(number, addressOfA));
  }

  List<Long> open() {
    return List.copyOf(open);
  }

  void run() {
    while (!deliveries.isEmpty()) {
      var delivery = deliveries.remove();
      step(delivery.toA(), delivery.event());
    }
  }

  private void step(boolean atA, SpeakerEvent event) {
    for (var effect : (atA ? a : b).step(now, event)) {
      if (effect instanceof SpeakerEffect.Send(long number, List<Message> messages)) {
        messages.forEach(
            message ->
                deliveries.add(
                    new Delivery(
                        !atA,
                        new SpeakerEvent.MessageReceived(number, new Decoded.Good(message)))));
      }
      if (effect instanceof SpeakerEffect.Close(long number, _) && open.remove(number)) {
        deliveries.add(new Delivery(!atA, new SpeakerEvent.Disconnected(number, "closed")));
      }
    }
  }
}
