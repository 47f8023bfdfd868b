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

  private final List<String> differences = new ArrayList<>();

  /** Looks at a node, from 1, and says what is wrong. */
  abstract void node(int node);

  /** One that knows what this one knows, and alters nothing of it. */
  abstract Look another();

  final void say(String difference) {
    if (differences.size() < MOST) {
      differences.add(difference);
    }
  }

  final void say(int node, String difference) {
    say("n" + node + ": " + difference);
  }

  /** What is not as it should be, the first nodes first. */
  final List<String> differences(World world, int nodes) {
    var slices = new ArrayList<Look>();
    var begun = new ArrayList<Crew.Begun>();
    world.timeline().settle();
    for (int first = 1; first <= nodes; first += SLICE) {
      int from = first;
      int to = Math.min(nodes, first + SLICE - 1);
      var slice = another();
      slices.add(slice);
      begun.add(world.timeline().crew().begin(() -> slice.nodes(from, to)));
    }
    begun.forEach(Crew.Begun::join);
    slices.forEach(slice -> slice.differences.forEach(this::say));
    return List.copyOf(differences);
  }

  private void nodes(int from, int to) {
    for (int node = from; node <= to && differences.size() < MOST; node++) {
      node(node);
    }
  }
}
