package io.weft.simulation;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What happened in a world. Each machine has a part of its own, so that those that think at once
 * write at once; the parts are put together by name, and what has a text in the order in which it
 * was seen. Two runs are the same if their traces are.
 */
final class Trace {
  private static final int LAST = 40;

  private final Timeline timeline;
  private final boolean digest;
  private final Map<String, MachineTrace> parts = new TreeMap<>();
  private final LastEvents last = new LastEvents(LAST);
  private final List<String> lines = new ArrayList<>();

  /** {@code digest}: only the SHA-256 is kept, and the last lines. */
  Trace(Timeline timeline, boolean digest) {
    this.timeline = timeline;
    this.digest = digest;
  }

  /** The part of a machine. */
  MachineTrace of(String name) {
    return parts.computeIfAbsent(name, _ -> digest ? new MachineDigest() : new MachineTrace());
  }

  /** Something happens now to who is not thinking. */
  void add(String who, String what) {
    var part = of(who);
    part.at(timeline.now());
    part.add(what);
    seen(who, part);
  }

  /** What was written into a part counts as seen. */
  void seen(String who, MachineTrace part) {
    for (var line : part.taken()) {
      if (digest) {
        last.add(line.nanos(), who, line.what());
      } else {
        lines.add(text(line, who));
      }
    }
  }

  private static String text(MachineTrace.Line line, String who) {
    long nanos = line.nanos();
    return "%d.%09d %s %s"
        .formatted(nanos / 1_000_000_000L, nanos % 1_000_000_000L, who, line.what());
  }

  /** All lines, if they are kept. */
  List<String> lines() {
    return List.copyOf(lines);
  }

  /** The last lines. */
  List<String> last() {
    return digest ? last.lines() : lines();
  }

  /** SHA-256 of the names of all machines, each with that of its part, in hexadecimal. */
  String hex() {
    var all = MachineDigest.sha256();
    parts.forEach(
        (name, part) -> {
          if (!(part instanceof MachineDigest of)) {
            throw new IllegalStateException("this world keeps its trace");
          }
          all.update(name.getBytes(StandardCharsets.UTF_8));
          all.update(of.octets());
        });
    return HexFormat.of().formatHex(all.digest());
  }
}
