package io.weft.bgp.wire;

import io.weft.net.AutonomousSystem;
import java.util.List;

/** AS_PATH (RFC 4271 §4.3 b, RFC 6793): segments of 4-octet numbers. */
public record AsPath(List<Segment> segments) {
  public static final AsPath EMPTY = new AsPath(List.of());

  /** One segment: {@code set} true for AS_SET, false for AS_SEQUENCE. */
  public record Segment(boolean set, List<Long> numbers) {
    public Segment {
      numbers = List.copyOf(numbers);
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
}
