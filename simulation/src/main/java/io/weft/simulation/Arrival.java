package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;

/** What comes to a machine over the network. */
sealed interface Arrival {
  /** Something that is no message. */
  record Happened(SpeakerEvent event) implements Arrival {}

  /** A connection stands, whose messages are these. */
  record Opened(long connection, MessageCodec codec, SpeakerEvent event) implements Arrival {}

  /** A message, at this time, of a stranger or not; who takes it decodes it. */
  record Came(long atNanos, long connection, Frames.Frame frame, boolean strange)
      implements Arrival {
    /** It says that there are routes of EVPN, nothing else, and is no stranger's. */
    boolean onlyAnnounces() {
      return !strange
          && frame.message() instanceof Message.Update update
          && update.withdrawn().isEmpty()
          && Frames.routes(update.announced()) > 0;
    }
  }
}
