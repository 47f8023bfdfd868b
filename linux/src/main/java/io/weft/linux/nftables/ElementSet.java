package io.weft.linux.nftables;

import io.weft.net.Octets;
import java.util.List;

/**
 * A named set of a table: what it is for, not what is in it.
 *
 * @param fields of which a key consists, each padded to four octets
 * @param size elements at most, more are refused; 0: as many as come, and the set grows with them
 */
public record ElementSet(String name, List<Field> fields, Use use, int size) {
  /** How long an element of {@link Use#EXPIRING} is in the set. */
  public static final long EXPIRY_MILLIS = 10_000;

  public ElementSet {
    fields = List.copyOf(fields);
  }

  /** What an element is. */
  public enum Use {
    /** In it or not. */
    MEMBERS,
    /** In it or not, and goes by itself {@link #EXPIRY_MILLIS} after it was put in. */
    EXPIRING,
    /** All keys from one to another, field by field. */
    RANGES,
    /** Leads to a chain: {@link Content.Chain}. */
    CHAINS,
    /** Has a rate of its own: {@link Content.Limit}. */
    LIMITS,
    /** Counts, and is made by what is counted: {@link Content.Counter}. */
    COUNTERS
  }

  /** One field, by nft's number of its type (so that {@code nft list} shows it well). */
  public enum Field {
    LINK_NAME(41, 16),
    MAC(9, 6),
    IPV4(7, 4),
    IPV6(8, 16),
    /** In the machine's order, as nft shows it. */
    NUMBER(19, 4),
    /** Three octets in network order. */
    VNI(4, 3),
    /** Of what an IP packet carries. */
    PROTOCOL(12, 1),
    /** Of TCP or UDP, in network order. */
    PORT(13, 2);

    final int type;
    final int length;

    Field(int type, int length) {
      this.type = type;
      this.length = length;
    }

    int padded() {
      return length + 3 & ~3;
    }
  }

  /** Octets of a key. */
  int keyLength() {
    return fields.size() == 1
        ? fields.getFirst().length
        : fields.stream().mapToInt(Field::padded).sum();
  }

  /**
   * One element.
   *
   * @param key all fields, one behind another, each padded with zeros to four octets; of one field
   *     alone without them
   */
  public record Element(Octets key, Content content) {
    /** One that is only in it. */
    public Element(Octets key) {
      this(key, new Content.Nothing());
    }
  }

  /** What an element has besides its key. */
  public sealed interface Content {
    /** Nothing. */
    record Nothing() implements Content {}

    /** The last key of the range. */
    record UpTo(Octets last) implements Content {}

    /** Name of the chain that it leads to. */
    record Chain(String name) implements Content {}

    /**
     * More than so many packets in a second: a lookup finds the element only then.
     *
     * @param burst packets that may come at once
     */
    record Limit(int perSecond, int burst) implements Content {}

    /** What it has counted. */
    record Counter(long packets, long octets) implements Content {}

    /** One that this build does not write. */
    record Foreign() implements Content {}
  }
}
