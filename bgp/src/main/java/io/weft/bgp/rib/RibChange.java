package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteBlock;
import java.util.List;
import java.util.Optional;

/**
 * The paths to a key before and after; something of them differs.
 *
 * @param chosenBefore what was in use, best first: one path, or several equal ones of unicast
 * @param chosenAfter what is in use now
 * @param pathsBefore all paths that there were
 * @param pathsAfter all paths that there are
 * @param isOfBest true when the best path differs
 */
public record RibChange(
    List<Candidate> chosenBefore,
    List<Candidate> chosenAfter,
    List<Candidate> pathsBefore,
    List<Candidate> pathsAfter,
    boolean isOfBest) {

  public RibChange {
    if (pathsBefore.isEmpty() && pathsAfter.isEmpty()) {
      throw new IllegalArgumentException("a change of nothing");
    }
  }

  /** What follows from the paths that there were and are; empty: nobody could tell. */
  static Optional<RibChange> between(List<Candidate> former, List<Candidate> now) {
    var before = BestPath.choose(former);
    var after = BestPath.choose(now);
    return differ(before, after) || pathsDiffer(former, now)
        ? Optional.of(
            new RibChange(before, after, former, now, differ(firstOf(before), firstOf(after))))
        : Optional.empty();
  }

  private static List<Candidate> firstOf(List<Candidate> chosen) {
    return chosen.size() <= 1 ? chosen : chosen.subList(0, 1);
  }

  private static boolean differ(List<Candidate> before, List<Candidate> after) {
    boolean differ = before.size() != after.size();
    for (int i = 0; i < before.size() && !differ; i++) {
      differ = !before.get(i).says(after.get(i));
    }
    return differ;
  }

  private static boolean pathsDiffer(List<Candidate> before, List<Candidate> after) {
    boolean differ = differ(before, after);
    for (int i = 0; i < before.size() && !differ; i++) {
      differ = before.get(i).pathId() != after.get(i).pathId();
    }
    return differ;
  }

  private Candidate any() {
    return pathsAfter.isEmpty() ? pathsBefore.getFirst() : pathsAfter.getFirst();
  }

  public Route key() {
    return any().key();
  }

  public Family family() {
    return any().family();
  }

  /** Adds the key to a block of EVPN routes. */
  public void appendKeyTo(RouteBlock.Builder block) {
    any().appendKeyTo(block);
  }

  /** The best path that was. */
  public Optional<Candidate> before() {
    return chosenBefore.isEmpty() ? Optional.empty() : Optional.of(chosenBefore.getFirst());
  }

  /** The best path that is. */
  public Optional<Candidate> after() {
    return chosenAfter.isEmpty() ? Optional.empty() : Optional.of(chosenAfter.getFirst());
  }
}
