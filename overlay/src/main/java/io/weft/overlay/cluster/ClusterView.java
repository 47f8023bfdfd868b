package io.weft.overlay.cluster;

import java.util.List;

/**
 * A picture of the controller, for whoever asks.
 *
 * @param leads true when this one makes the calls
 * @param holder who leads, as far as is known; may be empty
 * @param isCurrent false while the server does not answer, or nothing was seen yet
 * @param objects that have a status
 * @param claims of VNIs, released ones among them
 * @param released claims that are kept from others for a while
 * @param waiting calls that wait or are under way
 * @param problems why calls failed that are tried again
 */
public record ClusterView(
    boolean leads,
    String holder,
    boolean isCurrent,
    int objects,
    int claims,
    int released,
    int waiting,
    List<String> problems) {
  public ClusterView {
    problems = List.copyOf(problems);
  }
}
