package io.weft.simulation;

import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.SpeakerConfig;
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

/**
 * A peer of another make, a client of every reflector: it hears all, and says {@link StrangeWords}
 * about it.
 */
final class StrangerMachine extends SpeakerMachine {
  private static final int HOLD_SECONDS = 90;
  private static final int MOST_REMEMBERED = 200;
  private static final long MOST_PAUSE_NANOS = 1_000_000_000;

  private record Heard(EvpnRoute route, PathAttributes attributes) {}

  private final SpeakerConfig config;
  private final Links links;
  private final SplitMix64 random;
  private final StrangeWords words;
  private final List<Heard> heard = new ArrayList<>();
  private boolean malformed;

  StrangerMachine(
      String name,
      Ipv4Address address,
      List<IpAddress> reflectors,
      SplitMix64 random,
      Surroundings around) {
    var config = config(address, reflectors);
    super(name, address, config, around);
    this.config = config;
    this.links = around.links();
    this.random = random;
    this.words = new StrangeWords(random, address);
  }

  private static SpeakerConfig config(Ipv4Address address, List<IpAddress> reflectors) {
    var peers =
        reflectors.stream()
            .map(reflector -> new PeerConfig(reflector, World.AS, false, false))
            .map(peer -> peer.withFamilies(List.of(Family.L2VPN_EVPN)))
            .toList();
    return new SpeakerConfig(
        World.AS, address, peers, List.of(), true, HOLD_SECONDS, 0, 100, 100_000);
  }

  /** How it shall speak: {@code true}: what it says is damaged. */
  void speaks(boolean damaged) {
    malformed = damaged;
  }

  @Override
  void begin() {
    begin(config);
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
  void hear(SpeakerEvent event) {
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
}
