package io.weft.bgp.rib;

import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.Family;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/**
 * The decision process (RFC 4271 §9.1.2.2, RFC 4456 §9), by elimination, so that the order of
 * arrival never matters.
 */
public final class BestPath {
  static final long DEFAULT_LOCAL_PREFERENCE = 100;

  /** Paths to one unicast route that are used at a time; those behind are left out. */
  public static final int MAX_EQUAL_PATHS = 64;

  /** What is compared, in this order. */
  @SuppressWarnings("ImmutableEnumChecker") // the lambdas of the steps hold nothing
  public enum Step {
    /** 1. What we originate ourselves. */
    LOCAL(
        (one, other) -> Boolean.compare(other.source().isLocal(), one.source().isLocal()),
        path -> path.source().isLocal() ? "our own" : "learned",
        "the best path is our own"),

    /** 2. What has not outlived its session for long (RFC 9494 §4.3). */
    LONG_LIVED(
        (one, other) ->
            Boolean.compare(one.shared().isLongLivedStale(), other.shared().isLongLivedStale()),
        path -> path.shared().isLongLivedStale() ? "llgr-stale" : "fresh",
        "this path is long-lived stale, the last resort (RFC 9494 §4.3)"),

    /** 3. The highest MAC mobility sequence number (RFC 7432 §15). */
    MOBILITY(
        (one, other) ->
            Long.compare(other.shared().mobilitySequence(), one.shared().mobilitySequence()),
        path -> Long.toString(path.shared().mobilitySequence()),
        "the best path has the higher MAC mobility sequence number: %s against %s (RFC 7432 §15)"),

    /** 4. The highest degree of preference (§9.1.1). */
    PREFERENCE(
        (one, other) -> Long.compare(preference(other), preference(one)),
        path -> Long.toString(preference(path)),
        "the best path has the higher LOCAL_PREF: %s against %s (RFC 4271 §9.1.1)"),

    /** a) The fewest AS numbers. */
    AS_PATH(
        Comparator.comparingInt(path -> path.attributes().asPath().length()),
        path -> Integer.toString(path.attributes().asPath().length()),
        "the best path has the lower number of AS in AS_PATH: %s against %s (RFC 4271 §9.1.2.2 a)"),

    /** b) The lowest ORIGIN. */
    ORIGIN(
        Comparator.comparing(path -> path.attributes().origin()),
        path -> path.attributes().origin().name(),
        "the best path has the lower ORIGIN: %s against %s (RFC 4271 §9.1.2.2 b)"),

    /** c) The lowest MED, only among paths from one neighbouring AS; an absent one counts as 0. */
    MED(
        Comparator.comparingLong(BestPath::med),
        path -> Long.toString(med(path)),
        "another path from the same AS has the lower MED: %s against %s (RFC 4271 §9.1.2.2 c)"),

    /** d) External before internal. */
    EXTERNAL(
        (one, other) -> Boolean.compare(isInternal(one), isInternal(other)),
        path -> path.source().kind() == Source.Kind.EXTERNAL ? "external" : "internal",
        "the best path is from an external neighbour, this from an internal one (RFC 4271"
            + " §9.1.2.2 d)"),

    // e) The interior cost: unknown here and so equal for all; the underlay balances it.

    /** f) The lowest BGP identifier; ORIGINATOR_ID takes its place (RFC 4456 §9). */
    IDENTIFIER(
        Comparator.comparing(Candidate::originator),
        path -> path.originator().toString(),
        "the best path has the lower BGP identifier of the originator: %s against %s (RFC 4271"
            + " §9.1.2.2 f)"),

    /** f') The shortest CLUSTER_LIST (RFC 4456 §9). */
    CLUSTER_LIST(
        Comparator.comparingInt(path -> path.attributes().clusterList().size()),
        path -> Integer.toString(path.attributes().clusterList().size()),
        "the best path has the shorter CLUSTER_LIST: %s against %s (RFC 4456 §9)"),

    /**
     * f") What is not stale, among what different peers say of one path. Not earlier: two
     * reflectors that hold a stale path each would believe in the other's copy, withdraw their own,
     * and so on.
     */
    FRESH(
        (one, other) -> Boolean.compare(one.isStale(), other.isStale()),
        path -> path.isStale() ? "stale" : "fresh",
        "this path is kept only because its neighbour restarts (RFC 4724 §4.2)"),

    /** g) The lowest peer address. */
    ADDRESS(
        Comparator.comparing(path -> path.source().address()),
        path -> path.source().address().toString(),
        "the best path has the lower address of the neighbour: %s against %s (RFC 4271 §9.1.2.2"
            + " g)"),

    /** h) The lowest path identifier, among paths of one peer (RFC 7911 leaves it open). */
    PATH_ID(
        Comparator.comparingLong(Candidate::receivedPathId),
        path -> Long.toString(path.receivedPathId()),
        "the best path has the lower path identifier of the neighbour: %s against %s");

