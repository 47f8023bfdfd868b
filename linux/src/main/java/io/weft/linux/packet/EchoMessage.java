package io.weft.linux.packet;

import java.nio.ByteBuffer;
import java.util.OptionalInt;

/**
 * ICMP echo messages (RFC 792, RFC 4443 §4.1-4.2): 1 type | 1 code | 2 checksum | 2 identifier | 2
 * sequence | payload. Pure.
 */
final class EchoMessage {
  private static final int HEADER = 8;

  private EchoMessage() {}

  /** A request; the checksum of ICMPv6 is left to the kernel, which knows the source address. */
  static byte[] request(boolean v4, int identifier, int sequence, int payloadOctets) {
    var message =
        ByteBuffer.allocate(HEADER + payloadOctets)
            .put((byte) (v4 ? 8 : 128))
            .put((byte) 0)
            .putShort((short) 0)
            .putShort((short) identifier)
            .putShort((short) sequence);
    for (int i = 0; i < payloadOctets; i++) {
      message.put((byte) i);
    }
    if (v4) {
      message.putShort(2, (short) checksum(message.array()));
    }
    return message.array();
  }

  /**
   * The sequence number, if this is a reply to this identifier.
   *
   * @param octets what a raw socket gives: with the IP header in IPv4, without it in IPv6
   */
  static OptionalInt replySequence(byte[] octets, boolean v4, int identifier) {
    int at = v4 && octets.length > 0 ? (octets[0] & 0xf) * 4 : 0;
    if (octets.length - at < HEADER) {
      return OptionalInt.empty();
    }
    var message = ByteBuffer.wrap(octets);
    boolean ours =
        (message.get(at) & 0xff) == (v4 ? 0 : 129)
            && (message.getShort(at + 4) & 0xffff) == identifier;
    return ours ? OptionalInt.of(message.getShort(at + 6) & 0xffff) : OptionalInt.empty();
  }

  /** The Internet checksum (RFC 1071) of a message whose checksum field is zero. */
  static int checksum(byte[] octets) {
    int sum = 0;
    for (int i = 0; i < octets.length; i++) {
      sum += (octets[i] & 0xff) << ((i & 1) == 0 ? 8 : 0);
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum & 0xffff;
  }
}
