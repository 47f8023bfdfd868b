package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Connections between machines. What is sent is encoded, travels for the delay of the link, arrives
 * in order and is decoded. A cut link holds everything back, as TCP does, until it is healed.
 */
final class Links {
  /** A connection attempt over a cut link fails after this. */
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private static final long LEAST_DELAY_NANOS = 20_000;
  private static final long DELAY_SPREAD_NANOS = 200_000;

  /** Two machines, in the order of their names. */
  private record Pair(String one, String other) implements Comparable<Pair> {
    static Pair of(Machine a, Machine b) {
      return a.name.compareTo(b.name) < 0 ? new Pair(a.name, b.name) : new Pair(b.name, a.name);
    }

    @Override
    public int compareTo(Pair pair) {
      int order = one.compareTo(pair.one);
      return order != 0 ? order : other.compareTo(pair.other);
    }
  }

  private static final class Link {
    final long delayNanos;
    final List<Runnable> held = new ArrayList<>();
    boolean cut;

    Link(long delayNanos) {
      this.delayNanos = delayNanos;
    }
  }

  /** One side of a connection; numbers are given once in a world. */
  private record End(
      long number, Machine machine, long otherNumber, Link link, MessageCodec codec) {}

  private final Timeline timeline;
  private final Trace trace;
  private final SplitMix64 random;
  private final Map<IpAddress, Machine> machines = new TreeMap<>();
  private final Map<Pair, Link> links = new TreeMap<>();
  private final LinkedHashMap<Long, End> ends = new LinkedHashMap<>();
  private final Frames frames = new Frames();
  private long lastNumber;
  private long connections;

  Links(Timeline timeline, Trace trace, SplitMix64 random) {
    this.timeline = timeline;
    this.trace = trace;
    this.random = random;
  }

  void add(Machine machine) {
    machines.put(machine.address, machine);
  }

  void cut(Machine a, Machine b) {
    trace.add(a.name, "is cut off from " + b.name);
    link(a, b).cut = true;
  }

  void heal(Machine a, Machine b) {
    trace.add(a.name, "reaches " + b.name + " again");
    var link = link(a, b);
    link.cut = false;
    var held = List.copyOf(link.held);
    link.held.clear();
    held.forEach(action -> timeline.after(0, action)); // before what was sent since
  }

  /** Connections that were ever made. */
  long connections() {
    return connections;
  }

  void connect(Machine from, IpAddress address) {
    var to = Optional.ofNullable(machines.get(address));
    if (to.isEmpty() || link(from, to.get()).cut) {
      from.later(
          CONNECT_TIMEOUT.toNanos(),
          () -> from.receive(new SpeakerEvent.ConnectFailed(address, "no answer")));
      return;
    }
    int life = from.life();
    carry(from, to.get(), () -> arrive(from, life, to.get()));
  }

  /** The peer's end stands first; its OPEN cannot overtake the word that it does. */
  private void arrive(Machine from, int life, Machine to) {
    if (!from.isAlive() || from.life() != life) {
      return;
    }
    if (!to.isAlive()) {
      var refused = new SpeakerEvent.ConnectFailed(to.address, "refused");
      from.later(link(from, to).delayNanos, () -> from.receive(refused));
      return;
    }
    long here = ++lastNumber;
    long there = ++lastNumber;
    var link = link(from, to);
    ends.put(here, new End(here, from, there, link, new MessageCodec()));
    ends.put(there, new End(there, to, here, link, new MessageCodec()));
    connections++;
    carry(to, from, () -> ifOpen(here, new SpeakerEvent.Connected(here, to.address)));
    to.receive(new SpeakerEvent.Accepted(there, from.address));
  }

  void send(long number, List<Message> messages) {
    var end = Optional.ofNullable(ends.get(number));
    if (end.isEmpty()) {
      return; // the peer closed, and word of it is on its way
    }
    for (var message : messages) {
      var frame = frames.encode(end.get().codec(), message);
      end.get().machine().sent(message, frame.octets().length);
      toOther(end.get(), other -> deliver(other, frame));
    }
  }

  private void deliver(End to, Frames.Frame frame) {
    trace.delivered(to.machine().name, to.number(), frame.octets());
    var decoded = frames.decode(to.codec(), frame);
    to.machine().receive(new SpeakerEvent.MessageReceived(to.number(), decoded));
  }

  /** What was sent before still arrives. */
  void close(long number) {
    var end = Optional.ofNullable(ends.remove(number));
    end.ifPresent(e -> toOther(e, other -> disconnect(other, "closed by peer")));
  }

  /** All connections of a machine that has died. */
  void close(Machine machine) {
    for (var end : List.copyOf(ends.values())) {
      if (end.machine().equals(machine)) {
        ends.remove(end.number());
        toOther(end, other -> disconnect(other, "reset by peer"));
      }
    }
  }

  private void disconnect(End end, String reason) {
    ends.remove(end.number());
    end.machine().receive(new SpeakerEvent.Disconnected(end.number(), reason));
  }

  private void toOther(End end, Consumer<End> action) {
    var other = Optional.ofNullable(ends.get(end.otherNumber()));
    other.ifPresent(
        o -> carry(end.link(), () -> Optional.ofNullable(ends.get(o.number())).ifPresent(action)));
  }

  private void ifOpen(long number, SpeakerEvent event) {
    Optional.ofNullable(ends.get(number)).ifPresent(end -> end.machine().receive(event));
  }

  /** Over the link; one delay for all that passes keeps the order. */
  private void carry(Machine from, Machine to, Runnable action) {
    carry(link(from, to), action);
  }

  private void carry(Link link, Runnable action) {
    timeline.after(
        link.delayNanos,
        () -> {
          if (link.cut) {
            link.held.add(action);
          } else {
            action.run();
          }
        });
  }

  private Link link(Machine a, Machine b) {
    return links.computeIfAbsent(
        Pair.of(a, b), _ -> new Link(LEAST_DELAY_NANOS + random.below(DELAY_SPREAD_NANOS)));
  }
}
