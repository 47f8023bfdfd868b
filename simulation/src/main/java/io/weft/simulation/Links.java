package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Connections between machines. What is sent is encoded, travels for the delay of the link, arrives
 * in order and is decoded. A cut link holds everything back, as TCP does, until it is healed.
 */
final class Links {
  /** A connection attempt over a cut link fails after this. */
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private static final long LEAST_DELAY_NANOS = 20_000;
  private static final long DELAY_SPREAD_NANOS = 200_000;
  private static final long RETRANSMISSION_NANOS = 200_000_000;
  private static final int MOST_LOSSES = 6;

  private record Pair(String from, String to) implements Comparable<Pair> {
    @Override
    public int compareTo(Pair pair) {
      int order = from.compareTo(pair.from);
      return order != 0 ? order : to.compareTo(pair.to);
    }
  }

  /** One direction of a link: what is sent later does not arrive earlier. */
  private static final class Way {
    final long delayNanos;
    final List<Runnable> held = new ArrayList<>();
    boolean cut;
    int lossPercent;
    long extraNanos;
    long lastArrival;

    Way(long delayNanos) {
      this.delayNanos = delayNanos;
    }
  }

  /** One side of a connection and its way to the other; numbers are given once in a world. */
  private record End(
      long number,
      Machine machine,
      long otherNumber,
      Machine otherMachine,
      Way way,
      Queues.Unread said,
      Queues.Unread heard,
      Traffic traffic) {}

  private final Timeline timeline;
  private final SplitMix64 random;
  private final Map<IpAddress, Machine> machines = new TreeMap<>();
  private final Map<Pair, Way> ways = new TreeMap<>();
  private final LinkedHashMap<Long, End> ends = new LinkedHashMap<>();

  /** Numbers of ends that went with the power of their machines. */
  private final TreeSet<Long> forgotten = new TreeSet<>();

  private final Queues queues;
  private long lastNumber;

  /** Of all connections that were ever made, in this order. */
  private final List<Traffic> traffic = new ArrayList<>();

  private long cutOff;

  Links(Timeline timeline, SplitMix64 random, Queues queues) {
    this.queues = queues;
    this.timeline = timeline;
    this.random = random;
  }

  /** It is found at its address, where nobody was before it. */
  void add(Machine machine) {
    add(machine, machine.address);
  }

  /** It is found there too, where nobody was before it. */
  void add(Machine machine, IpAddress address) {
    machines.putIfAbsent(address, machine);
  }

  void cut(Machine a, Machine b) {
    a.note("is cut off from " + b.name);
    way(a, b).cut = true;
    way(b, a).cut = true;
  }

  void heal(Machine a, Machine b) {
    a.note("reaches " + b.name + " again");
    heal(way(a, b));
    heal(way(b, a));
  }

  void cutWay(Machine from, Machine to) {
    from.note("does not reach " + to.name);
    way(from, to).cut = true;
  }

  void healWay(Machine from, Machine to) {
    from.note("reaches " + to.name + " again");
    heal(way(from, to));
  }

  private void heal(Way way) {
    way.cut = false;
    var held = List.copyOf(way.held);
    way.held.clear();
    held.forEach(action -> timeline.after(0, action)); // before what was sent since
  }

  void degrade(Machine a, Machine b, int lossPercent, long extraNanos) {
    a.note("has a bad link to " + b.name + ": " + lossPercent + " %, " + extraNanos);
    for (var way : List.of(way(a, b), way(b, a))) {
      way.lossPercent = lossPercent;
      way.extraNanos = extraNanos;
    }
  }

  /** All connections between two; false when there is none. */
  boolean reset(Machine a, Machine b) {
    a.finish();
    b.finish();
    var between =
        ends.values().stream()
            .filter(
                end ->
                    end.machine().equals(a) && end.otherMachine().equals(b)
                        || end.machine().equals(b) && end.otherMachine().equals(a))
            .toList();
    if (between.isEmpty()) {
      return false;
    }
    a.note("loses its connections with " + b.name);
    between.forEach(end -> disconnect(end, "reset by the network"));
    return true;
  }

  /** What may wait for machines. */
  Queues queues() {
    return queues;
  }

  /** Connections that were cut because the peer did not read. */
  long cutOff() {
    return cutOff;
  }

  /** Connections over which something waits, and nothing was read for so long. */
  List<String> unread(Duration most) {
    return ends.values().stream()
        .filter(end -> end.said().isStuck(timeline.now(), most))
        .map(
            end ->
                "%s has not read %d messages of %s"
                    .formatted(end.otherMachine().name, end.said().messages(), end.machine().name))
        .toList();
  }

  /** The most messages that wait for one peer. */
  int mostUnread() {
    return ends.values().stream().mapToInt(end -> end.said().messages()).max().orElse(0);
  }

  /** What passed over each connection that was ever made. */
  List<Traffic> traffic() {
    return Collections.unmodifiableList(traffic);
  }

  void connect(Machine from, IpAddress address) {
    var to = Optional.ofNullable(machines.get(address));
    if (to.isEmpty() || way(from, to.get()).cut || way(to.get(), from).cut) {
      from.later(
          CONNECT_TIMEOUT.toNanos(),
          () -> from.receive(new SpeakerEvent.ConnectFailed(address, "no answer")));
      return;
    }
    int life = from.life();
    carry(from, to.get(), () -> arrive(from, life, to.get(), address));
  }

