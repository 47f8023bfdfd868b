package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.EnumSet;

/**
 * Looks whether the plan of each node that lives is empty, and its kernel holds then exactly what
 * the plan says: nothing that the node does not know of, and all that it believes to stand.
 */
final class Beliefs extends Look {
  private static final EnumSet<Kind> ALL = EnumSet.allOf(Kind.class);

  private final World world;

  Beliefs(World world) {
    this.world = world;
  }

  @Override
  void node(int node, Standing standing, Findings found) {
    var machine = world.node("n" + node);
    if (!machine.isAlive()) {
      return;
    }
    var kernel = machine.kernel();
    var view = machine.view();
    if (view.kernelPending() > 0) {
      found.say(node, "has yet to write " + view.kernelPending() + " changes");
    }
    for (var object : standing.wrong(ALL, machine::believes)) {
      found.say(node, "does not know of " + object);
    }
    if (view.kernelObjects() != kernel.size()) {
      found.say(
          node,
          "believes %d objects to stand, and %d do".formatted(view.kernelObjects(), kernel.size()));
    }
  }
}
