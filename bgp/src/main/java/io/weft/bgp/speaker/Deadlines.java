package io.weft.bgp.speaker;

import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * When something is due for which neighbour. It is read anew only for those that something happened
 * to: a reflector with a thousand clients that hears of one need not ask all.
 */
final class Deadlines {
  private static final long NEVER = Long.MAX_VALUE;

  private final TreeSet<Watch> sorted =
      new TreeSet<>(
          Comparator.comparingLong((Watch watch) -> watch.at)
              .thenComparing(watch -> watch.neighbour.address()));
  private final List<Watch> touched = new ArrayList<>();

  /** What is known of one neighbour: mostly its deadline is still the same when it is read. */
  static final class Watch {
    private final Neighbour neighbour;
    private long at = NEVER;
    private boolean touched;

    Watch(Neighbour neighbour) {
      this.neighbour = neighbour;
    }
  }

  /** Its deadline may be another. */
  void touch(Neighbour neighbour) {
    var watch = neighbour.watch;
    if (!watch.touched) {
      watch.touched = true;
      touched.add(watch);
    }
  }

  /** It is no more. */
  void forget(Neighbour neighbour) {
    var watch = neighbour.watch;
    if (watch.touched) {
      watch.touched = false;
      touched.remove(watch);
    }
    move(watch, NEVER);
  }

  private void read() {
    for (var watch : touched) {
      watch.touched = false;
      move(watch, watch.neighbour.deadline().orElse(NEVER));
    }
    touched.clear();
  }

  private void move(Watch watch, long deadline) {
    if (deadline == watch.at) {
      return;
    }
    if (watch.at != NEVER) {
      sorted.remove(watch);
    }
    watch.at = deadline;
    if (deadline != NEVER) {
      sorted.add(watch);
    }
  }

  /** The first. */
  OptionalLong next() {
    read();
    return sorted.isEmpty() ? OptionalLong.empty() : OptionalLong.of(sorted.first().at);
  }

  /** The addresses of those for whom something is due by then, sorted. */
  List<IpAddress> due(long now) {
    read();
    var due = new ArrayList<IpAddress>();
    for (var next : sorted) {
      if (next.at > now) {
        break;
      }
      due.add(next.neighbour.address());
    }
    due.sort(Comparator.naturalOrder());
    return due;
  }
}
