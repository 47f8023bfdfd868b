package io.weft.bgp.rib;

import io.weft.bgp.wire.AsPath;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The decision process (RFC 4271 §9.1.2.2, RFC 4456 §9), by elimination, so that the order of
 * arrival never matters.
 */
public final class BestPath {
  static final long DEFAULT_LOCAL_PREFERENCE = 100;

  // 1. What we originate ourselves.
  private static final Comparator<Candidate> LOCAL =
      Comparator.comparing(path -> !path.source().isLocal());

  // 2. The highest MAC mobility sequence number (RFC 7432 §15).
  private static final Comparator<Candidate> MOBILITY =
      Comparator.comparingLong((Candidate path) -> path.shared().mobilitySequence()).reversed();

  // 3. The highest degree of preference (§9.1.1).
  private static final Comparator<Candidate> PREFERENCE =
      Comparator.comparingLong(
              (Candidate path) ->
                  path.attributes().localPreference().orElse(DEFAULT_LOCAL_PREFERENCE))
          .reversed();

  // a) The fewest AS numbers.
  private static final Comparator<Candidate> AS_PATH =
      Comparator.comparingInt(path -> path.attributes().asPath().length());

  // b) The lowest ORIGIN.
  private static final Comparator<Candidate> ORIGIN =
      Comparator.comparing(path -> path.attributes().origin());

  // d) External before internal.
  private static final Comparator<Candidate> EXTERNAL =
      Comparator.comparing(path -> path.source().kind() != Source.Kind.EXTERNAL);

  // e) The interior cost: unknown here and so equal for all; the underlay balances it.

  // f) The lowest BGP identifier; ORIGINATOR_ID takes its place (RFC 4456 §9).
  private static final Comparator<Candidate> IDENTIFIER =
      Comparator.comparing(Candidate::originator);

  // f') The shortest CLUSTER_LIST (RFC 4456 §9).
  private static final Comparator<Candidate> CLUSTER_LIST =
      Comparator.comparingInt(path -> path.attributes().clusterList().size());

  // f") What is not stale, among what different peers say of one path. Not earlier: two reflectors
  // that hold a stale path each would believe in the other's copy, withdraw their own, and so on.
  private static final Comparator<Candidate> FRESH = Comparator.comparing(Candidate::isStale);

  // g) The lowest peer address.
  private static final Comparator<Candidate> ADDRESS =
      Comparator.comparing(path -> path.source().address());

  private static final List<Comparator<Candidate>> BEFORE_MED =
      List.of(LOCAL, MOBILITY, PREFERENCE, AS_PATH, ORIGIN);
  private static final List<Comparator<Candidate>> AFTER_MED =
      List.of(EXTERNAL, IDENTIFIER, CLUSTER_LIST, FRESH, ADDRESS);

  private BestPath() {}

  /** The best of {@code paths}; empty only when there are none. */
  public static Optional<Candidate> of(List<Candidate> paths) {
    if (paths.size() <= 1) {
      return paths.stream().findFirst();
    }
    var left = new ArrayList<>(paths);
    BEFORE_MED.forEach(step -> keepLeast(left, step));
    keepLowestMed(left);
    AFTER_MED.forEach(step -> keepLeast(left, step));
    return Optional.of(left.getFirst());
  }

  private static void keepLeast(List<Candidate> left, Comparator<Candidate> step) {
    if (left.size() > 1) {
      var least = left.stream().min(step).orElseThrow();
      left.removeIf(path -> step.compare(path, least) > 0);
    }
  }

  /** c) The lowest MED, only among paths from one neighbouring AS; an absent one counts as 0. */
  private static void keepLowestMed(List<Candidate> left) {
    if (left.size() > 1) {
      var all = List.copyOf(left);
      left.removeIf(path -> all.stream().anyMatch(other -> losesByMed(path, other)));
    }
  }

  private static boolean losesByMed(Candidate path, Candidate other) {
    return neighbouringAs(path).equals(neighbouringAs(other))
        && path.attributes().med().orElse(0) > other.attributes().med().orElse(0);
  }

  private static OptionalLong neighbouringAs(Candidate path) {
    for (AsPath.Segment segment : path.attributes().asPath().segments()) {
      if (!segment.numbers().isEmpty()) {
        return segment.set() ? OptionalLong.empty() : OptionalLong.of(segment.numbers().getFirst());
      }
    }
    return OptionalLong.empty();
  }
}
