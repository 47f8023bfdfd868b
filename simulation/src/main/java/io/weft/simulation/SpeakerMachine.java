package io.weft.simulation;

import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerView;
import io.weft.net.IpAddress;
import java.util.List;
import java.util.OptionalLong;

/** A machine whose brain is a speaker that keeps all, and nothing else. */
abstract class SpeakerMachine extends Machine {
  /** About what a step takes that tells a thousand clients something. */
  private static final long STEP_NANOS = 1_000_000;

  private Speaker speaker;
  private List<SpeakerEffect> thought = List.of();

  SpeakerMachine(String name, IpAddress address, SpeakerConfig config, Surroundings around) {
    super(name, address, around);
    this.speaker = Speaker.reflector(config);
  }

  @Override
  IpAddress addressTowards(IpAddress peer) {
    return address;
  }

  /** A new life begins with a new brain. */
  final void begin(SpeakerConfig config) {
    speaker = Speaker.reflector(config);
  }

  @Override
  final void take(List<Arrival> arrivals) {
    long clock = clock();
    think(
        () -> {
          var events = connections.events(arrivals);
          events.forEach(trace::event);
          events.forEach(this::hear);
          thought = speaker.step(clock, events);
          thought.forEach(trace::effect);
          connections.encode(thought);
        },
        this::carryOutThought);
  }

  /** Within a thought: what the speaker is about to take. */
  void hear(SpeakerEvent event) {}

  private void carryOutThought() {
    var effects = thought;
    thought = List.of();
    effects.forEach(this::carryOut);
  }

  /** It says what it hears, so that it is never apart. */
  @Override
  final boolean isAtRest() {
    return false;
  }

  @Override
  final long stepNanos() {
    return STEP_NANOS;
  }

  @Override
  final OptionalLong nextDeadline() {
    return speaker.nextDeadline();
  }

  @Override
  final void deadlineReached() {
    take(new SpeakerEvent.DeadlineReached());
  }

  final SpeakerView view() {
    finish();
    return speaker.view();
  }
}
