package io.weft.kubernetes.nodes;

import java.util.List;

/**
 * Who speaks with whom in a cluster, as one node sees it.
 *
 * @param reflectors the nodes that reflect: every node has a session with each
 * @param clients the nodes that may connect to this one, where it is a reflector; else empty
 * @param problems why that may be old or incomplete, a line each
 */
public record ClusterSpeakers(
    List<SpeakerNode> reflectors, List<SpeakerNode> clients, List<String> problems) {
  /** Nothing is known of any node. */
  public static final ClusterSpeakers NONE = new ClusterSpeakers(List.of(), List.of(), List.of());

  public ClusterSpeakers {
    reflectors = List.copyOf(reflectors);
    clients = List.copyOf(clients);
    problems = List.copyOf(problems);
  }

  /** Who they are, in one line for a log; the problems are not in it. */
  public String summary() {
    return "reflectors of the cluster: %s; clients of this node: %d"
        .formatted(reflectors.stream().map(SpeakerNode::name).toList(), clients.size());
  }
}
