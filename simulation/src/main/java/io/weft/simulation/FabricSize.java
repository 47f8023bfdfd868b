package io.weft.simulation;

import java.time.Duration;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a simulated fabric consists of, and what is done with it.
 *
 * @param nodes 2 to 10,000
 * @param podsPerNode 1 to 250
 * @param networks 1 to 1,024, spread over the tenants by turns
 * @param tenants 1 to {@code networks}
 * @param networksPerNode networks of one tenant that a node has pods of, by turns; so a network is
 *     on about {@code nodes * networksPerNode / networks} nodes
 * @param reflectors 1 to 16; a node talks with two of them
 * @param routed true: every network has a gateway, and each node of a tenant has a route to each of
 *     its pods; false: pure Layer 2
 * @param constrained nodes say which routes they want (RFC 4684); false: their reflectors tell them
 *     of all
 * @param dual nodes have VTEPs of IPv4 and IPv6, but for one in four that has IPv4 alone, and one
 *     in four that has IPv6 alone: those of two such nodes do not reach each other
 * @param multicast two of three networks are selective (RFC 9251), and between faults pods join
 *     multicast groups and leave them, from any source or from one
 * @param learning the ports of one pod in four learn who is behind them (decisions/0038), and
 *     between faults hosts that nobody announces come behind them
 * @param podsWithin a node's pods come all at once (zero), as its container runtime starts them, or
 *     each at a moment of its own within this time, 1 h at most
 * @param changes pods that come, go and move after the cold start, one after the other
 * @param faults what else happens after that, by chance; none: nothing
 * @param faultTime for how long
 */
public record FabricSize(
    int nodes,
    int podsPerNode,
    int networks,
    int tenants,
    int networksPerNode,
    int reflectors,
    boolean routed,
    boolean constrained,
    boolean dual,
    boolean multicast,
    boolean learning,
    Duration podsWithin,
    int changes,
    SortedSet<Fault> faults,
    Duration faultTime) {
  private static final Duration MOST_WITHIN = Duration.ofHours(1);

  public FabricSize {
    faults = Collections.unmodifiableSortedSet(new TreeSet<>(faults));
    within("nodes", nodes, 2, 10_000);
    within("pods per node", podsPerNode, 1, 250);
    within("networks", networks, 1, 1_024);
    within("tenants", tenants, 1, networks);
    within("networks per node", networksPerNode, 1, networks);
    within("reflectors", reflectors, 1, 16);
    within("changes", changes, 0, 100_000);
    if (podsWithin.isNegative() || podsWithin.compareTo(MOST_WITHIN) > 0) {
      throw new IllegalArgumentException(
          "the pods of a node must come within 0 to 3600 s, not " + podsWithin.toSeconds());
    }
    if (faultTime.isNegative()) {
      throw new IllegalArgumentException("faults for " + faultTime + ": time runs forwards");
    }
  }

  /**
   * One whose nodes say which routes they want, and without what {@link #dual} and its likes give.
   */
  public FabricSize(
      int nodes,
      int podsPerNode,
      int networks,
      int tenants,
      int networksPerNode,
      int reflectors,
      boolean routed,
      int changes,
      SortedSet<Fault> faults,
      Duration faultTime) {
    this(
        nodes,
        podsPerNode,
        networks,
        tenants,
        networksPerNode,
        reflectors,
        routed,
        true,
        false,
        false,
        false,
        Duration.ZERO,
        changes,
        faults,
        faultTime);
  }

  /** The same whose nodes say which routes they want, or do not. */
  public FabricSize constrained(boolean other) {
    return with(other, dual, multicast, learning, podsWithin);
  }

  /** The same with VTEPs of both families, or not. */
  public FabricSize dual(boolean other) {
    return with(constrained, other, multicast, learning, podsWithin);
  }

  /** The same with multicast groups, or not. */
  public FabricSize multicast(boolean other) {
    return with(constrained, dual, other, learning, podsWithin);
  }

  /** The same with ports that learn, or not. */
  public FabricSize learning(boolean other) {
    return with(constrained, dual, multicast, other, podsWithin);
  }

  /** The same whose nodes get their pods in this time. */
  public FabricSize podsWithin(Duration other) {
    return with(constrained, dual, multicast, learning, other);
  }

  private FabricSize with(
      boolean constrains, boolean both, boolean groups, boolean hosts, Duration within) {
    return new FabricSize(
        nodes,
        podsPerNode,
        networks,
        tenants,
        networksPerNode,
        reflectors,
        routed,
        constrains,
        both,
        groups,
        hosts,
        within,
        changes,
        faults,
        faultTime);
  }

  private static void within(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          what + " must be from " + least + " to " + most + ", not " + value);
    }
  }

  /** Pods after the cold start. */
  public int pods() {
    return nodes * podsPerNode;
  }
}
