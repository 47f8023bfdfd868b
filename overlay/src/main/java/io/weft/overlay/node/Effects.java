package io.weft.overlay.node;

import java.util.ArrayList;
import java.util.List;

/** What the parts of a node want done, in the order in which they say it. */
final class Effects {
  private List<NodeEffect> wanted = new ArrayList<>();

  void add(NodeEffect effect) {
    wanted.add(effect);
  }

  void report(String subject, String text) {
    add(new NodeEffect.Report(subject, text));
  }

  /** All since the last call. */
  List<NodeEffect> drain() {
    var drained = wanted;
    wanted = new ArrayList<>();
    return drained;
  }
}
