package io.weft.agent.bgp;

import io.weft.agent.loop.Brain;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import java.util.List;
import java.util.OptionalLong;

/** A speaker as a loop runs it, where there is no node around it. */
public record SpeakerBrain(Speaker speaker) implements Brain<SpeakerEvent, SpeakerEffect> {
  @Override
  public List<SpeakerEffect> step(long nowNanos, SpeakerEvent event) {
    return speaker.step(nowNanos, event);
  }

  @Override
  public OptionalLong nextDeadline() {
    return speaker.nextDeadline();
  }

  @Override
  public SpeakerEvent deadlineReached() {
    return new SpeakerEvent.DeadlineReached();
  }
}
