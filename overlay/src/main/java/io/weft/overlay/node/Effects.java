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

  /**
   * Answers to the node's own attach calls, whose numbers are below zero; nobody else hears them.
   */
  List<NodeEffect.ReplyToAttach> takeOwnReplies() {
    var own = new ArrayList<NodeEffect.ReplyToAttach>();
    wanted.removeIf(
        effect ->
            effect instanceof NodeEffect.ReplyToAttach reply
                && reply.request() < 0
                && own.add(reply));
    return own;
  }

  /** All since the last call. */
  List<NodeEffect> drain() {
    var drained = wanted;
    wanted = new ArrayList<>();
    return drained;
  }
}
