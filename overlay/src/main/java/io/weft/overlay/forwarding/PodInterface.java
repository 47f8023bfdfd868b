package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import java.util.List;

/**
 * The end of a veth that a pod sees.
 *
 * @param networkNamespace path or name of the pod's network namespace
 * @param prefixLengths one for each address of the port, in the same order
 * @param gateways where its default routes lead, at most one of each family
 * @param cluster by which the cluster knows the pod, where it is none of the port's: the interface
 *     has these too, and is reached by them through its gateway alone
 */
public record PodInterface(
    String networkNamespace,
    String name,
    List<Integer> prefixLengths,
    List<IpAddress> gateways,
    List<IpAddress> cluster) {
  public PodInterface {
    prefixLengths = List.copyOf(prefixLengths);
    gateways = List.copyOf(gateways);
    cluster = List.copyOf(cluster);
  }

  /** The same, known to the cluster by these. */
  public PodInterface with(List<IpAddress> known) {
    return new PodInterface(networkNamespace, name, prefixLengths, gateways, known);
  }

  /** One that the cluster knows by its own addresses, if at all. */
  public PodInterface(
      String networkNamespace, String name, List<Integer> prefixLengths, List<IpAddress> gateways) {
    this(networkNamespace, name, prefixLengths, gateways, List.of());
  }

  /** One that reaches its own subnets only. */
  public PodInterface(String networkNamespace, String name, List<Integer> prefixLengths) {
    this(networkNamespace, name, prefixLengths, List.of());
  }
}
