package io.weft.bgp.wire;

import io.weft.bgp.wire.Message.Keepalive;
import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Message.RouteRefresh;
import io.weft.bgp.wire.Message.Update;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Encodes and decodes the messages of one connection. What the two OPENs negotiate (RFC 5492) is
 * learned from the OPENs that pass through, so the edge needs no word from the session. Encoding
 * and decoding may happen on two threads.
 *
 * <pre>{@code 16 marker, all ones | 2 length | 1 type | body   (RFC 4271 §4.1)}</pre>
 */
public final class MessageCodec {
  private static final int MARKER_LENGTH = 16;
  private static final byte[] MARKER = new byte[MARKER_LENGTH];

  static {
    Arrays.fill(MARKER, (byte) 0xff);
  }

  /** Of a ROUTE-REFRESH (RFC 2918 §3). */
  private static final int REFRESH_LENGTH = 23;

  /**
   * Message types and their lengths, header included (RFC 4271 §6.1, RFC 8654 §4). A ROUTE-REFRESH
   * of a wrong length is a fault of its own where its marks are agreed on (RFC 7313 §5).
   */
  private enum Type {
    OPEN(1, 29, Message.MAX_LENGTH),
    UPDATE(2, 23, Message.MAX_EXTENDED_LENGTH),
    NOTIFICATION(3, 21, Message.MAX_EXTENDED_LENGTH),
    KEEPALIVE(4, 19, 19),
    ROUTE_REFRESH(5, 19, Message.MAX_LENGTH);

    final int code;
    final int minimum;
    final int maximum;

    Type(int code, int minimum, int maximum) {
      this.code = code;
      this.minimum = minimum;
      this.maximum = maximum;
    }

    static Optional<Type> of(int code) {
      return code >= 1 && code <= values().length
          ? Optional.of(values()[code - 1])
          : Optional.empty();
    }
  }

  private Optional<Open> ours = Optional.empty();
  private Optional<Open> theirs = Optional.empty();

  /** The path attributes of the last UPDATE that had some. */
  private Optional<PathAttributes> lastReceived = Optional.empty();

  private volatile Peering peering = Peering.ASSUMED;

  /** What the OPENs that have passed settle; codecs of equal ones encode an UPDATE alike. */
  public Peering peering() {
    return peering;
  }

  /**
   * Length of a whole message from its 19-octet header, or a negative number when the header is not
   * one: the caller then decodes the header alone and gets the fault.
   */
  public int frameLength(byte[] header) {
    if (header.length < Message.HEADER_LENGTH || !isMarked(header)) {
      return -1;
    }
    int length = lengthField(header);
    boolean lawful =
        length >= Message.HEADER_LENGTH
            && length <= longest(Type.of(header[18] & 0xff), peering.longestReceived());
    return lawful ? length : -1;
  }

  /** Decodes one whole message, header included; any octets give a value or a fault. */
  public Decoded decode(byte[] message) {
    try {
      var type = checkHeader(message);
      var in =
          new OctetReader(message, Message.HEADER_LENGTH, message.length - Message.HEADER_LENGTH);
      return new Decoded.Good(decodeBody(type, in, message));
    } catch (SessionReset e) {
      return e.fatal();
    }
  }

  /** One whole message; one that is longer than the peer takes is our own mistake. */
  public byte[] encode(Message message) {
    var out = new OctetWriter();
    encode(message, out);
    return out.toArray();
  }

  /** Appends one whole message. */
  public void encode(Message message, OctetWriter out) {
    int start = out.size();
    out.bytes(MARKER).u16(0);
    encodeBody(message, out);
    int length = out.size() - start;
    int longest =
        longest(Type.of(message instanceof Open ? 1 : Type.UPDATE.code), peering.longestSent());
    if (length > longest) {
      throw new IllegalArgumentException(
          "a message of " + length + " octets is longer than " + longest);
    }
    out.patchU16(start + MARKER_LENGTH, length);
  }

  private Message decodeBody(Type type, OctetReader in, byte[] message) throws SessionReset {
    try {
      return switch (type) {
        case OPEN -> learnTheirs(OpenCodec.decode(in));
        case UPDATE -> shared(UpdateCodec.decode(in, peering));
        case NOTIFICATION ->
            new Notification(
                in.u8("error code"), in.u8("error subcode"), in.octets("data", in.remaining()));
        case KEEPALIVE -> new Keepalive();
        case ROUTE_REFRESH -> decodeRouteRefresh(in, message);
      };
    } catch (MalformedInput e) { // lengths were checked: nothing that is left can be cut short
      throw new SessionReset(1, 2, type + ": " + e.getMessage());
    }
  }

