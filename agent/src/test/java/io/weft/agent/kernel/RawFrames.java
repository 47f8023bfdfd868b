package io.weft.agent.kernel;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import java.nio.ByteBuffer;

/** Ethernet frames made by hand, as a pod with CAP_NET_RAW may send them. */
final class RawFrames {
  static final MacAddress ALL = MacAddress.parse("ff:ff:ff:ff:ff:ff");

  private RawFrames() {}

  static Octets ethernet(MacAddress to, MacAddress from, int type, byte... payload) {
    return Octets.of(
        ByteBuffer.allocate(14 + payload.length)
            .put(to.octets())
            .put(from.octets())
            .putShort((short) type)
            .put(payload)
            .array());
  }

  /** A frame within a VLAN, and that within another: RFC 826 and all others are in it too. */
  static Octets twiceTagged(Octets frame) {
    var inner = frame.toArray();
    return Octets.of(
        ByteBuffer.allocate(inner.length + 8)
            .put(inner, 0, 12)
            .putInt(0x8100_0005)
            .putInt(0x8100_0006)
            .put(inner, 12, inner.length - 12)
            .array());
  }

  /** RFC 826. */
  static byte[] arp(
      int operation,
      MacAddress senderMac,
      IpAddress sender,
      MacAddress targetMac,
      IpAddress target) {
    return ByteBuffer.allocate(28)
        .putShort((short) 1)
        .putShort((short) 0x0800)
        .put((byte) 6)
        .put((byte) 4)
        .putShort((short) operation)
        .put(senderMac.octets())
        .put(sender.octets())
        .put(targetMac.octets())
        .put(target.octets())
        .array();
  }

  /** RFC 791, or RFC 8200 by the family of the addresses; hop limit 255. */
  static byte[] ip(IpAddress from, IpAddress to, int protocol, byte... payload) {
    if (from.isIpv4()) {
      var header =
          ByteBuffer.allocate(20 + payload.length)
              .putShort((short) 0x4500)
              .putShort((short) (20 + payload.length))
              .putInt(0)
              .put((byte) 255)
              .put((byte) protocol)
              .putShort((short) 0)
              .put(from.octets())
              .put(to.octets());
      header.putShort(10, (short) checksum(header.array(), 20));
      return header.put(payload).array();
    }
    return ByteBuffer.allocate(40 + payload.length)
        .putInt(0x6000_0000)
        .putShort((short) payload.length)
        .put((byte) protocol)
        .put((byte) 255)
        .put(from.octets())
        .put(to.octets())
        .put(payload)
        .array();
  }

  /**
   * RFC 8200 §4.5: part of a packet of IPv6, to go behind {@link #ip} with protocol 44.
   *
   * @param next what the fragmentable part begins with
   * @param offset of the part, a multiple of 8 octets
   * @param more this is not the last part
   */
  static byte[] fragment(int next, int offset, boolean more, byte... part) {
    return ByteBuffer.allocate(8 + part.length)
        .put((byte) next)
        .put((byte) 0)
        .putShort((short) (offset | (more ? 1 : 0)))
        .putInt(4711)
        .put(part)
        .array();
  }

  /** RFC 8200 §4.6: destination options of 16 octets that say nothing. */
  static byte[] options(int next) {
    return ByteBuffer.allocate(16)
        .put((byte) next)
        .put((byte) 1)
        .put((byte) 1)
        .put((byte) 12)
        .array();
  }

  private static int checksum(byte[] octets, int length) {
    int sum = 0;
    for (int i = 0; i < length; i += 2) {
      sum += (octets[i] & 0xff) << 8 | octets[i + 1] & 0xff;
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum & 0xffff;
  }

  /** RFC 768, without checksum. */
  static byte[] udp(int from, int to, byte... payload) {
    return ByteBuffer.allocate(8 + payload.length)
        .putShort((short) from)
        .putShort((short) to)
        .putShort((short) (8 + payload.length))
        .putShort((short) 0)
        .put(payload)
        .array();
  }

  /** RFC 4861: one of the messages with a target, or with that much of zeros in its place. */
  static byte[] icmpv6(int type, IpAddress target) {
    return ByteBuffer.allocate(24)
        .put((byte) type)
        .put((byte) 0)
        .putShort((short) 0)
        .putInt(0)
        .put(target.octets())
        .array();
  }
}
