package io.weft.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What still waits where nothing has happened for a while, and nobody would come for it. */
final class Leftovers {
  /** Nothing waits for so long, where nothing is slow. */
  static final Duration MOST = Duration.ofSeconds(1);

  private Leftovers() {}

  /** A line for each queue that is not empty, and was not a second ago. */
  static List<String> of(World world) {
    var found = new ArrayList<String>();
    for (var name : world.machines()) {
      var machine = world.machine(name);
      if (machine.isAlive() && machine.isBehind(MOST)) {
        found.add(name + " has not taken " + machine.waiting() + " events");
      }
    }
    for (var node : world.nodes()) {
      if (world.node(node).waitsForKernel()) {
        found.add(node + " never heard what became of its last batch");
      }
    }
    found.addAll(world.links().unread(MOST));
    return found;
  }
}
