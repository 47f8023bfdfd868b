package io.weft.simulation;

import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * What came of a change.
 *
 * @param endpoints that were there before it, pods and declared ones
 * @param refused pods and declared endpoints that are not there as they should be, with the reason;
 *     those of the changed intent have "afterwards" before it
 * @param nodes those that do something
 * @param sessions BGP sessions of nodes that end or begin by it
 * @param heard what neighbours that do not reflect are told, by their addresses
 * @param lost pairs that reached each other before, and do not afterwards
 * @param gained the other way round
 * @param interrupted pairs that reached each other before and do afterwards, but not all the time:
 *     the longest virtual time that they did not, seen every {@link WhatIf#GRAIN}
 * @param crossings the same by networks, those that change alone
 * @param reached pairs that reach each other afterwards
 * @param duration virtual time from the change to the last write to a kernel
 * @param settled false: it went on for longer than anybody should wait
 */
public record WhatIfReport(
    int endpoints,
    SortedMap<String, String> refused,
    SortedMap<String, NodeWork> nodes,
    List<SessionChange> sessions,
    SortedMap<IpAddress, Heard> heard,
    SortedSet<Pair> lost,
    SortedSet<Pair> gained,
    SortedMap<Pair, Duration> interrupted,
    List<Crossing> crossings,
    int reached,
    Duration duration,
    boolean settled) {
  public WhatIfReport {
    refused = Collections.unmodifiableSortedMap(new TreeMap<>(refused));
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
    sessions = List.copyOf(sessions);
    heard = Collections.unmodifiableSortedMap(new TreeMap<>(heard));
    lost = Collections.unmodifiableSortedSet(lost);
    gained = Collections.unmodifiableSortedSet(gained);
    interrupted = Collections.unmodifiableSortedMap(new TreeMap<>(interrupted));
    crossings = List.copyOf(crossings);
  }

  /** BGP sessions that were there before, and ended, whether or not they are there again. */
  public long sessionsReset() {
    return sessions.stream().filter(each -> each.fate() != Fate.MADE).count();
  }

  /** Those that were not there before, and are afterwards. */
  public long sessionsMade() {
    return sessions.stream().filter(each -> each.fate() == Fate.MADE).count();
  }

  /** The longest interruption of any pair; zero where there is none. */
  public Duration longestInterruption() {
    return interrupted.values().stream().max(Comparator.naturalOrder()).orElse(Duration.ZERO);
  }

  /** What becomes of a session. */
  public enum Fate {
    /** It was not there before. */
    MADE,
    /** It ended, and is there again. */
    RESET,
    /** It ended, and is not there afterwards. */
    ENDED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A session between a node and a reflector or another neighbour. */
  public record SessionChange(String node, IpAddress peer, Fate fate) {}

  /**
   * Routes that a neighbour holds, whichever nodes told it.
   *
   * @param lost those of before that it does not hold afterwards
   * @param gained those of afterwards that it did not hold before
   */
  public record Heard(int before, int after, int lost, int gained) {}

  /**
   * What one node does because of the change.
   *
   * @param puts objects that it makes or alters in its kernel
   * @param removals objects that it takes away
   * @param announced routes that it says, once for each
   * @param withdrawn routes that it takes back
   */
  public record NodeWork(long puts, long removals, long announced, long withdrawn) {
    static final NodeWork NONE = new NodeWork(0, 0, 0, 0);

    NodeWork minus(NodeWork before) {
      return new NodeWork(
          puts - before.puts,
          removals - before.removals,
          announced - before.announced,
          withdrawn - before.withdrawn);
    }
  }

  /** One that reaches another, or does not: endpoints, nodes, prefixes, the world outside. */
  public record Pair(String from, String to) implements Comparable<Pair> {
    @Override
    public int compareTo(Pair other) {
      int order = from.compareTo(other.from);
      return order != 0 ? order : to.compareTo(other.to);
    }
  }

  /**
   * From one network to another, or to what is none.
   *
   * @param before pairs that reach each other
   * @param after likewise, afterwards
   * @param lost those that do not any more
   * @param gained those that did not before
   * @param interrupted those that do before and afterwards, but not all the time
   * @param longest that one of these does not; zero where there is none
   */
  public record Crossing(
      String from,
      String to,
      int before,
      int after,
      int lost,
      int gained,
      int interrupted,
      Duration longest) {}
}
