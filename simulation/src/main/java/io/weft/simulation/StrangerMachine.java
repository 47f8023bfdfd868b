package io.weft.simulation;

import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * A peer of another make, a client of every reflector: it hears all, and says {@link StrangeWords}
 * about it.
 */
final class StrangerMachine extends Machine {
  private static final int HOLD_SECONDS = 90;
  private static final int MOST_REMEMBERED = 200;
  private static final long MOST_PAUSE_NANOS = 1_000_000_000;
  private static final long STEP_NANOS = 1_000_000;

  private record Heard(EvpnRoute route, PathAttributes attributes) {}

  private final SpeakerConfig config;
  private final Links links;
  private final SplitMix64 random;
  private final StrangeWords words;
  private final List<Heard> heard = new ArrayList<>();
  private Speaker speaker;
  private List<SpeakerEffect> thought = List.of();
  private boolean malformed;

  StrangerMachine(
      String name,
      Ipv4Address address,
      List<IpAddress> reflectors,
      SplitMix64 random,
      Surroundings around) {
    super(name, address, around);
    var peers =
        reflectors.stream()
            .map(reflector -> new PeerConfig(reflector, World.AS, false, false))
            .map(peer -> peer.withFamilies(List.of(Family.L2VPN_EVPN)))
            .toList();
    this.config =
        new SpeakerConfig(World.AS, address, peers, List.of(), true, HOLD_SECONDS, 0, 100, 100_000);
    this.links = around.links();
    this.random = random;
    this.words = new StrangeWords(random, address);
    this.speaker = Speaker.reflector(config);
  }

  /** How it shall speak: {@code true}: what it says is damaged. */
  void speaks(boolean damaged) {
    malformed = damaged;
  }

  @Override
  void begin() {
    speaker = Speaker.reflector(config);
    take(new SpeakerEvent.OriginationCompleted());
    talkLater();
  }

  private void talkLater() {
    later(random.below(MOST_PAUSE_NANOS), this::talk);
  }

  private void talk() {
    for (int i = (int) random.below(6); i > 0 && !heard.isEmpty(); i--) {
      var about = heard.get((int) random.below(heard.size()));
      links.say(this, codec -> octets(codec, words.about(about.route(), about.attributes())));
    }
    talkLater();
  }

  private byte[] octets(MessageCodec codec, Message message) {
    var octets = codec.encode(message);
    return malformed ? words.damaged(octets) : octets;
  }

  @Override
  void end() {
    heard.clear();
  }

  @Override
  void take(List<Arrival> arrivals) {
    finish();
    long clock = clock();
    think(
        () -> {
          var events = connections.events(arrivals);
          events.forEach(this::event);
          thought = speaker.step(clock, events);
          thought.forEach(trace::effect);
          connections.encode(thought);
        },
        this::carryOutThought);
  }

  private void carryOutThought() {
    var effects = thought;
    thought = List.of();
    effects.forEach(this::carryOut);
  }

  private void event(SpeakerEvent event) {
    trace.event(event);
    if (event instanceof SpeakerEvent.MessageReceived(_, Decoded.Good(Message.Update update))) {
      update.attributes().ifPresent(attributes -> hear(update, attributes));
    }
  }

  private void hear(Message.Update update, PathAttributes attributes) {
    for (var route : update.announced()) {
      if (route instanceof EvpnRoute evpn) {
        if (heard.size() >= MOST_REMEMBERED) {
          heard.remove((int) random.below(heard.size()));
        }
        heard.add(new Heard(evpn, attributes));
      }
    }
  }

  @Override
  long stepNanos() {
    return STEP_NANOS;
  }

  @Override
  OptionalLong nextDeadline() {
    return speaker.nextDeadline();
  }

  @Override
  void deadlineReached() {
    take(new SpeakerEvent.DeadlineReached());
  }
}
