package io.weft.simulation;

import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerView;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.OptionalLong;

/** A route reflector: a speaker that keeps all, and nothing else. */
final class ReflectorMachine extends Machine {
  /** As the daemon does it: clients say their routes first (RFC 4724 §4.1). */
  private static final Duration END_OF_RIB_PAUSE = Duration.ofSeconds(5);

  private final SpeakerConfig config;
  private Speaker speaker;

  ReflectorMachine(
      String name,
      IpAddress address,
      SpeakerConfig config,
      Timeline timeline,
      Trace trace,
      Links links) {
    super(name, address, timeline, trace, links);
    this.config = config;
    this.speaker = new Speaker(config);
  }

  @Override
  void begin() {
    speaker = new Speaker(config);
    later(END_OF_RIB_PAUSE.toNanos(), () -> bgp(new SpeakerEvent.OriginationCompleted()));
  }

  @Override
  void end() {}

  @Override
  void bgp(SpeakerEvent event) {
    trace.event(name, event);
    for (var effect : speaker.step(timeline.now(), event)) {
      trace.effect(name, effect);
      carryOut(effect);
    }
    rest();
  }

  @Override
  OptionalLong nextDeadline() {
    return speaker.nextDeadline();
  }

  @Override
  void deadlineReached() {
    bgp(new SpeakerEvent.DeadlineReached());
  }

  SpeakerView view() {
    return speaker.view();
  }
}