  /** The peer's end stands first; its OPEN cannot overtake the word that it does. */
  private void arrive(Machine from, int life, Machine to, IpAddress address) {
    if (!from.isAlive() || from.life() != life) {
      return;
    }
    from.comeBack();
    if (to.isPowerless()) {
      from.later(
          CONNECT_TIMEOUT.toNanos(),
          () -> from.receive(new SpeakerEvent.ConnectFailed(address, "no answer")));
      return;
    }
    if (!to.isAlive()) {
      var refused = new SpeakerEvent.ConnectFailed(address, "refused");
      from.later(way(to, from).delayNanos, () -> from.receive(refused));
      return;
    }
    long here = ++lastNumber;
    long there = ++lastNumber;
    var fromHere = new Queues.Unread(queues);
    var fromThere = new Queues.Unread(queues);
    var both = new Traffic(from, to);
    ends.put(here, new End(here, from, there, to, way(from, to), fromHere, fromThere, both));
    ends.put(there, new End(there, to, here, from, way(to, from), fromThere, fromHere, both));
    traffic.add(both);
    carry(
        to,
        from,
        () -> ifOpen(here, _ -> from.open(here, new SpeakerEvent.Connected(here, address))));
    to.open(there, new SpeakerEvent.Accepted(there, from.addressTowards(address)));
  }

  void send(long number, List<Message> messages, List<Frames.Frame> frames) {
    var end = Optional.ofNullable(ends.get(number));
    if (end.isEmpty()) {
      return; // the peer closed, and word of it is on its way
    }
    var refusal = end.get().said().put(timeline.now(), messages);
    if (refusal.isPresent()) {
      cutOff(end.get(), refusal.get());
      return;
    }
    for (var frame : frames) {
      end.get().machine().saidRoutes.sent(frame.message());
      carry(end.get(), frame);
    }
  }

  /** Who does not read what is said to it, has no connection any more. */
  private void cutOff(End end, String reason) {
    cutOff++;
    end.machine().note("cuts " + end.otherMachine().name + " off: " + reason);
    toOther(end, other -> disconnect(other, "reset by peer"));
    disconnect(end, reason);
  }

  /** Says the same over each connection whose OPENs have passed, as octets. */
  void say(Machine from, Function<MessageCodec, byte[]> message) {
    for (var end : List.copyOf(ends.values())) {
      if (end.machine().equals(from)) {
        from.connections
            .codec(end.number())
            .filter(codec -> !codec.peering().equals(Frames.BEFORE_OPEN))
            .map(codec -> Frames.of(message.apply(codec)))
            .ifPresent(frame -> say(end, frame));
      }
    }
  }

  private void say(End end, Frames.Frame frame) {
    end.said().put(timeline.now(), List.of(frame.message()));
    carry(end, frame);
  }

  private void carry(End end, Frames.Frame frame) {
    end.traffic().sent(frame.octets().length);
    toOther(end, other -> deliver(other, frame));
  }

  private void deliver(End to, Frames.Frame frame) {
    to.machine()
        .receive(
            new Arrival.Came(
                timeline.now(), to.number(), frame, to.otherMachine() instanceof StrangerMachine),
            () -> to.heard().read(timeline.now(), frame.message()));
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

  /** All connections of a machine without power; its peers hear of it when it is there again. */
  void forget(Machine machine) {
    for (var end : List.copyOf(ends.values())) {
      if (end.machine().equals(machine)) {
        ends.remove(end.number());
        forgotten.add(end.number());
      }
    }
  }

  private void toOther(End end, Consumer<End> action) {
    if (forgotten.contains(end.otherNumber())) {
      carry(end.way(), () -> refuse(end));
    } else if (ends.containsKey(end.otherNumber())) {
      carry(
          end.way(),
          () -> {
            var other = Optional.ofNullable(ends.get(end.otherNumber()));
            other.ifPresentOrElse(action, () -> refuse(end));
          });
    }
  }

  /** A machine that does not know a connection says so; one that is down says nothing. */
  private void refuse(End end) {
    if (forgotten.contains(end.otherNumber()) && end.otherMachine().isAlive()) {
      carry(
          end.otherMachine(),
          end.machine(),
          () -> ifOpen(end.number(), open -> disconnect(open, "reset by peer")));
    }
  }

  private void ifOpen(long number, Consumer<End> action) {
    Optional.ofNullable(ends.get(number)).ifPresent(action);
  }

  private void carry(Machine from, Machine to, Runnable action) {
    carry(way(from, to), action);
  }

  private void carry(Way way, Runnable action) {
    long arrival = timeline.now() + way.delayNanos + way.extraNanos + lossNanos(way);
    way.lastArrival = Math.max(way.lastArrival, arrival);
    timeline.comes(
        way.lastArrival,
        () -> {
          if (way.cut) {
            way.held.add(action);
          } else {
            action.run();
          }
        });
  }

  /** TCP sends again after 200 ms, 400 ms and so on (RFC 6298), six times at most here. */
  private long lossNanos(Way way) {
    int times = 0;
    while (way.lossPercent > 0 && times < MOST_LOSSES && random.below(100) < way.lossPercent) {
      times++;
    }
    return RETRANSMISSION_NANOS * ((1L << times) - 1);
  }

  /** One delay for both directions. */
  private Way way(Machine from, Machine to) {
    var known = ways.get(new Pair(from.name, to.name));
    if (known != null) {
      return known;
    }
    long delay = LEAST_DELAY_NANOS + random.below(DELAY_SPREAD_NANOS);
    from.linked(delay);
    to.linked(delay);
    var there = new Way(delay);
    ways.put(new Pair(from.name, to.name), there);
    ways.put(new Pair(to.name, from.name), new Way(delay));
    return there;
  }
}
