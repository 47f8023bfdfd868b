package io.weft.overlay.attachment;

import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingObject.PodInterface;
import java.util.List;
import java.util.Optional;

/**
 * What is attached to a network on this node.
 *
 * @param port name of the host's end of the veth
 * @param pod empty for one adopted after a restart
 * @param sticky its MAC never moves to another node (RFC 7432 §15.2)
 * @param prefixes what is reached through it, sorted
 */
public record Endpoint(
    String name,
    String network,
    String port,
    MacAddress mac,
    List<HostAddress> addresses,
    Optional<PodInterface> pod,
    boolean sticky,
    List<IpPrefix> prefixes) {
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
}
