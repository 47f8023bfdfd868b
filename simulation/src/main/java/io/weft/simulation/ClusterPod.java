package io.weft.simulation;

/**
 * A pod of a simulated cluster, and the call that is not answered yet.
 *
 * @param node its number, from 1
 * @param network its number, from 0
 * @param claims it takes its addresses from a claim, which another pod may hold as well
 * @param goes it is to be detached
 * @param request number of the call; 0 while none was made
 * @param up it was attached
 */
record ClusterPod(
    String name, int node, int network, boolean claims, boolean goes, long request, boolean up) {
  /** Name of the claim, for one that {@link #claims}: its own without the last letter. */
  String claim() {
    return name.substring(0, name.length() - 1);
  }

  ClusterPod asked(long number) {
    return new ClusterPod(name, node, network, claims, goes, number, up);
  }

  ClusterPod leaves() {
    return new ClusterPod(name, node, network, claims, true, 0, up);
  }

  ClusterPod isUp() {
    return new ClusterPod(name, node, network, claims, goes, request, true);
  }

  /** It has to be attached anew, or detached, by a call that is yet to be made. */
  ClusterPod isDown() {
    return new ClusterPod(name, node, network, claims, goes, 0, false);
  }
}
