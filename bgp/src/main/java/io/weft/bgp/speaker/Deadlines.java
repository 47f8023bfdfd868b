package io.weft.bgp.speaker;

import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * When something is due for which neighbour. It is read anew only for those that something happened
 * to: a reflector with a thousand clients that hears of one need not ask all.
 */
final class Deadlines {
  private record Due(long atNanos, IpAddress address) {}

  private final TreeSet<Due> sorted =
      new TreeSet<>(Comparator.comparingLong(Due::atNanos).thenComparing(Due::address));
  private final TreeMap<IpAddress, Due> known = new TreeMap<>();
  private final TreeMap<IpAddress, Neighbour> touched = new TreeMap<>();

  /** Its deadline may be another. */
  void touch(Neighbour neighbour) {
    touched.put(neighbour.address(), neighbour);
  }

  /** It is no more. */
  void forget(Neighbour neighbour) {
    touched.remove(neighbour.address(), neighbour);
    replace(neighbour.address(), OptionalLong.empty());
  }

  private void read() {
    touched.forEach((address, neighbour) -> replace(address, neighbour.deadline()));
    touched.clear();
  }

  private void replace(IpAddress address, OptionalLong deadline) {
    var before = known.get(address);
    if (before != null) {
      if (deadline.isPresent() && deadline.getAsLong() == before.atNanos()) {
        return;
      }
      sorted.remove(before);
      known.remove(address);
    }
    if (deadline.isPresent()) {
      var due = new Due(deadline.getAsLong(), address);
      sorted.add(due);
      known.put(address, due);
    }
  }

  /** The first. */
  OptionalLong next() {
    read();
    return sorted.isEmpty() ? OptionalLong.empty() : OptionalLong.of(sorted.first().atNanos());
  }

  /** The addresses of those for whom something is due by then, sorted. */
  List<IpAddress> due(long now) {
    read();
    var due = new ArrayList<IpAddress>();
    for (var next : sorted) {
      if (next.atNanos() > now) {
        break;
      }
      due.add(next.address());
    }
    due.sort(Comparator.naturalOrder());
    return due;
  }
}
