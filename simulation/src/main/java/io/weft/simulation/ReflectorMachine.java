package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.List;

/** A route reflector. */
final class ReflectorMachine extends SpeakerMachine {
  /** As the daemon does it: clients say their routes first (RFC 4724 §4.1). */
  private static final Duration END_OF_RIB_PAUSE = Duration.ofSeconds(5);

  private final List<IpAddress> addresses;
  private SpeakerConfig config;

  /** {@code addresses}: one, or one of each family. */
  ReflectorMachine(
      String name, List<IpAddress> addresses, SpeakerConfig config, Surroundings around) {
    super(name, addresses.getFirst(), config, around);
    this.addresses = List.copyOf(addresses);
    this.config = config;
  }

  @Override
  IpAddress addressTowards(IpAddress peer) {
    return addresses.stream()
        .filter(address -> address.isIpv4() == peer.isIpv4())
        .findFirst()
        .orElse(address);
  }

  @Override
  void begin() {
    begin(config);
    later(END_OF_RIB_PAUSE.toNanos(), () -> take(new SpeakerEvent.OriginationCompleted()));
  }

  /** From now on it is this. */
  void configure(SpeakerConfig next) {
    config = next;
    if (isAlive()) {
      whenRunning(() -> take(new SpeakerEvent.ConfigChanged(config)));
    }
  }

  @Override
  void end() {}
}
