package io.weft.net;

import java.util.Arrays;

/** A growing buffer of big-endian octets, with lengths patched in after the fact. */
public final class OctetWriter {
  private byte[] octets;
  private int size;

  public OctetWriter() {
    this(256);
  }

  public OctetWriter(int capacity) {
    octets = new byte[Math.max(16, capacity)];
  }

  /** Octets written so far. */
  public int size() {
    return size;
  }

  private int grow(int count) {
    if (size + count > octets.length) {
      octets = Arrays.copyOf(octets, Math.max(octets.length * 2, size + count));
    }
    int at = size;
    size += count;
    return at;
  }

  public OctetWriter u8(int value) {
    int at = grow(1); // before the array is named: growing replaces it
    octets[at] = (byte) value;
    return this;
  }

  public OctetWriter u16(int value) {
    int at = grow(2);
    octets[at] = (byte) (value >> 8);
    octets[at + 1] = (byte) value;
    return this;
  }

  public OctetWriter u24(int value) {
    return u8(value >> 16).u16(value);
  }

  public OctetWriter u32(long value) {
    return u16((int) (value >> 16)).u16((int) value);
  }

  public OctetWriter u48(long value) {
    return u16((int) (value >> 32)).u32(value);
  }

  public OctetWriter u64(long value) {
    return u32(value >> 32).u32(value);
  }

  public OctetWriter bytes(byte[] value) {
    int at = grow(value.length);
    System.arraycopy(value, 0, octets, at, value.length);
    return this;
  }

  /** {@code length} octets of an array. */
  public OctetWriter bytes(byte[] value, int from, int length) {
    java.util.Objects.checkFromIndexSize(from, length, value.length);
    int at = grow(length);
    System.arraycopy(value, from, octets, at, length);
    return this;
  }

  /** What stands in another writer. */
  public OctetWriter append(OctetWriter other) {
    return bytes(other.octets, 0, other.size);
  }

  public OctetWriter octets(Octets value) {
    return bytes(value.toArray());
  }

  /** Overwrites two octets written before, such as a length that is known only now. */
  public OctetWriter patchU16(int at, int value) {
    java.util.Objects.checkFromIndexSize(at, 2, size);
    octets[at] = (byte) (value >> 8);
    octets[at + 1] = (byte) value;
    return this;
  }

  /** Overwrites one octet written before. */
  public OctetWriter patchU8(int at, int value) {
    java.util.Objects.checkIndex(at, size);
    octets[at] = (byte) value;
    return this;
  }

  /** Forgets everything from {@code size} on: for a part that turned out not to fit. */
  public OctetWriter truncate(int size) {
    java.util.Objects.checkIndex(size, this.size + 1);
    this.size = size;
    return this;
  }

  /** The array in use, of which {@link #size} octets are written; not to be kept. */
  public byte[] array() {
    return octets;
  }

  /** What was written, in a new array. */
  public byte[] toArray() {
    return Arrays.copyOf(octets, size);
  }
}
