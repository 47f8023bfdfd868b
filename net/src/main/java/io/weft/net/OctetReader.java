package io.weft.net;

/**
 * A bounds-checked cursor over big-endian octets. Every read names its field, so that an error says
 * which field was cut short and where; sub-lengths become sub-readers that must end empty.
 */
public final class OctetReader {
  private final byte[] octets;
  private final int start;
  private final int end;
  private int position;

  /** Reads the array in place: the caller must not change it meanwhile. */
  public OctetReader(byte[] octets) {
    this(octets, 0, octets.length);
  }

  public OctetReader(byte[] octets, int from, int length) {
    java.util.Objects.checkFromIndexSize(from, length, octets.length);
    this.octets = octets;
    this.start = from;
    this.position = from;
    this.end = from + length;
  }

  public int remaining() {
    return end - position;
  }

  public boolean isEmpty() {
    return position == end;
  }

  /** Offset of the next octet in the underlying array. */
  public int position() {
    return position;
  }

  /** The underlying array; not to be changed. */
  public byte[] array() {
    return octets;
  }

  /** A copy of all octets that this reader was made for, read or not. */
  public Octets all() {
    return Octets.of(java.util.Arrays.copyOfRange(octets, start, end));
  }

  private int advance(String field, int count) throws MalformedInput {
    if (count < 0 || count > end - position) {
      throw new MalformedInput(
          field
              + ": needs "
              + count
              + " octets at offset "
              + position
              + ", "
              + remaining()
              + " are left");
    }
    int at = position;
    position += count;
    return at;
  }

  public int u8(String field) throws MalformedInput {
    return octets[advance(field, 1)] & 0xff;
  }

  public int u16(String field) throws MalformedInput {
    int at = advance(field, 2);
    return (octets[at] & 0xff) << 8 | (octets[at + 1] & 0xff);
  }

  public int u24(String field) throws MalformedInput {
    int at = advance(field, 3);
    return (octets[at] & 0xff) << 16 | (octets[at + 1] & 0xff) << 8 | (octets[at + 2] & 0xff);
  }

  /** An unsigned 32-bit number in a long. */
  public long u32(String field) throws MalformedInput {
    return s32(field) & 0xffff_ffffL;
  }

  /** The same four octets as an int. */
  public int s32(String field) throws MalformedInput {
    int at = advance(field, 4);
    return (octets[at] & 0xff) << 24
        | (octets[at + 1] & 0xff) << 16
        | (octets[at + 2] & 0xff) << 8
        | (octets[at + 3] & 0xff);
  }

  /** Six octets in the low bits of a long. */
  public long u48(String field) throws MalformedInput {
    long high = u16(field);
    return high << 32 | u32(field);
  }

  /** Eight octets as they stand; the sign bit is the first bit on the wire. */
  public long u64(String field) throws MalformedInput {
    long high = u32(field);
    return high << 32 | u32(field);
  }

  /** A copy of the next {@code count} octets. */
  public byte[] bytes(String field, int count) throws MalformedInput {
    int at = advance(field, count);
    return java.util.Arrays.copyOfRange(octets, at, at + count);
  }

  public Octets octets(String field, int count) throws MalformedInput {
    return Octets.of(bytes(field, count));
  }

  /** A reader over the next {@code count} octets; this one continues behind them. */
  public OctetReader sub(String field, int count) throws MalformedInput {
    int at = advance(field, count);
    return new OctetReader(octets, at, count);
  }

  public void skip(String field, int count) throws MalformedInput {
    advance(field, count);
  }

  /** Reads one octet that can have only one value. */
  public void expectU8(String field, int expected) throws MalformedInput {
    int actual = u8(field);
    if (actual != expected) {
      throw new MalformedInput(field + ": " + actual + " where " + expected + " must stand");
    }
  }

  /** Fails when octets are left over. */
  public void expectEmpty(String what) throws MalformedInput {
    if (!isEmpty()) {
      throw new MalformedInput(what + ": " + remaining() + " octets are left over");
    }
  }
}
