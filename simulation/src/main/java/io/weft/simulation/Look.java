package io.weft.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * Looks at one node after the other for what is not as it should be. Nodes are independent of each
 * other when nothing happens, so that several are looked at at once.
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

  /** Looks at a node, from 1, and says what is wrong; several threads may, each at another node. */
  abstract void node(int node, Findings found);

  /** What is not as it should be, the first nodes first. */
  final List<String> differences(World world, int nodes) {
    var slices = new ArrayList<Findings>();
    var begun = new ArrayList<Crew.Begun>();
    world.timeline().comeBack();
    world.timeline().settle();
    for (int first = 1; first <= nodes; first += SLICE) {
      int from = first;
      int to = Math.min(nodes, first + SLICE - 1);
      var slice = new Findings();
      slices.add(slice);
      begun.add(world.timeline().crew().begin(() -> nodes(from, to, slice)));
    }
    begun.forEach(Crew.Begun::join);
    var all = new Findings();
    slices.forEach(slice -> slice.differences.forEach(all::say));
    return List.copyOf(all.differences);
  }

  private void nodes(int from, int to, Findings found) {
    for (int node = from; node <= to && found.differences.size() < MOST; node++) {
      node(node, found);
    }
  }
}
