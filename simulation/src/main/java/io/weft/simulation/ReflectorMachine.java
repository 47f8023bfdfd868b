package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.net.IpAddress;
import java.time.Duration;

/** A route reflector. */
final class ReflectorMachine extends SpeakerMachine {
  /** As the daemon does it: clients say their routes first (RFC 4724 §4.1). */
  private static final Duration END_OF_RIB_PAUSE = Duration.ofSeconds(5);

  private SpeakerConfig config;

  ReflectorMachine(String name, IpAddress address, SpeakerConfig config, Surroundings around) {
    super(name, address, config, around);
    this.config = config;
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
