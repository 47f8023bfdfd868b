package io.weft.agent.cni;

import io.weft.kubernetes.intent.ClusterPods.PodName;
import io.weft.kubernetes.intent.NamespaceResolution.Choice;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.node.NodeView;
import java.util.Optional;

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

  /**
   * The network of a pod that is about to start.
   *
   * @param configured what the configuration of the plugin names
   * @throws CniFailure when what decides it is not known
   */
  Choice networkOf(PodName pod, Optional<String> configured)
      throws CniFailure, InterruptedException;

  /** True when the node, and what translates to its pods, reaches the network. */
  boolean isReached(String network);

  /** A pod runs, in the network that was chosen for it. */
  void started(String endpoint, PodName pod, String network);

  /**
   * What stands.
   *
   * @throws CniFailure when the node does not answer
   */
  NodeView view() throws CniFailure, InterruptedException;
}
