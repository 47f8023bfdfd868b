package io.weft.bgp.wire;

import io.weft.net.AutonomousSystem;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.SecretHash;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * AS_PATH (RFC 4271 §4.3 b, RFC 6793): segments of 4-octet numbers.
 *
 * <pre>{@code { 1 segment: 1 set, 2 sequence | 1 count | count * (2 or 4) numbers }*}</pre>
 */
public record AsPath(List<Segment> segments) {
  public static final AsPath EMPTY = new AsPath(List.of());

  private static final int SET = 1;
  private static final int SEQUENCE = 2;

  /** Numbers that one segment can count. */
  private static final int MAX_COUNT = 255;

  /** One segment: {@code set} true for AS_SET, false for AS_SEQUENCE. */
  public record Segment(boolean set, List<Long> numbers) {
    public Segment {
      numbers = List.copyOf(numbers);
    }

    /** {@link SecretHash}: peers choose it. */
    @Override
    public int hashCode() {
      return 31 * SecretHash.of(numbers) + Boolean.hashCode(set);
    }
  }

  public AsPath {
    segments = List.copyOf(segments);
  }

  /** Length in the decision process: a set counts one (RFC 4271 §9.1.2.2 a). */
  public int length() {
    int length = 0;
    for (var segment : segments) {
      length += segment.set() ? 1 : segment.numbers().size();
    }
    return length;
  }

  public boolean contains(AutonomousSystem as) {
    return segments.stream().anyMatch(segment -> segment.numbers().contains(as.value()));
  }

  /** How often the number stands in it. */
  public int count(AutonomousSystem as) {
    int count = 0;
    for (var segment : segments) {
      count += Collections.frequency(segment.numbers(), as.value());
    }
    return count;
  }

  /** True when a 2-octet field cannot hold every number (RFC 6793 §4.2.2). */
  boolean needsFourOctets() {
    return segments.stream().anyMatch(s -> s.numbers().stream().anyMatch(n -> n > 0xffff));
  }

  /** Reads until the end; {@code width} of a number is 2 or 4 (RFC 6793 §4.1, RFC 7606 §7.2). */
  static AsPath decode(OctetReader in, int width) throws MalformedInput {
    var segments = new ArrayList<Segment>();
    while (!in.isEmpty()) {
      int type = in.u8("segment type");
      if (type != SET && type != SEQUENCE) { // 3 and 4 belong into a confederation (RFC 5065 §5)
        throw new MalformedInput("segment type: " + type + " is neither 1 nor 2");
      }
      int count = in.u8("segment length");
      if (count == 0) {
        throw new MalformedInput("segment length: 0");
      }
      var numbers = new ArrayList<Long>(count);
      for (int i = 0; i < count; i++) {
        long number = width == 4 ? in.u32("AS number") : in.u16("AS number");
        if (number == 0) {
          throw new MalformedInput("AS number: 0 is reserved (RFC 7607 §2)");
        }
        numbers.add(number);
      }
      segments.add(new Segment(type == SET, numbers));
    }
    return segments.isEmpty() ? EMPTY : new AsPath(segments);
  }

  /** Writes all segments; a number that does not fit becomes AS_TRANS (RFC 6793 §4.2.2). */
  OctetWriter encode(OctetWriter out, int width) {
    for (var segment : segments) {
      var numbers = segment.numbers();
      for (int from = 0; from < numbers.size(); from += MAX_COUNT) {
        var part = numbers.subList(from, Math.min(from + MAX_COUNT, numbers.size()));
        out.u8(segment.set() ? SET : SEQUENCE).u8(part.size());
        for (long number : part) {
          if (width == 4) {
            out.u32(number);
          } else {
            out.u16(new AutonomousSystem(number).twoOctets());
          }
        }
      }
    }
    return out;
  }

  /**
   * This path as an old speaker sent it, with the true numbers of AS4_PATH (RFC 6793 §4.2.3): what
   * is longer than AS4_PATH was prepended by old speakers and stays in front.
   */
  AsPath mergedWith(AsPath as4Path) {
    int lead = length() - as4Path.length();
    if (lead < 0) {
      return this;
    }
    var merged = new ArrayList<Segment>();
    for (var segment : segments) {
      if (lead == 0) {
        break;
      }
      int size = segment.numbers().size();
      int taken = segment.set() ? size : Math.min(lead, size);
      merged.add(new Segment(segment.set(), segment.numbers().subList(0, taken)));
      lead -= segment.set() ? 1 : taken;
    }
    merged.addAll(as4Path.segments);
    return new AsPath(merged);
  }

  @Override
  public String toString() {
    var text = new StringBuilder();
    for (var segment : segments) {
      for (long number : segment.numbers()) {
        text.append(text.isEmpty() ? "" : " ").append(number);
      }
    }
    return text.toString();
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(segments);
  }
}
