package io.weft.simulation;

import io.weft.simulation.WhatIfReport.Pair;
import java.util.BitSet;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who gets to whom, as it was at one look. Each has a number, which stays the same over all looks
 * of one {@link ReachingWatch}.
 */
final class Reaching {
  private final List<String> names;
  private final List<String> parties;
  private final List<BitSet> reached;
  private final TreeMap<String, String> partyOf = new TreeMap<>();

  /**
   * @param names by number
   * @param parties what each is part of: a network, the nodes, or itself
   * @param reached whom each gets to, by their numbers
   */
  Reaching(List<String> names, List<String> parties, List<BitSet> reached) {
    this.names = List.copyOf(names);
    this.parties = List.copyOf(parties);
    this.reached = reached.stream().map(all -> (BitSet) all.clone()).toList();
    for (int number = 0; number < names.size(); number++) {
      partyOf.put(names.get(number), parties.get(number));
    }
  }

  /** Counts the pairs. */
  int count() {
    return reached.stream().mapToInt(BitSet::cardinality).sum();
  }

  /** Whether the one gets to the other, by their numbers. */
  boolean has(int from, int to) {
    return from < reached.size() && reached.get(from).get(to);
  }

  /** Two, by their numbers. */
  Pair pair(int from, int to) {
    return new Pair(names.get(from), names.get(to));
  }

  /** Pairs that are here, and not at another look of the same watch. */
  SortedSet<Pair> without(Reaching other) {
    var left = new TreeSet<Pair>();
    for (int from = 0; from < reached.size(); from++) {
      var all = (BitSet) reached.get(from).clone();
      if (from < other.reached.size()) {
        all.andNot(other.reached.get(from));
      }
      for (int to = all.nextSetBit(0); to >= 0; to = all.nextSetBit(to + 1)) {
        left.add(pair(from, to));
      }
    }
    return left;
  }

  /** How many pairs there are of each two parties. */
  SortedMap<Pair, Integer> byParties() {
    var counts = new TreeMap<Pair, Integer>();
    for (int from = 0; from < reached.size(); from++) {
      var party = parties.get(from);
      var ofFrom = new TreeMap<String, Integer>();
      reached.get(from).stream().forEach(to -> ofFrom.merge(parties.get(to), 1, Integer::sum));
      ofFrom.forEach((to, count) -> counts.merge(new Pair(party, to), count, Integer::sum));
    }
    return counts;
  }

  /** The two parties of a pair. */
  Pair parties(Pair pair) {
    return new Pair(
        partyOf.getOrDefault(pair.from(), pair.from()), partyOf.getOrDefault(pair.to(), pair.to()));
  }
}
