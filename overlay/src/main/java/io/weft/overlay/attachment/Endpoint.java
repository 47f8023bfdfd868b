package io.weft.overlay.attachment;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.forwarding.PodInterface;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What is attached to a network on this node.
 *
 * @param port name of its port of the bridge
 * @param mac {@link MacAddress#ZERO}: none is announced, all that is behind its port is learned
 * @param pod empty for one adopted after a restart, and for one behind a link of the node
 * @param sticky its MAC never moves to another node (RFC 7432 §15.2)
 * @param prefixes what is reached through it, sorted
 * @param link of the node that it is behind; empty for a pod
 * @param declared by a resource, and not by a call
 * @param learn what is behind its port without being announced is learned; with {@code sticky}, it
 *     never moves from there
 * @param cluster by which the cluster knows it, besides its own addresses
 */
public record Endpoint(
    String name,
    String network,
    String port,
    MacAddress mac,
    List<HostAddress> addresses,
    Optional<PodInterface> pod,
    boolean sticky,
    List<IpPrefix> prefixes,
    Optional<NodeLink> link,
    boolean declared,
    boolean learn,
    ClusterAddresses cluster) {
  public Endpoint {
    addresses = List.copyOf(addresses);
    prefixes = prefixes.stream().sorted().toList();
  }

  /** One with nothing behind it. */
  public Endpoint(
      String name,
      String network,
      String port,
      MacAddress mac,
      List<HostAddress> addresses,
      Optional<PodInterface> pod,
      boolean sticky) {
    this(name, network, port, mac, addresses, pod, sticky, List.of());
  }

  /** True when the request asks for what this is; what it leaves open is as it may be. */
  public boolean isOf(AttachRequest request) {
    return network.equals(request.network())
        && link.equals(request.link())
        && pod.map(
                inside ->
                    inside.networkNamespace().equals(request.networkNamespace())
                        && inside.name().equals(request.interfaceName()))
            .orElse(true)
        && learn == request.learn()
        && request.mac().filter(asked -> !asked.equals(mac)).isEmpty()
        && (request.learnsAll() == mac.isZero())
        && (request.addresses().isEmpty() && request.leavesAddressesOpen()
            || new TreeSet<>(request.addresses()).equals(hosts()))
        && new TreeSet<>(request.prefixes()).equals(new TreeSet<>(prefixes));
  }

  /** Its addresses, without the lengths of their subnets. */
  public SortedSet<IpAddress> hosts() {
    var hosts = new TreeSet<IpAddress>();
    addresses.forEach(host -> hosts.add(host.address()));
    return hosts;
  }

  /** One of a pod. */
  public Endpoint(
      String name,
      String network,
      String port,
      MacAddress mac,
      List<HostAddress> addresses,
      Optional<PodInterface> pod,
      boolean sticky,
      List<IpPrefix> prefixes) {
    this(
        name,
        network,
        port,
        mac,
        addresses,
        pod,
        sticky,
        prefixes,
        Optional.empty(),
        false,
        false,
        ClusterAddresses.NONE);
  }

  /** The same, known to the cluster by these. */
  public Endpoint with(ClusterAddresses known) {
    return new Endpoint(
        name,
        network,
        port,
        mac,
        addresses,
        pod.map(inside -> inside.with(known.addresses())),
        sticky,
        prefixes,
        link,
        declared,
        learn,
        known);
  }

  /** The same with these prefixes behind it. */
  public Endpoint behind(Collection<IpPrefix> others) {
    return new Endpoint(
        name,
        network,
        port,
        mac,
        addresses,
        pod,
        sticky,
        List.copyOf(others),
        link,
        declared,
        learn,
        cluster);
  }

  /** The same with these addresses. */
  public Endpoint with(List<HostAddress> others) {
    return new Endpoint(
        name, network, port, mac, others, pod, sticky, prefixes, link, declared, learn, cluster);
  }

  /** A host that is behind its port and has a MAC of its own; no endpoint's name has a blank. */
  public Endpoint host(MacAddress other, List<HostAddress> others) {
    return new Endpoint(
        name + " " + other,
        network,
        port,
        other,
        others,
        Optional.empty(),
        sticky,
        List.of(),
        link,
        false,
        true,
        ClusterAddresses.NONE);
  }

  /** All that is routed to it: what is behind it, and by which the cluster knows it. */
  public List<IpPrefix> routed() {
    var all = new ArrayList<>(prefixes);
    all.addAll(cluster.prefixes());
    return all;
  }
}
