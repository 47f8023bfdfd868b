package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.List;
import java.util.TreeSet;

/** What a kernel says of what happened to it, and its brain has not heard yet. */
final class Notices {
  private final TreeSet<ForwardingKey> missed = new TreeSet<>();
  private boolean silent;
  private int underWay;

  /** The brain has heard all. */
  boolean isNone() {
    return underWay == 0 && !silent && missed.isEmpty();
  }

  /** What of it is said: nothing while the kernel is silent. */
  List<Observation> said(List<Observation> happened) {
    if (!silent) {
      return happened;
    }
    happened.forEach(each -> missed.add(each.key()));
    return List.of();
  }

  /** Some are on their way to the brain. */
  void leave() {
    underWay++;
  }

  /** They are there. */
  void arrive() {
    underWay--;
  }

  /** From now on the kernel says nothing. */
  void begin() {
    silent = true;
  }

  /** From now on it does; what happened meanwhile. */
  List<ForwardingKey> end() {
    silent = false;
    var all = List.copyOf(missed);
    missed.clear();
    return all;
  }

  /** There is no brain any more. */
  void forget() {
    underWay = 0;
    missed.clear();
  }
}
