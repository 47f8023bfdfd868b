package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.address;

import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Message;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Two speakers, a at address 1 and b at address 2, and connections that the test makes between
 * them. Each direction of each connection keeps its order; between them a seed decides what comes
 * first, as on a real network.
 */
final class Wire {
  /** One direction of one connection. */
  private record Direction(long number, boolean toA) implements Comparable<Direction> {
    @Override
    public int compareTo(Direction other) {
      int order = Long.compare(number, other.number);
      return order != 0 ? order : Boolean.compare(toA, other.toA);
    }
  }

  private final Speaker a;
  private final Speaker b;
  private final Random random;
  private final TreeSet<Long> open = new TreeSet<>();
  private final TreeMap<Direction, Queue<SpeakerEvent>> ways = new TreeMap<>();

  Wire(Speaker a, Speaker b, long seed) {
    this.a = a;
    this.b = b;
    this.random = new Random(seed);
  }

  /** Both begin and want to connect. */
  void begin() {
    step(true, new SpeakerEvent.OriginationCompleted());
    step(false, new SpeakerEvent.OriginationCompleted());
  }

  /** A connection that one of them asked for: each end hears of it in its own time. */
  void connect(long number, boolean fromA) {
    open.add(number);
    enqueue(new Direction(number, true), opened(number, 2, fromA));
    enqueue(new Direction(number, false), opened(number, 1, !fromA));
  }

  /** Like {@link #connect}, but both ends hear of it, and send OPEN, before anything else. */
  void connectAtOnce(long number, boolean fromA) {
    open.add(number);
    step(true, opened(number, 2, fromA));
    step(false, opened(number, 1, !fromA));
  }

  private static SpeakerEvent opened(long number, int peer, boolean asked) {
    return asked
        ? new SpeakerEvent.Connected(number, address(peer))
        : new SpeakerEvent.Accepted(number, address(peer));
  }

  List<Long> open() {
    return List.copyOf(open);
  }

  List<String> states() {
    return List.of(a.view().peers().getFirst().state(), b.view().peers().getFirst().state());
  }

  void run() {
    run(Integer.MAX_VALUE);
  }

  /** Delivers at most {@code most} events. */
  void run(int most) {
    for (int i = 0; i < most && !ways.isEmpty(); i++) {
      var directions = List.copyOf(ways.keySet());
      var next = directions.get(random.nextInt(directions.size()));
      var queue = ways.getOrDefault(next, new ArrayDeque<>());
      var event = queue.remove();
      if (queue.isEmpty()) {
        ways.remove(next);
      }
      step(next.toA(), event);
    }
  }

  private void enqueue(Direction direction, SpeakerEvent event) {
    ways.computeIfAbsent(direction, _ -> new ArrayDeque<>()).add(event);
  }

  private void step(boolean atA, SpeakerEvent event) {
    for (var effect : (atA ? a : b).step(0, event)) {
      if (effect instanceof SpeakerEffect.Send(long number, List<Message> messages)) {
        messages.forEach(
            message ->
                enqueue(
                    new Direction(number, !atA),
                    new SpeakerEvent.MessageReceived(number, new Decoded.Good(message))));
      }
      if (effect instanceof SpeakerEffect.Close(long number, _)) {
        open.remove(number);
        enqueue(
            new Direction(number, !atA), new SpeakerEvent.Disconnected(number, "closed by peer"));
      }
    }
  }
}
