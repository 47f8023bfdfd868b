package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import java.util.List;

/**
 * The end of a veth that a pod sees.
 *
 * @param networkNamespace path or name of the pod's network namespace
 * @param prefixLengths one for each address of the port, in the same order
 * @param gateways where its default routes lead, at most one of each family
 */
public record PodInterface(
    String networkNamespace, String name, List<Integer> prefixLengths, List<IpAddress> gateways) {
  public PodInterface {
    prefixLengths = List.copyOf(prefixLengths);
    gateways = List.copyOf(gateways);
  }

  /** One that reaches its own subnets only. */
  public PodInterface(String networkNamespace, String name, List<Integer> prefixLengths) {
    this(networkNamespace, name, prefixLengths, List.of());
  }
}
