package io.weft.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * Looks at a node for what is not as it should be. Nodes are independent of each other when nothing
 * happens, so that several are looked at at once.
 */
abstract class Look {
  /** Differences that are told; more are as good as these. */
  private static final int MOST = 10;

  /** Nodes that one looks at, one after the other. */
  private static final int SLICE = 16;

  /** What is wrong at some nodes. */
  static final class Findings {
    private final List<String> differences = new ArrayList<>();

    void say(String difference) {
      if (differences.size() < MOST) {
        differences.add(difference);
      }
    }

    void say(int node, String difference) {
      say("n" + node + ": " + difference);
    }
  }

  /**
   * Looks at a node, from 1, in whose kernel this stands, and says what is wrong; several threads
   * may, each at another node.
   */
  abstract void node(int node, Standing standing, Findings found);

  /**
   * What is not as it should be: all that the first of them says, the first nodes first, then the
   * others. All look at a node before any looks at the next, so that what it has is read from
   * memory once.
   */
  static List<String> differences(World world, int nodes, List<? extends Look> looks) {
    var slices = new ArrayList<List<Findings>>();
    var begun = new ArrayList<Crew.Begun>();
    world.timeline().comeBack();
    world.timeline().settle();
    for (int first = 1; first <= nodes; first += SLICE) {
      int from = first;
      int to = Math.min(nodes, first + SLICE - 1);
      var slice = looks.stream().map(_ -> new Findings()).toList();
      slices.add(slice);
      begun.add(world.timeline().crew().begin(() -> nodes(world, from, to, looks, slice)));
    }
    begun.forEach(Crew.Begun::join);
    var differences = new ArrayList<String>();
    for (int look = 0; look < looks.size(); look++) {
      var all = new Findings();
      for (var slice : slices) {
        slice.get(look).differences.forEach(all::say);
      }
      differences.addAll(all.differences);
    }
    return List.copyOf(differences);
  }

  private static void nodes(
      World world, int from, int to, List<? extends Look> looks, List<Findings> found) {
    for (int node = from; node <= to; node++) {
      var standing = world.kernel("n" + node).standing();
      for (int look = 0; look < looks.size(); look++) {
        if (found.get(look).differences.size() < MOST) {
          looks.get(look).node(node, standing, found.get(look));
        }
      }
    }
  }
}
