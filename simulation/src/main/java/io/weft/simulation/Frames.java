package io.weft.simulation;

import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.Peering;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteBlock;
import io.weft.overlay.forwarding.Sharing;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;

/**
 * Encodes an UPDATE once for all connections that agreed on the same: what one step says to many
 * peers. For one step.
 */
final class Frames {
  /** The last UPDATEs, whose octets are remembered. */
  private static final int MOST = 64;

  /** What is settled before both OPENs have passed. */
  static final Peering BEFORE_OPEN = new MessageCodec().peering();

  /**
   * The octets of one message. What a receiver gets is what they say; receivers that agreed on the
   * same share the value, which is immutable, and several may ask at once.
   */
  static final class Frame {
    private final Message message;
    private final Peering encodedFor;
    private final byte[] octets;
    private Optional<Peering> decodedFor = Optional.empty();
    private Optional<Decoded> decoded = Optional.empty();

    private Frame(Message message, Peering encodedFor, byte[] octets) {
      this.message = message;
      this.encodedFor = encodedFor;
      this.octets = octets;
    }

    /** What was encoded. */
    Message message() {
      return message;
    }

    byte[] octets() {
      return octets;
    }

    /** {@code sharing}: what all receivers keep. */
    synchronized Decoded decode(MessageCodec codec, Sharing sharing) {
      var peering = codec.peering();
      if (decoded.isPresent() && decodedFor.equals(Optional.of(peering))) {
        return decoded.get();
      }
      var said = codec.decode(octets);
      if (said instanceof Decoded.Good(Message.Update update)) {
        var kept = new Decoded.Good(withSharedAttributes(update, sharing));
        decodedFor = Optional.of(peering);
        decoded = Optional.of(kept);
        return kept;
      }
      return said;
    }
  }

  /** How many routes of EVPN these are: memberships are none. */
  static int routes(List<Route> said) {
    boolean evpn =
        said instanceof RouteBlock // which has no others, and makes one for whoever asks for it
            || !said.isEmpty() && said.getFirst().family().equals(Family.L2VPN_EVPN);
    return evpn ? said.size() : 0;
  }

  private final ArrayDeque<Frame> recent = new ArrayDeque<>();

  /** Octets that may be no message. */
  static Frame of(byte[] octets) {
    return new Frame(new Message.Keepalive(), BEFORE_OPEN, octets);
  }

  Frame encode(MessageCodec codec, Message message) {
    var peering = codec.peering();
    if (!(message instanceof Message.Update)) {
      return new Frame(message, peering, codec.encode(message));
    }
    for (var frame : recent) {
      if (isSame(frame.message, message) && frame.encodedFor.equals(peering)) {
        return frame;
      }
    }
    if (recent.size() >= MOST) {
      recent.removeLast();
    }
    var frame = new Frame(message, peering, codec.encode(message));
    recent.addFirst(frame);
    return frame;
  }

  /** The same object: to compare all that an UPDATE says would cost more than to encode it. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean isSame(Message one, Message other) {
    return one == other;
  }

  /** Thousands keep them, and they come again in other messages. */
  private static Message.Update withSharedAttributes(Message.Update update, Sharing sharing) {
    return update.attributes().isEmpty()
        ? update
        : new Message.Update(
            update.withdrawn(),
            update.announced(),
            sharing.of(update.attributes()),
            update.endOfRib(),
            update.faults(),
            update.withdrawnPathIds(),
            update.announcedPathIds());
  }
}