    private final Comparator<Candidate> order;
    private final Function<Candidate, String> value;
    private final String text;

    Step(Comparator<Candidate> order, Function<Candidate, String> value, String text) {
      this.order = order;
      this.value = value;
      this.text = text;
    }

    String words(String mine, String best) {
      return text.formatted(best, mine);
    }
  }

  /** Steps up to e): paths that pass them alike are equally good (RFC 4271 §9.1.2.2). */
  private static final Set<Step> UP_TO_COST = EnumSet.range(Step.LOCAL, Step.EXTERNAL);

  private static final Set<Step> BEHIND_COST = EnumSet.range(Step.IDENTIFIER, Step.PATH_ID);

  private static final List<Step> STEPS = List.of(Step.values());

  private static final Comparator<Candidate> TIE =
      BEHIND_COST.stream().map(step -> step.order).reduce(Comparator::thenComparing).orElseThrow();

  private BestPath() {}

  /** The best of {@code paths}; empty only when there are none. */
  public static Optional<Candidate> of(List<Candidate> paths) {
    return choose(paths).stream().findFirst();
  }

  /**
   * The best of {@code paths}, and behind it, of unicast, the paths that are equal up to step e),
   * one for each next hop, at most {@link #MAX_EQUAL_PATHS} in all. AS_PATHs of equal length count
   * as equal whatever is in them.
   */
  public static List<Candidate> choose(List<Candidate> paths) {
    if (paths.size() <= 1) {
      return List.copyOf(paths);
    }
    if (paths.size() == 2 && paths.getFirst().family().equals(Family.L2VPN_EVPN)) {
      return List.of(better(paths.getFirst(), paths.getLast())); // nearly always: two reflectors
    }
    var left = new ArrayList<>(paths);
    for (var step : UP_TO_COST) {
      keepBest(left, step);
    }
    if (left.getFirst().family().equals(Family.L2VPN_EVPN)) {
      return List.of(Collections.min(left, TIE));
    }
    left.sort(TIE);
    Map<IpAddress, Candidate> byNextHop = new LinkedHashMap<>();
    left.forEach(path -> byNextHop.putIfAbsent(path.attributes().nextHop(), path));
    return byNextHop.values().stream().limit(MAX_EQUAL_PATHS).toList();
  }

  /** Of two, elimination is comparison. */
  private static Candidate better(Candidate one, Candidate other) {
    for (var step : STEPS) {
      int order = step.order.compare(one, other);
      if (order != 0 && (step != Step.MED || neighbouringAs(one).equals(neighbouringAs(other)))) {
        return order < 0 ? one : other;
      }
    }
    return one;
  }

  /** Why {@code path} is not the best of {@code paths}; empty: it is. */
  public static Optional<Reason> whyNot(List<Candidate> paths, Candidate path) {
    var best = of(paths).orElseThrow();
    if (best.equals(path)) {
      return Optional.empty();
    }
    var left = new ArrayList<>(paths);
    for (var step : UP_TO_COST) {
      var before = List.copyOf(left);
      keepBest(left, step);
      if (!left.contains(path)) {
        var winner = step == Step.MED ? lowerMed(before, path).orElseThrow() : best;
        return Optional.of(lost(step, path, winner));
      }
    }
    return BEHIND_COST.stream()
        .filter(step -> step.order.compare(path, best) > 0)
        .findFirst()
        .map(step -> lost(step, path, best));
  }

  private static Reason lost(Step step, Candidate path, Candidate best) {
    return new Reason.LostBy(
        step, step.value.apply(path), step.value.apply(best), best.source().address());
  }

  private static void keepBest(List<Candidate> left, Step step) {
    if (left.size() <= 1) {
      return;
    }
    if (step == Step.MED) {
      var lowest = new HashMap<OptionalLong, Long>(); // by neighbouring AS; asked, not walked
      left.forEach(path -> lowest.merge(neighbouringAs(path), med(path), Math::min));
      left.removeIf(path -> lowest.getOrDefault(neighbouringAs(path), 0L) < med(path));
    } else {
      var least = Collections.min(left, step.order);
      left.removeIf(path -> step.order.compare(path, least) > 0);
    }
  }

  /** One from the same neighbouring AS with a lower MED. */
  private static Optional<Candidate> lowerMed(List<Candidate> paths, Candidate path) {
    for (var other : paths) {
      if (Step.MED.order.compare(other, path) < 0
          && neighbouringAs(path).equals(neighbouringAs(other))) {
        return Optional.of(other);
      }
    }
    return Optional.empty();
  }

  private static boolean isInternal(Candidate path) {
    return path.source().kind() != Source.Kind.EXTERNAL;
  }

  private static long preference(Candidate path) {
    return path.attributes().localPreference().orElse(DEFAULT_LOCAL_PREFERENCE);
  }

  private static long med(Candidate path) {
    return path.attributes().med().orElse(0);
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
