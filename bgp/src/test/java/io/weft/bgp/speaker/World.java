package io.weft.bgp.speaker;

import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.TreeMap;

/**
 * Speakers that reach each other by address over lossless connections without delay, and a clock
 * that only {@link #pass} moves. Addresses that nobody has are scripted by the test.
 */
final class World {
  static final AutonomousSystem AS = new AutonomousSystem(65000);
  static final RouteTarget RED = RouteTarget.parse("65000:100");
  static final RouteTarget BLUE = RouteTarget.parse("65000:200");

  /** Both ends of a connection have numbers of their own. */
  private record End(String name, long number) {}

  private record Delivery(String to, SpeakerEvent event) {}

  final Map<String, Speaker> speakers = new TreeMap<>();
  final Map<String, List<SpeakerEffect>> effects = new TreeMap<>();
  private final Map<String, IpAddress> addresses = new LinkedHashMap<>();
  private final Map<End, End> connections = new LinkedHashMap<>();
  private final Map<String, List<SpeakerEvent>> held = new TreeMap<>();
  private final Queue<Delivery> deliveries = new ArrayDeque<>();
  private long lastConnection;
  long now;

  /** When false, a Connect stays unanswered. */
  boolean connects = true;

  static IpAddress address(int host) {
    return new Ipv4Address(10 << 24 | host);
  }

  static Ipv4Address id(int host) {
    return new Ipv4Address(10 << 24 | host);
  }

  static PeerConfig peer(int host) {
    return new PeerConfig(address(host), AS, false, false);
  }

  static PeerConfig client(int host) {
    return new PeerConfig(address(host), AS, true, true);
  }

  static SpeakerConfig config(int host, PeerConfig... peers) {
    return new SpeakerConfig(AS, id(host), List.of(peers), List.of(), true, 90, 120, 100, 1000);
  }

  static SpeakerConfig reflector(int host, PeerConfig... peers) {
    var range = PeerRange.clients(IpPrefix.parse("10.0.0.0/24"), AS);
    return new SpeakerConfig(
        AS, id(host), List.of(peers), List.of(range), true, 90, 120, 100, 1000);
  }

  static SpeakerConfig node(int host, PeerConfig... peers) {
    return new SpeakerConfig(AS, id(host), List.of(peers), List.of(), false, 90, 120, 100, 1000);
  }

  static Route mac(int host, int number) {
    return mac(host, number, 100);
  }

  static Route mac(int host, int number, int label) {
    return new MacIpAdvertisement(
        RouteDistinguisher.of(id(host), 1),
        Esi.ZERO,
        0,
        new MacAddress(0x0200_0000_0000L | number),
        Optional.empty(),
        label,
        OptionalInt.empty());
  }

  static PathAttributes attributes(int host, RouteTarget... targets) {
    var communities = new ArrayList<ExtendedCommunity>();
    for (var target : targets) {
      communities.add(ExtendedCommunity.of(target));
    }
    return PathAttributes.originated(address(host), communities, Optional.empty());
  }

  static SpeakerEvent originate(PathAttributes attributes, Route... routes) {
    var all = new ArrayList<SpeakerEvent.OriginatedRoute>();
    for (var route : routes) {
      all.add(new SpeakerEvent.OriginatedRoute(route, attributes));
    }
    return new SpeakerEvent.RoutesOriginated(all);
  }

  /** Adds a speaker called {@code name} at {@code address(host)}; it starts with the next event. */
  void add(String name, int host, SpeakerConfig config) {
    speakers.put(name, new Speaker(config));
    effects.computeIfAbsent(name, _ -> new ArrayList<>());
    addresses.put(name, address(host));
  }

  /** Adds it, has it originate nothing and say so, and lets everything settle. */
  void start(String name, int host, SpeakerConfig config) {
    add(name, host, config);
    give(name, new SpeakerEvent.OriginationCompleted());
  }

  /** Gives an event and lets all that follows happen, at this instant. */
  void give(String name, SpeakerEvent event) {
    deliveries.add(new Delivery(name, event));
    run();
  }

  /** Gives events that are taken in one step. */
  void give(String name, List<SpeakerEvent> events) {
    step(name, events);
    run();
  }

  /** From now on what comes to {@code name} waits, and is taken in one step on release. */
  void hold(String name) {
    held.put(name, new ArrayList<>());
  }

  void release(String name) {
    give(name, Optional.ofNullable(held.remove(name)).orElseThrow());
  }

  /** Lets time pass: every deadline on the way is met. */
  void pass(Duration duration) {
    long until = now + duration.toNanos();
    for (var next = nextDeadline(); next.isPresent() && next.getAsLong() <= until; ) {
      now = Math.max(now, next.getAsLong());
      for (var name : List.copyOf(speakers.keySet())) {
        var own = speakers.get(name).nextDeadline();
        if (own.isPresent() && own.getAsLong() <= now) {
          give(name, new SpeakerEvent.DeadlineReached());
        }
      }
      next = nextDeadline();
    }
    now = until;
  }

  /** The process dies; the kernel closes its connections, or does not say so. */
  void kill(String name, boolean connectionsClose) {
    speakers.remove(name);
    for (var end : List.copyOf(connections.keySet())) {
      if (end.name().equals(name)) {
        var other = connections.remove(end);
        if (other != null && connectionsClose) {
          connections.remove(other);
          deliveries.add(
              new Delivery(
                  other.name(), new SpeakerEvent.Disconnected(other.number(), "reset by peer")));
        }
      }
    }
    run();
  }

