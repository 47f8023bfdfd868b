package io.weft.agent.probe;

import io.weft.net.IpAddress;
import io.weft.net.StableHash;
import io.weft.overlay.node.Tunnel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Which path is looked at when, and what was found of each. Without a clock of its own. */
final class ProbeSchedule {
  /**
   * How often.
   *
   * @param settle from when a tunnel appears, or its MTU changes, to the first look
   * @param steady between two looks at a path that carries what is promised
   * @param doubtful between two looks at any other
   */
  record Pace(Duration settle, Duration steady, Duration doubtful) {}

  /** Due in a while, and what was found last. */
  private record Entry(Tunnel tunnel, long dueNanos, Optional<PathState> found) {}

  private final Pace pace;
  private final int limit;
  private final TreeMap<IpAddress, Entry> entries = new TreeMap<>();
  private int leftOut;
  private OptionalInt lastNarrow = OptionalInt.empty();

  /**
   * @param limit paths that are looked at, at most
   */
  ProbeSchedule(Pace pace, int limit) {
    this.pace = pace;
    this.limit = limit;
  }

  /** These are the tunnels in use now, each VTEP once. */
  void tunnels(long now, Collection<Tunnel> tunnels) {
    var next = new TreeMap<IpAddress, Entry>();
    leftOut = 0;
    for (var tunnel : tunnels) {
      if (next.size() >= limit) {
        leftOut++;
        continue;
      }
      var known = entries.get(tunnel.remote());
      next.put(
          tunnel.remote(),
          known != null && known.tunnel().equals(tunnel)
              ? known
              : new Entry(tunnel, now + pace.settle().toNanos(), Optional.empty()));
    }
    entries.clear();
    entries.putAll(next);
  }

  /** The one that has waited longest, of those that are due. */
  Optional<Tunnel> due(long now) {
    return first().filter(entry -> entry.dueNanos() - now <= 0).map(Entry::tunnel);
  }

  private Optional<Entry> first() {
    Entry first = null;
    for (var entry : entries.values()) {
      if (first == null || entry.dueNanos() - first.dueNanos() < 0) {
        first = entry;
      }
    }
    return Optional.ofNullable(first);
  }

  OptionalLong nextDeadline() {
    return first().map(entry -> OptionalLong.of(entry.dueNanos())).orElse(OptionalLong.empty());
  }

  /** A size that may be all that the path takes: its own of the last time, or another's. */
  OptionalInt guess(Tunnel tunnel) {
    var state = found(tunnel).orElse(null);
    return state instanceof PathState.TooNarrow narrow
        ? OptionalInt.of(narrow.passes())
        : lastNarrow;
  }

  /** True when the last look heard nothing. */
  boolean wasSilent(Tunnel tunnel) {
    return found(tunnel).filter(PathState.Unknown.class::isInstance).isPresent();
  }

  private Optional<PathState> found(Tunnel tunnel) {
    return Optional.ofNullable(entries.get(tunnel.remote())).flatMap(Entry::found);
  }

  /** Looked; returns what was found the time before. */
  Optional<PathState> found(long now, PathState state) {
    var entry = entries.get(state.tunnel().remote());
    if (entry == null || !entry.tunnel().equals(state.tunnel())) {
      return Optional.empty();
    }
    if (state instanceof PathState.TooNarrow narrow) {
      lastNarrow = OptionalInt.of(narrow.passes());
    }
    long wait =
        state instanceof PathState.Passes
            ? spread(pace.steady().toNanos(), state.tunnel())
            : pace.doubtful().toNanos();
    entries.put(state.tunnel().remote(), new Entry(entry.tunnel(), now + wait, Optional.of(state)));
    return entry.found();
  }

  /** A tenth less at most, so that paths that appeared together do not stay together. */
  private static long spread(long nanos, Tunnel tunnel) {
    return nanos - Math.floorMod(StableHash.of(tunnel.remote().toString()), nanos / 10 + 1);
  }

  /** What was found, sorted by VTEP; of those that were not looked at yet, nothing. */
  ProbeView view() {
    var found = new ArrayList<PathState>();
    entries.values().forEach(entry -> entry.found().ifPresent(found::add));
    return new ProbeView(List.copyOf(found), entries.size() - found.size(), leftOut);
  }
}