  /** With the same object as before for equal attributes: who keeps them sees it at a glance. */
  private Update shared(Update update) {
    if (update.attributes().isEmpty()) {
      return update;
    }
    if (!update.attributes().equals(lastReceived)) {
      lastReceived = update.attributes();
      return update;
    }
    return update.withAttributes(lastReceived);
  }

  private void encodeBody(Message message, OctetWriter out) {
    switch (message) {
      case Open open -> OpenCodec.encode(learnOurs(open), out.u8(Type.OPEN.code));
      case Update update -> UpdateCodec.encode(update, peering, out.u8(Type.UPDATE.code));
      case Notification(int code, int subcode, Octets data) ->
          out.u8(Type.NOTIFICATION.code).u8(code).u8(subcode).bytes(fitting(data));
      case Keepalive _ -> out.u8(Type.KEEPALIVE.code);
      case RouteRefresh(Family family, int subtype) ->
          out.u8(Type.ROUTE_REFRESH.code).u16(family.afi()).u8(subtype).u8(family.safi());
    }
  }

  /** {@code 2 AFI | 1 subtype, once reserved | 1 SAFI} (RFC 2918 §3, RFC 7313 §3.2). */
  private RouteRefresh decodeRouteRefresh(OctetReader in, byte[] message)
      throws MalformedInput, SessionReset {
    if (message.length != REFRESH_LENGTH) {
      var reason = "ROUTE_REFRESH: " + message.length + " octets where 23 must stand";
      boolean marks = in.remaining() > 2 && (message[21] == 1 || message[21] == 2);
      throw marks && peering.enhancedRefresh()
          ? new SessionReset(7, 1, Octets.of(message), reason)
          : new SessionReset(1, 2, Octets.of(new byte[] {message[16], message[17]}), reason);
    }
    int afi = in.u16("address family");
    int subtype = in.u8("subtype");
    return new RouteRefresh(new Family(afi, in.u8("subsequent address family")), subtype);
  }

  /** RFC 4271 §6.1, in its order. */
  private Type checkHeader(byte[] message) throws SessionReset {
    if (message.length < Message.HEADER_LENGTH) {
      throw new SessionReset(1, 2, "header: " + message.length + " octets where 19 must stand");
    }
    if (!isMarked(message)) {
      throw new SessionReset(1, 1, "marker is not all ones: the stream is out of step");
    }
    int length = lengthField(message);
    var type =
        Type.of(message[18])
            .orElseThrow(
                () ->
                    new SessionReset(
                        1,
                        3,
                        Octets.of(new byte[] {message[18]}),
                        "message type " + (message[18] & 0xff) + " is unknown"));
    if (length < type.minimum
        || length > longest(Optional.of(type), peering.longestReceived())
        || length != message.length) {
      throw new SessionReset(
          1,
          2,
          Octets.of(new byte[] {message[16], message[17]}),
          type + ": length field " + length + " on " + message.length + " octets");
    }
    return type;
  }

  private static int longest(Optional<Type> type, int agreed) {
    return Math.min(agreed, type.map(t -> t.maximum).orElse(Message.MAX_LENGTH));
  }

  /** What was wrong in a long message may be more than the peer takes: its head must do. */
  private byte[] fitting(Octets data) {
    int room = peering.longestSent() - Type.NOTIFICATION.minimum;
    return Arrays.copyOf(data.toArray(), Math.min(data.length(), room));
  }

  private static boolean isMarked(byte[] header) {
    for (int i = 0; i < MARKER_LENGTH; i++) {
      if (header[i] != -1) {
        return false;
      }
    }
    return true;
  }

  private static int lengthField(byte[] header) {
    return (header[16] & 0xff) << 8 | (header[17] & 0xff);
  }

  private synchronized Open learnOurs(Open open) {
    ours = Optional.of(open);
    negotiate();
    return open;
  }

  private synchronized Open learnTheirs(Open open) {
    theirs = Optional.of(open);
    negotiate();
    return open;
  }

  private void negotiate() {
    peering = ours.flatMap(o -> theirs.map(t -> Peering.between(o, t))).orElse(Peering.ASSUMED);
  }
}
