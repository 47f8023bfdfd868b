package io.weft.simulation;

import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.Peering;
import java.util.IdentityHashMap;
import java.util.Optional;

/**
 * Encodes and decodes an UPDATE once for all connections that agreed on the same: a reflector says
 * one thing to thousands. What a receiver gets is what the octets say; receivers share the value,
 * which is immutable.
 */
final class Frames {
  /** UPDATEs whose octets are remembered; more and all are forgotten. */
  private static final int MOST = 8_192;

  /** The octets of one message, and what they mean. */
  static final class Frame {
    private final Peering encodedFor;
    private final byte[] octets;
    private Optional<Peering> decodedFor = Optional.empty();
    private Optional<Decoded> decoded = Optional.empty();

    private Frame(Peering encodedFor, byte[] octets) {
      this.encodedFor = encodedFor;
      this.octets = octets;
    }

    byte[] octets() {
      return octets;
    }
  }

  /** Looked up only, so that its order is of no account. */
  private final IdentityHashMap<Message, Frame> recent = new IdentityHashMap<>();

  Frame encode(MessageCodec codec, Message message) {
    var peering = codec.peering();
    if (!(message instanceof Message.Update)) {
      return new Frame(peering, codec.encode(message));
    }
    var known = Optional.ofNullable(recent.get(message));
    if (known.isPresent() && known.get().encodedFor.equals(peering)) {
      return known.get();
    }
    if (recent.size() >= MOST) {
      recent.clear();
    }
    var frame = new Frame(peering, codec.encode(message));
    recent.put(message, frame);
    return frame;
  }

  Decoded decode(MessageCodec codec, Frame frame) {
    var peering = codec.peering();
    if (frame.decoded.isPresent() && frame.decodedFor.equals(Optional.of(peering))) {
      return frame.decoded.get();
    }
    var decoded = codec.decode(frame.octets);
    if (decoded instanceof Decoded.Good(Message.Update _)) {
      frame.decodedFor = Optional.of(peering);
      frame.decoded = Optional.of(decoded);
    }
    return decoded;
  }
}
