package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingPlan.Failure;
import io.weft.overlay.forwarding.NodeLink;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * An immutable picture of a node.
 *
 * @param underlayReason why there is no underlay, empty text when there is
 * @param converged false after a start until peers have said all they have (or time is up)
 * @param kernelObjects objects that the kernel holds for us
 * @param kernelPending changes not yet confirmed
 * @param kernelWrites writes that succeeded since the start
 * @param duplicates MACs that are frozen because two places claim them
 * @param unusedRoutes by tenant, only those that have any
 * @param endpointSessions BGP with endpoints, by network
 * @param waitingEndpoints that resources declare and that are not as declared, by name
 * @param attaching endpoints of attach calls without an answer, and what each waits for, in words
 * @param sharedAddresses IP addresses of endpoints here that are also another MAC's
 */
public record NodeView(
    String name,
    Optional<Underlay> underlay,
    String underlayReason,
    boolean converged,
    List<NetworkView> networks,
    List<EndpointView> endpoints,
    int kernelObjects,
    int kernelPending,
    long kernelWrites,
    List<Failure> kernelFailures,
    Optional<SpeakerStatus> bgp,
    List<DuplicateView> duplicates,
    List<UnusedView> unusedRoutes,
    List<EndpointSessionView> endpointSessions,
    List<WaitingView> waitingEndpoints,
    SortedMap<String, String> attaching,
    List<SharedAddressView> sharedAddresses) {

  /** One without duplicates. */
  public NodeView(
      String name,
      Optional<Underlay> underlay,
      String underlayReason,
      boolean converged,
      List<NetworkView> networks,
      List<EndpointView> endpoints,
      int kernelObjects,
      int kernelPending,
      long kernelWrites,
      List<Failure> kernelFailures,
      Optional<SpeakerStatus> bgp) {
    this(
        name,
        underlay,
        underlayReason,
        converged,
        networks,
        endpoints,
        kernelObjects,
        kernelPending,
        kernelWrites,
        kernelFailures,
        bgp,
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        Collections.emptySortedMap(),
        List.of());
  }

  /** An endpoint that a resource declares, and why it is not attached as that says. */
  public record WaitingView(String name, String network, Optional<NodeLink> link, String reason) {}

  /** Routes that a tenant of this node cannot use, each with the reason. */
  public record UnusedView(String tenant, List<String> reasons) {}

  /**
   * A MAC that is here and elsewhere (RFC 7432 §15.1), frozen until one of both withdraws it.
   *
   * @param endpoint ours
   * @param vtep where else it is
   * @param moves that were counted
   * @param sinceNanos when it was frozen, on the clock of {@link Node#step}
   * @param recoverAtNanos when it gets another chance, on the same clock
   */
  public record DuplicateView(
      MacAddress mac,
      String network,
      String endpoint,
      Optional<IpAddress> vtep,
      int moves,
      long sinceNanos,
      long recoverAtNanos) {}

  /**
   * An IP address that is here and, with another MAC, elsewhere: one of the two bindings is not
   * announced (RFC 9135 §7).
   *
   * @param endpoint ours, with its MAC
   * @param vtep where else it is, with {@code other} as MAC
   * @param sinceNanos on the clock of {@link Node#step}; empty: that is not known
   */
  public record SharedAddressView(
      IpAddress address,
      String network,
      String endpoint,
      MacAddress mac,
      IpAddress vtep,
      MacAddress other,
      Optional<Long> sinceNanos) {}

  /**
   * A network of the intent, realised here or not.
   *
   * @param rd empty while no endpoint is here
   * @param namespace of the tenant on this node
   */
  public record NetworkView(
      NetworkIntent intent,
      String namespace,
      boolean realised,
      boolean orphaned,
      Optional<RouteDistinguisher> rd,
      int mtu,
      int localEndpoints,
      int remoteMacs,
      int floodTargets) {}

  /** An endpoint of this node; {@code attached} once the kernel holds all of it. */
  public record EndpointView(Endpoint endpoint, boolean attached) {}
}
