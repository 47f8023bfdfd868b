package io.weft.lab.process;

import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.util.List;

/**
 * What an agent answered to an attach call.
 *
 * @param namespace the endpoint's network namespace, by name
 * @param mtu of its interface, octets of an IP packet
 */
public record Attached(
    EndpointPlace endpoint,
    String namespace,
    Vni vni,
    MacAddress mac,
    int mtu,
    List<IpAddress> addresses,
    List<IpAddress> cluster) {
  /** One that the cluster knows by its own addresses, if at all. */
  public Attached(
      EndpointPlace endpoint,
      String namespace,
      Vni vni,
      MacAddress mac,
      int mtu,
      List<IpAddress> addresses) {
    this(endpoint, namespace, vni, mac, mtu, addresses, List.of());
  }

  public Attached {
    cluster = List.copyOf(cluster);
    addresses = List.copyOf(addresses);
  }

  public String name() {
    return endpoint.name();
  }

  public String node() {
    return endpoint.node();
  }

  public String network() {
    return endpoint.network();
  }
}