  /** The number of a connection of {@code name}, at its end. */
  long connectionOf(String name) {
    return connections.keySet().stream()
        .filter(end -> end.name().equals(name))
        .findFirst()
        .orElseThrow()
        .number();
  }

  /** The peer at an address asks {@code name} to say its routes of the family again. */
  void refresh(String name, IpAddress peer, Family family) {
    for (var end : connections.entrySet()) {
      if (end.getKey().name().equals(name) && peer.equals(addresses.get(end.getValue().name()))) {
        var request = new Message.RouteRefresh(family, Message.RouteRefresh.REQUEST);
        deliveries.add(
            new Delivery(
                name,
                new SpeakerEvent.MessageReceived(
                    end.getKey().number(), new Decoded.Good(request))));
      }
    }
    run();
  }

  /** All connections of {@code name} break. */
  void cut(String name) {
    for (var end : List.copyOf(connections.keySet())) {
      var other = connections.get(end);
      if (end.name().equals(name) && other != null) {
        connections.remove(end);
        connections.remove(other);
        for (var each : List.of(end, other)) {
          deliveries.add(
              new Delivery(each.name(), new SpeakerEvent.Disconnected(each.number(), "cut")));
        }
      }
    }
    run();
  }

  /** What {@code name} did since last asked. */
  List<SpeakerEffect> taken(String name) {
    var list = effects.getOrDefault(name, List.of());
    var copy = List.copyOf(list);
    list.clear();
    return copy;
  }

  /** The UPDATEs that {@code name} sent since last asked; forgets all else. */
  List<Message.Update> updates(String name) {
    return taken(name).stream()
        .filter(SpeakerEffect.Send.class::isInstance)
        .flatMap(effect -> ((SpeakerEffect.Send) effect).messages().stream())
        .filter(Message.Update.class::isInstance)
        .map(Message.Update.class::cast)
        .toList();
  }

  void forget() {
    effects.values().forEach(List::clear);
  }

  Speaker speaker(String name) {
    return Optional.ofNullable(speakers.get(name)).orElseThrow();
  }

  SpeakerView.PeerView peerOf(String name, int host) {
    return speaker(name).view().peers().stream()
        .filter(peer -> peer.address().equals(address(host)))
        .findFirst()
        .orElseThrow();
  }

  /** Keys of the routes that are in use, ours among them. */
  List<Route> best(String name) {
    return speaker(name).view().routes().stream()
        .filter(SpeakerView.RouteView::best)
        .map(view -> view.route().key())
        .sorted(Comparator.comparing(Route::toString))
        .toList();
  }

  private OptionalLong nextDeadline() {
    return speakers.values().stream()
        .flatMapToLong(speaker -> speaker.nextDeadline().stream())
        .min();
  }

  private void run() {
    while (!deliveries.isEmpty()) {
      var delivery = deliveries.remove();
      var speaker = speakers.get(delivery.to());
      if (speaker == null) {
        continue;
      }
      if (held.containsKey(delivery.to())) {
        held.get(delivery.to()).add(delivery.event());
      } else {
        step(delivery.to(), List.of(delivery.event()));
      }
    }
  }

  private void step(String name, List<SpeakerEvent> events) {
    var made = speaker(name).step(now, events);
    effects.computeIfAbsent(name, _ -> new ArrayList<>()).addAll(made);
    made.forEach(effect -> perform(name, effect));
  }

  private void perform(String name, SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.Connect(IpAddress to) -> connect(name, to);
      case SpeakerEffect.Send(long number, List<Message> messages) -> {
        var other = connections.get(new End(name, number));
        if (other != null) {
          messages.forEach(
              message ->
                  deliveries.add(
                      new Delivery(
                          other.name(),
                          new SpeakerEvent.MessageReceived(
                              other.number(), new Decoded.Good(message)))));
        }
      }
      case SpeakerEffect.Close(long number, String reason) -> {
        var other = connections.remove(new End(name, number));
        if (other != null) {
          connections.remove(other);
          deliveries.add(
              new Delivery(
                  other.name(), new SpeakerEvent.Disconnected(other.number(), "closed by peer")));
        }
      }
      case SpeakerEffect.BestPathChanged _,
          SpeakerEffect.PeerUp _,
          SpeakerEffect.PeerDown _,
          SpeakerEffect.EndOfRibReceived _,
          SpeakerEffect.Report _ -> {}
    }
  }

  private void connect(String name, IpAddress to) {
    if (!connects) {
      return;
    }
    var from = Optional.ofNullable(addresses.get(name)).orElseThrow();
    for (var entry : addresses.entrySet()) {
      if (entry.getValue().equals(to) && speakers.containsKey(entry.getKey())) {
        var here = new End(name, ++lastConnection);
        var there = new End(entry.getKey(), ++lastConnection);
        connections.put(here, there);
        connections.put(there, here);
        deliveries.add(new Delivery(name, new SpeakerEvent.Connected(here.number(), to)));
        deliveries.add(new Delivery(there.name(), new SpeakerEvent.Accepted(there.number(), from)));
        return;
      }
    }
    deliveries.add(new Delivery(name, new SpeakerEvent.ConnectFailed(to, "refused")));
  }
}
