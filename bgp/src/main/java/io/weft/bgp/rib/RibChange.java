package io.weft.bgp.rib;

import io.weft.bgp.wire.Route;
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
    Route key,
    List<Candidate> chosenBefore,
    List<Candidate> chosenAfter,
    List<Candidate> pathsBefore,
    List<Candidate> pathsAfter,
    boolean isOfBest) {

  /** The best path that was. */
  public Optional<Candidate> before() {
    return chosenBefore.stream().findFirst();
  }

  /** The best path that is. */
  public Optional<Candidate> after() {
    return chosenAfter.stream().findFirst();
  }
}
