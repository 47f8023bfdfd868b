package io.weft.overlay.node;

import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A network of this node whose gateway shall be heard of by router advertisements (RFC 4861).
 *
 * @param namespace of its tenant on this node
 * @param mtu of its endpoints
 * @param prefixes its IPv6 subnets that have a gateway
 * @param autonomous hosts shall form addresses of the prefixes of 64 bits (RFC 4862)
 * @param ports the host's ends of its endpoints, by the endpoints' MACs
 */
public record AdvertisedNetwork(
    String name,
    String namespace,
    int mtu,
    List<IpPrefix> prefixes,
    boolean autonomous,
    SortedMap<MacAddress, String> ports) {
  public AdvertisedNetwork {
    prefixes = List.copyOf(prefixes);
    ports = Collections.unmodifiableSortedMap(new TreeMap<>(ports));
  }

  /**
   * What a network's gateways say of themselves now, and to whom; empty where nothing is to be
   * said, or nothing true could be: a router that does not route yet takes the way of those who
   * have another.
   */
  static Optional<AdvertisedNetwork> of(NetworkInstance network, ForwardingPlan plan) {
    if (network.intent().advertisements() == Advertisements.NONE
        || !network
            .devices()
            .ipv6Routing()
            .map(routing -> plan.isRealized(routing.key()))
            .orElse(false)) {
      return Optional.empty();
    }
    var ports = new TreeMap<MacAddress, String>();
    for (var host : network.local().hosts()) {
      if (plan.isRealized(network.port(host).key())) {
        ports.put(host.mac(), host.port());
      }
    }
    return Optional.of(of(network.intent(), network.namespace(), network.mtu(), ports));
  }

  static AdvertisedNetwork of(
      NetworkIntent intent, String namespace, int mtu, SortedMap<MacAddress, String> ports) {
    var prefixes =
        intent.gateways().stream()
            .map(HostAddress::prefix)
            .filter(prefix -> !prefix.address().isIpv4())
            .toList();
    boolean autonomous = intent.advertisements() == Advertisements.ADDRESSES;
    return new AdvertisedNetwork(intent.name(), namespace, mtu, prefixes, autonomous, ports);
  }
}
