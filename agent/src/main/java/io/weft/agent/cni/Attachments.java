package io.weft.agent.cni;

import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.node.NodeView;
import java.util.List;

/** What the plugin needs of its node. Each call waits for the node, 30 s at most. */
public interface Attachments {
  /**
   * Makes an interface; the same call again gets the same answer.
   *
   * @throws CniFailure when it was refused; nothing is left of it then
   */
  Attached attach(AttachRequest request) throws CniFailure, InterruptedException;

  /**
   * Takes it away; true when it was there.
   *
   * @throws CniFailure when the node does not answer
   */
  boolean detach(String endpoint) throws CniFailure, InterruptedException;

  /** The networks that name the namespace as theirs; a pod of it belongs to the only one. */
  List<String> networksOf(String namespace);

  /**
   * What stands.
   *
   * @throws CniFailure when the node does not answer
   */
  NodeView view() throws CniFailure, InterruptedException;
}
