package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import java.util.Collection;
import java.util.TreeSet;

/** What of a tenant is on this node, by address, and which subnets are the tenant's anywhere. */
final class LocalAddresses {
  private final TreeSet<IpPrefix> connected = new TreeSet<>();
  private final TreeSet<IpAddress> hosts = new TreeSet<>();
  private final TreeSet<IpAddress> gateways = new TreeSet<>();
  private final TreeSet<IpPrefix> subnets = new TreeSet<>();
  private final TreeSet<Integer> lengths = new TreeSet<>();

  /**
   * Reads all anew.
   *
   * @param here the tenant's routed networks on this node
   * @param anywhere those of the intent
   */
  void read(Collection<NetworkInstance> here, Collection<NetworkIntent> anywhere) {
    subnets.clear();
    lengths.clear();
    hosts.clear();
    anywhere.forEach(network -> network.gateways().forEach(this::addSubnet));
    readConnected(here);
    for (var network : here) {
      network.local().hosts().forEach(host -> hosts.addAll(host.hosts()));
    }
  }

  private void addSubnet(HostAddress gateway) {
    subnets.add(gateway.prefix());
    lengths.add(gateway.prefixLength());
  }

  /** A network came or went. */
  void readConnected(Collection<NetworkInstance> here) {
    connected.clear();
    gateways.clear();
    for (var network : here) {
      for (var gateway : network.intent().gateways()) {
        connected.add(gateway.prefix());
        gateways.add(gateway.address());
        addSubnet(gateway);
      }
    }
  }

  /** An endpoint with the address came or went. */
  void readHost(IpAddress address, Collection<NetworkInstance> here) {
    if (here.stream().anyMatch(network -> network.localOwner(address).isPresent())) {
      hosts.add(address);
    } else {
      hosts.remove(address);
    }
  }

  /** True when exactly this is connected, a gateway's or an endpoint's. */
  boolean has(IpPrefix prefix) {
    boolean host = prefix.length() == prefix.address().bits();
    return connected.contains(prefix)
        || host && (gateways.contains(prefix.address()) || hosts.contains(prefix.address()));
  }

  /** True when the prefix is one of the tenant's subnets, or within one. */
  boolean isWithinSubnet(IpPrefix prefix) {
    for (int length : lengths.headSet(prefix.length(), true)) {
      if (subnets.contains(new IpPrefix(prefix.address().masked(length), length))) {
        return true;
      }
    }
    return false;
  }
}
