package io.weft.overlay.attachment;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.NodeLink;
import java.util.List;
import java.util.Optional;

/**
 * What the attach call asks for; the CNI plugin makes the same call.
 *
 * @param endpoint identity of the attachment on this node, 1..100 characters without white space
 * @param network name of the network
 * @param networkNamespace path (or name under /run/netns) of the pod's network namespace
 * @param interfaceName of the interface that the pod sees, at most 15 characters
 * @param mac unicast; empty: derived from the address
 * @param addresses inside the network's subnets, at most {@link #MAX_ADDRESSES}; empty: chosen, one
 *     of each subnet, unless {@link #leavesAddressesOpen} says otherwise
 * @param sticky the MAC never moves to another node (RFC 7432 §15.2)
 * @param prefixes what is reached through the endpoint, a router, at most {@link #MAX_PREFIXES}
 * @param claim name of the claim that keeps its addresses and MAC; empty: they go with it
 * @param standby it may be a second holder of the claim, which frames do not go to yet
 * @param link of the node that the endpoint is behind, instead of a pod: then there is no namespace
 *     and no interface name
 * @param declared by a resource, and not by a call
 * @param learn what is behind its port without being announced is learned
 */
public record AttachRequest(
    String endpoint,
    String network,
    String networkNamespace,
    String interfaceName,
    Optional<MacAddress> mac,
    List<IpAddress> addresses,
    boolean sticky,
    List<IpPrefix> prefixes,
    Optional<String> claim,
    boolean standby,
    Optional<NodeLink> link,
    boolean declared,
    boolean learn) {
  public static final int MAX_ADDRESSES = 4;
  public static final int MAX_ENDPOINT_LENGTH = 100;

  public static final int MAX_PREFIXES = 16;

  public AttachRequest {
    addresses = List.copyOf(addresses);
    prefixes = List.copyOf(prefixes);
  }

  /** One that a call asks for. */
  public AttachRequest(
      String endpoint,
      String network,
      String networkNamespace,
      String interfaceName,
      Optional<MacAddress> mac,
      List<IpAddress> addresses,
      boolean sticky,
      List<IpPrefix> prefixes,
      Optional<String> claim,
      boolean standby,
      Optional<NodeLink> link) {
    this(
        endpoint,
        network,
        networkNamespace,
        interfaceName,
        mac,
        addresses,
        sticky,
        prefixes,
        claim,
        standby,
        link,
        false,
        false);
  }

  /** One with nothing behind it. */
  public AttachRequest(
      String endpoint,
      String network,
      String networkNamespace,
      String interfaceName,
      Optional<MacAddress> mac,
      List<IpAddress> addresses,
      boolean sticky) {
    this(
        endpoint,
        network,
        networkNamespace,
        interfaceName,
        mac,
        addresses,
        sticky,
        List.of(),
        Optional.empty(),
        false,
        Optional.empty());
  }

  /**
   * True when addresses are chosen where none is named: a pod or a virtual machine takes what it is
   * given, while a host behind a link of the node has what it has.
   */
  public boolean leavesAddressesOpen() {
    return link.isEmpty() || link.get() instanceof NodeLink.Tap && !learnsAll();
  }

  /** True when nothing is announced of who is behind its port: all is learned. */
  public boolean learnsAll() {
    return learn && link.isPresent() && mac.isEmpty() && addresses.isEmpty();
  }

  /** The same with these prefixes behind it. */
  public AttachRequest withPrefixes(List<IpPrefix> behind) {
    return new AttachRequest(
        endpoint,
        network,
        networkNamespace,
        interfaceName,
        mac,
        addresses,
        sticky,
        behind,
        claim,
        standby,
        link,
        declared,
        learn);
  }

  /** The same with its addresses and MAC from the claim of this name. */
  public AttachRequest withClaim(String name, boolean beside) {
    return new AttachRequest(
        endpoint,
        network,
        networkNamespace,
        interfaceName,
        mac,
        addresses,
        sticky,
        prefixes,
        Optional.of(name),
        beside,
        link,
        declared,
        learn);
  }

  /** The same with this MAC and these addresses. */
  public AttachRequest with(MacAddress newMac, List<IpAddress> newAddresses) {
    return new AttachRequest(
        endpoint,
        network,
        networkNamespace,
        interfaceName,
        Optional.of(newMac),
        newAddresses,
        sticky,
        prefixes,
        claim,
        standby,
        link,
        declared,
        learn);
  }

  /** One that may move. */
  public AttachRequest(
      String endpoint,
      String network,
      String networkNamespace,
      String interfaceName,
      Optional<MacAddress> mac,
      List<IpAddress> addresses) {
    this(endpoint, network, networkNamespace, interfaceName, mac, addresses, false);
  }
}
