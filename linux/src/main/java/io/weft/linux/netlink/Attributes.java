package io.weft.linux.netlink;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.MalformedInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Attributes of a netlink message by type: 2 length | 2 type | value, padded to four octets. Types
 * beyond those that this build knows are passed over; of equal types the last counts.
 */
public final class Attributes {
  private static final int KNOWN = 64;

  private final ByteBuffer octets;

  /** Offset of the value of each type, and its length; offset -1: absent. */
  private final int[] offsets = new int[KNOWN];

  private final int[] lengths = new int[KNOWN];

  private Attributes(ByteBuffer octets) {
    this.octets = octets;
    Arrays.fill(offsets, -1);
  }

  public static Attributes of(ByteBuffer octets) throws MalformedInput {
    var attributes = new Attributes(octets);
    int at = 0;
    while (octets.limit() - at >= 4) {
      int length = octets.getShort(at) & 0xffff;
      int type = octets.getShort(at + 2) & Uapi.NLA_TYPE_MASK;
      if (length < 4 || length > octets.limit() - at) {
        throw new MalformedInput(
            "attribute " + type + ": length " + length + ", " + (octets.limit() - at) + " left");
      }
      if (type < KNOWN) {
        attributes.offsets[type] = at + 4;
        attributes.lengths[type] = length - 4;
      }
      at += Message.align(length);
    }
    return attributes;
  }

  public boolean has(int type) {
    return offsets[type] >= 0;
  }

  private int place(int type, int length) throws MalformedInput {
    if (lengths[type] < length) {
      throw new MalformedInput(
          "attribute " + type + " needs " + length + " octets, has " + lengths[type]);
    }
    return offsets[type];
  }

  public OptionalInt u8(int type) throws MalformedInput {
    return has(type) ? OptionalInt.of(octets.get(place(type, 1)) & 0xff) : OptionalInt.empty();
  }

  /** A flag kept as one octet; absent is false. */
  public boolean flag(int type) throws MalformedInput {
    return u8(type).orElse(0) != 0;
  }

  public OptionalInt u16Big(int type) throws MalformedInput {
    if (!has(type)) {
      return OptionalInt.empty();
    }
    int at = place(type, 2);
    return OptionalInt.of((octets.get(at) & 0xff) << 8 | (octets.get(at + 1) & 0xff));
  }

  public OptionalInt u32Big(int type) throws MalformedInput {
    var value = u32(type);
    boolean swap = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    return value.isEmpty() || !swap
        ? value
        : OptionalInt.of(Integer.reverseBytes(value.getAsInt()));
  }

  public OptionalInt u32(int type) throws MalformedInput {
    return has(type) ? OptionalInt.of(octets.getInt(place(type, 4))) : OptionalInt.empty();
  }

  public OptionalLong u64(int type) throws MalformedInput {
    return has(type) ? OptionalLong.of(octets.getLong(place(type, 8))) : OptionalLong.empty();
  }

  public Optional<byte[]> octets(int type) {
    if (!has(type)) {
      return Optional.empty();
    }
    var value = new byte[lengths[type]];
    octets.get(offsets[type], value);
    return Optional.of(value);
  }

  /** A string without its closing NUL. */
  public Optional<String> text(int type) {
    return octets(type)
        .map(
            value -> {
              int end = value.length;
              while (end > 0 && value[end - 1] == 0) {
                end--;
              }
              return new String(value, 0, end, StandardCharsets.UTF_8);
            });
  }

  /** An Ethernet address; empty for absent and for addresses of other kinds of link. */
  public Optional<MacAddress> mac(int type) {
    return octets(type).filter(value -> value.length == MacAddress.LENGTH).map(MacAddress::of);
  }

  /** An IPv4 or IPv6 address by its length; empty for absent and for other families. */
  public Optional<IpAddress> ip(int type) {
    return octets(type).filter(value -> value.length == 4 || value.length == 16).map(IpAddress::of);
  }

  public Optional<Attributes> nest(int type) throws MalformedInput {
    return has(type)
        ? Optional.of(of(Message.slice(octets, offsets[type], lengths[type])))
        : Optional.empty();
  }

  /**
   * The attributes inside, in their order, each as attributes: for lists, whose types are equal.
   */
  public List<Attributes> list(int type) throws MalformedInput {
    var elements = new ArrayList<Attributes>();
    var all = raw(type);
    if (all.isPresent()) {
      for (var element : elements(all.get())) {
        elements.add(of(element));
      }
    }
    return elements;
  }

  /** The values of the attributes inside, in their order, whatever their types. */
  static List<ByteBuffer> elements(ByteBuffer all) throws MalformedInput {
    var elements = new ArrayList<ByteBuffer>();
    int at = 0;
    while (all.limit() - at >= 4) {
      int length = all.getShort(at) & 0xffff;
      if (length < 4 || length > all.limit() - at) {
        throw new MalformedInput("a list's element of length " + length);
      }
      elements.add(Message.slice(all, at + 4, length - 4));
      at += Message.align(length);
    }
    return elements;
  }

  /** The value as a buffer, for layouts that are not attributes. */
  public Optional<ByteBuffer> raw(int type) {
    return has(type)
        ? Optional.of(Message.slice(octets, offsets[type], lengths[type]))
        : Optional.empty();
  }
}
