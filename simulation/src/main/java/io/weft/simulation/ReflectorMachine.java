package io.weft.simulation;

import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerView;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/** A route reflector: a speaker that keeps all, and nothing else. */
final class ReflectorMachine extends Machine {
  /** As the daemon does it: clients say their routes first (RFC 4724 §4.1). */
  private static final Duration END_OF_RIB_PAUSE = Duration.ofSeconds(5);

  /** About what a step takes that tells a thousand clients something. */
  private static final long STEP_NANOS = 1_000_000;

  private SpeakerConfig config;
  private Speaker speaker;
  private List<SpeakerEffect> thought = List.of();

  ReflectorMachine(String name, IpAddress address, SpeakerConfig config, Surroundings around) {
    super(name, address, around);
    this.config = config;
    this.speaker = Speaker.reflector(config);
  }

  @Override
  void begin() {
    speaker = Speaker.reflector(config);
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

  @Override
  void take(List<Arrival> arrivals) {
    finish();
    long clock = clock();
    think(
        () -> {
          var events = connections.events(arrivals);
          events.forEach(trace::event);
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

  SpeakerView view() {
    finish();
    return speaker.view();
  }
}
