package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.overlay.forwarding.Sharing;
import io.weft.overlay.node.NodeEffect;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The connections that a brain knows: what comes over them is decoded, what is said is encoded. */
final class Connections {
  private final MachineTrace trace;
  private final Sharing sharing;
  private final Map<Long, MessageCodec> codecs = new TreeMap<>();

  /** What the last step sends, in the order of its effects. */
  private final ArrayDeque<List<Frames.Frame>> prepared = new ArrayDeque<>();

  /** What a stranger said. */
  private final List<Message.Update> hearsay = new ArrayList<>();

  /** {@code sharing}: what all receivers keep. */
  Connections(MachineTrace trace, Sharing sharing) {
    this.trace = trace;
    this.sharing = sharing;
  }

  /** There is none any more. */
  void clear() {
    codecs.clear();
    prepared.clear();
  }

  /** Of a connection that the brain knows. */
  Optional<MessageCodec> codec(long connection) {
    return Optional.ofNullable(codecs.get(connection));
  }

  /** What arrivals mean to the brain. */
  List<SpeakerEvent> events(List<Arrival> arrivals) {
    var events = new ArrayList<SpeakerEvent>(arrivals.size());
    long now = trace.now();
    for (var arrival : arrivals) {
      switch (arrival) {
        case Arrival.Happened(var event) -> {
          if (event instanceof SpeakerEvent.Disconnected(long connection, _)) {
            codecs.remove(connection);
          }
          events.add(event);
        }
        case Arrival.Opened(long connection, var codec, var event) -> {
          codecs.put(connection, codec);
          events.add(event);
        }
        case Arrival.Came(long at, long connection, var frame, boolean strange) -> {
          var codec = codecs.get(connection);
          if (codec != null) { // else the brain has just closed it
            trace.at(at);
            trace.delivered(connection, frame.octets());
            var decoded = frame.decode(codec, sharing);
            events.add(new SpeakerEvent.MessageReceived(connection, decoded));
            if (strange && decoded instanceof Decoded.Good(Message.Update update)) {
              hearsay.add(update);
            }
          }
        }
      }
    }
    trace.at(now);
    return events;
  }

  /** Encodes all that a node's step sends. */
  void encodeOf(List<NodeEffect> effects) {
    var bgp = new ArrayList<SpeakerEffect>();
    for (var effect : effects) {
      if (effect instanceof NodeEffect.Bgp(var said)) {
        bgp.add(said);
      }
    }
    encode(bgp);
  }

  /** Encodes all that a step sends. */
  void encode(List<SpeakerEffect> effects) {
    var frames = new Frames();
    for (var effect : effects) {
      switch (effect) {
        case SpeakerEffect.Send(long connection, var messages) -> {
          var said = new ArrayList<Frames.Frame>(messages.size());
          codec(connection)
              .ifPresent(
                  codec -> messages.forEach(message -> said.add(frames.encode(codec, message))));
          prepared.add(said);
        }
        case SpeakerEffect.Close(long connection, _) -> codecs.remove(connection);
        case SpeakerEffect.Connect _,
            SpeakerEffect.BestPathChanged _,
            SpeakerEffect.PeerUp _,
            SpeakerEffect.PeerDown _,
            SpeakerEffect.EndOfRibReceived _,
            SpeakerEffect.Report _ -> {}
      }
    }
  }

  /** What a stranger said among the arrivals since this was asked last. */
  List<Message.Update> hearsay() {
    if (hearsay.isEmpty()) {
      return List.of();
    }
    var said = List.copyOf(hearsay);
    hearsay.clear();
    return said;
  }

  /** What the next of the step's sends is as octets. */
  List<Frames.Frame> prepared() {
    return prepared.remove();
  }
}
