package io.weft.overlay.node;

import io.weft.bgp.rib.NextHop;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.SessionOptions;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The BGP daemon of an endpoint: a speaker of ours. */
final class EndpointRouter {
  private final OneNode node;
  private final String network;
  private final IpAddress address;
  private final Speaker speaker;
  private OptionalLong connection = OptionalLong.empty();

  /** Why its connections ended, the first first. */
  final List<String> ended = new ArrayList<>();

  /** One that has not begun. */
  EndpointRouter(OneNode node, String network, String address, String gateway, int as) {
    this.node = node;
    this.network = network;
    this.address = IpAddress.parse(address);
    boolean ipv4 = this.address.isIpv4();
    var peer =
        new PeerConfig(
            IpAddress.parse(gateway),
            new PeerAs.External(),
            false,
            false,
            List.of(ipv4 ? Family.IPV4_UNICAST : Family.IPV6_UNICAST),
            Optional.of(this.address),
            NextHop.UNCHANGED,
            SessionOptions.DEFAULT,
            Optional.empty(),
            Optional.empty());
    this.speaker =
        new Speaker(
            new SpeakerConfig(
                new AutonomousSystem(as),
                Ipv4Address.parse("1.1.1." + this.address.toString().length()),
                List.of(peer),
                List.of(),
                false,
                90,
                120,
                10,
                1000));
  }

  /** Begins, or does what it waits for. */
  EndpointRouter run() {
    step(new SpeakerEvent.DeadlineReached());
    work();
    return this;
  }

  /** What it says is behind it, by itself. */
  void say(String... prefixes) {
    sayBy(address.toString(), prefixes);
  }

  void sayBy(String nextHop, String... prefixes) {
    say(PathAttributes.originated(IpAddress.parse(nextHop), List.of(), Optional.empty()), prefixes);
  }

  void say(PathAttributes attributes, String... prefixes) {
    var routes =
        Stream.of(prefixes)
            .map(
                prefix -> new OriginatedRoute(new UnicastRoute(IpPrefix.parse(prefix)), attributes))
            .toList();
    step(new SpeakerEvent.RoutesOriginated(routes));
    work();
  }

  void unsay(String prefix) {
    step(
        new SpeakerEvent.OriginatedRoutesRemoved(
            List.of(new UnicastRoute(IpPrefix.parse(prefix)))));
    work();
  }

  void endOfRib() {
    step(new SpeakerEvent.OriginationCompleted());
    work();
  }

  /** As a daemon that is killed. */
  void die() {
    long number = connection.orElseThrow();
    connection = OptionalLong.empty();
    node.give(event(new SpeakerEvent.Disconnected(number, "killed")));
  }

  String state() {
    return speaker.status().peers().getFirst().state();
  }

  /** Prefixes that it was told. */
  List<String> heard() {
    return speaker.view().routes().stream()
        .filter(route -> !route.local())
        .map(route -> route.route() + " by " + route.attributes().nextHop())
        .toList();
  }

  void hear(Message message) {
    var number = connection.orElseThrow();
    step(new SpeakerEvent.MessageReceived(number, new Decoded.Good(message)));
  }

  void lose(String reason) {
    ended.add(reason);
    connection.ifPresent(
        number -> {
          connection = OptionalLong.empty();
          step(new SpeakerEvent.Disconnected(number, reason));
        });
  }

  private void step(SpeakerEvent event) {
    for (var effect : speaker.step(node.now, event)) {
      switch (effect) {
        case SpeakerEffect.Connect(var peer) -> {
          long number = node.connect(this);
          connection = OptionalLong.of(number);
          node.later(event(new SpeakerEvent.Accepted(number, address)));
          step(new SpeakerEvent.Connected(number, peer));
        }
        case SpeakerEffect.Send(long number, var messages) ->
            messages.forEach(
                message ->
                    node.later(
                        event(
                            new SpeakerEvent.MessageReceived(number, new Decoded.Good(message)))));
        case SpeakerEffect.Close(long number, _) -> {
          connection = OptionalLong.empty();
          node.later(event(new SpeakerEvent.Disconnected(number, "closed")));
        }
        default -> {}
      }
    }
  }

  private NodeEvent event(SpeakerEvent event) {
    return new NodeEvent.EndpointBgp(network, event);
  }

  private void work() {
    node.give(new NodeEvent.DeadlineReached());
  }
}
