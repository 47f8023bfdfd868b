package io.weft.bgp.rib;

import io.weft.net.RouteTarget;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.function.IntConsumer;

/**
 * The paths of a table by the route targets that they carry, so that who begins to want one need
 * not look through all: by target the sets of attributes, and by set the paths, in a list without
 * objects.
 */
final class TargetIndex {
  private static final int NONE = PathTable.NONE;
  private static final int BEFORE = 0;
  private static final int BEHIND = 1;

  private final HashMap<RouteTarget, LinkedHashSet<Integer>> sets =
      new HashMap<>(); // only asked, never walked through
  private final Rows links = new Rows(2);

  /** The first path by the number of its attributes. */
  private int[] first = new int[0];

  void add(int path, SharedAttributes attributes) {
    int set = attributes.number();
    if (set >= first.length) {
      int before = first.length;
      first = Arrays.copyOf(first, Math.max(set + 1, before * 2));
      Arrays.fill(first, before, first.length, NONE);
    }
    while (links.size() <= path) {
      links.add();
    }
    int next = first[set];
    if (next == NONE) {
      for (var target : attributes.value().routeTargets()) {
        sets.computeIfAbsent(target, _ -> new LinkedHashSet<>()).add(set);
      }
    } else {
      links.set(next, BEFORE, path);
    }
    links.set(path, BEFORE, NONE);
    links.set(path, BEHIND, next);
    first[set] = path;
  }

  void remove(int path, SharedAttributes attributes) {
    int set = attributes.number();
    int before = links.get(path, BEFORE);
    int behind = links.get(path, BEHIND);
    if (behind != NONE) {
      links.set(behind, BEFORE, before);
    }
    if (before != NONE) {
      links.set(before, BEHIND, behind);
      return;
    }
    first[set] = behind;
    if (behind == NONE) {
      for (var target : attributes.value().routeTargets()) {
        sets.computeIfPresent(
            target, (_, with) -> with.remove(set) && with.isEmpty() ? null : with);
      }
    }
  }

  /** Paths that carry one of the targets, in no order; those that carry several more than once. */
  void forEach(Collection<RouteTarget> targets, IntConsumer paths) {
    for (var target : targets) {
      var with = sets.get(target);
      if (with != null) {
        for (int set : with) {
          for (int path = first[set]; path != NONE; path = links.get(path, BEHIND)) {
            paths.accept(path);
          }
        }
      }
    }
  }
}
