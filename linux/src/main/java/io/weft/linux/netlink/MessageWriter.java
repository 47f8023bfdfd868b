package io.weft.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes netlink messages one behind another into a buffer: headers and attributes in the machine's
 * byte order, aligned to four octets (linux/netlink.h).
 */
public final class MessageWriter {
  private final ByteBuffer buffer;

  public MessageWriter(ByteBuffer buffer) {
    this.buffer = buffer.order(ByteOrder.nativeOrder());
  }

  /** Octets written. */
  public int size() {
    return buffer.position();
  }

  public void clear() {
    buffer.clear();
  }

  /** Starts a message: 4 length | 2 type | 2 flags | 4 sequence | 4 port. Returns its place. */
  public int begin(int type, int flags, int sequence) {
    int at = buffer.position();
    buffer.putInt(0).putShort((short) type).putShort((short) flags).putInt(sequence).putInt(0);
    return at;
  }

  public void end(int at) {
    buffer.putInt(at, buffer.position() - at);
  }

  /** Adds flags to a message that was written. */
  public void orFlags(int at, int flags) {
    buffer.putShort(at + 6, (short) (buffer.getShort(at + 6) | flags));
  }

  public MessageWriter u8(int value) {
    buffer.put((byte) value);
    return this;
  }

  public MessageWriter u16(int value) {
    buffer.putShort((short) value);
    return this;
  }

  public MessageWriter u32(int value) {
    buffer.putInt(value);
    return this;
  }

  public MessageWriter bytes(byte[] value) {
    buffer.put(value);
    return this;
  }

  public MessageWriter attributeU8(int type, int value) {
    header(type, 1).put((byte) value);
    return pad();
  }

  public MessageWriter attributeU16Big(int type, int value) {
    header(type, 2).put((byte) (value >> 8)).put((byte) value);
    return pad();
  }

  public MessageWriter attributeU16(int type, int value) {
    header(type, 2).putShort((short) value);
    return pad();
  }

  public MessageWriter attributeU32Big(int type, int value) {
    header(type, 4)
        .put((byte) (value >> 24))
        .put((byte) (value >> 16))
        .put((byte) (value >> 8))
        .put((byte) value);
    return this;
  }

  public MessageWriter attributeU32(int type, int value) {
    header(type, 4).putInt(value);
    return this;
  }

  public MessageWriter attributeU64(int type, long value) {
    header(type, 8).putLong(value);
    return this;
  }

  public MessageWriter attribute(int type, byte[] octets) {
    header(type, octets.length).put(octets);
    return pad();
  }

  /** A string with its closing NUL. */
  public MessageWriter attribute(int type, String text) {
    var octets = text.getBytes(StandardCharsets.UTF_8);
    header(type, octets.length + 1).put(octets).put((byte) 0);
    return pad();
  }

  /** Starts an attribute that holds attributes; returns its place. */
  public int beginNest(int type) {
    return beginAttribute(type | Uapi.NLA_F_NESTED);
  }

  /** Starts an attribute whose value is written by hand; returns its place. */
  public int beginAttribute(int type) {
    int at = buffer.position();
    header(type, 0);
    return at;
  }

  public void endNest(int at) {
    buffer.putShort(at, (short) (buffer.position() - at));
  }

  private ByteBuffer header(int type, int length) {
    return buffer.putShort((short) (length + 4)).putShort((short) type);
  }

  private MessageWriter pad() {
    while ((buffer.position() & 3) != 0) {
      buffer.put((byte) 0);
    }
    return this;
  }
}
