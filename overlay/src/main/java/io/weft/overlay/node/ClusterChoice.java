package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.attachment.ClusterAddresses;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.ipam.AddressBook;
import io.weft.overlay.ipam.AddressBook.Choice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Addresses of the cluster's default network for pods of other networks.
 *
 * @param taken addresses of that network that must not be given out, whatever the book says
 */
record ClusterChoice(ClusterIntent cluster, AddressBook book, Predicate<IpAddress> taken) {
  /** The endpoint with one for each family that its network routes, or what is in the way. */
  Attachments.Checked complete(Endpoint endpoint, NetworkIntent network) {
    for (var subnet : network.subnets()) {
      if (cluster.subnets().stream().anyMatch(subnet::overlaps)) {
        return new Attachments.Checked.Rejected(
            new Refused(
                Reason.INVALID_REQUEST,
                "subnet %s of network '%s' overlaps %s of the cluster's default network '%s', whose addresses the pod needs beside its own; give it another subnet, or its tenant another egress"
                    .formatted(subnet, network.name(), cluster.subnets(), cluster.network())));
      }
    }
    var chosen = new ArrayList<IpAddress>();
    for (boolean ipv4 : new boolean[] {true, false}) {
      var subnet = subnet(ipv4).filter(_ -> isRouted(endpoint, network, ipv4));
      if (subnet.isPresent()) {
        var choice = book.choose(cluster.network(), subnet.get(), endpoint.name(), taken);
        if (!(choice instanceof Choice.Given(var ip))) {
          return Attachments.notGiven(choice);
        }
        chosen.add(ip);
      }
    }
    return new Attachments.Checked.Accepted(
        endpoint.with(new ClusterAddresses(cluster.network(), chosen)));
  }

  private Optional<IpPrefix> subnet(boolean ipv4) {
    return cluster.subnets().stream()
        .filter(subnet -> subnet.address().isIpv4() == ipv4)
        .findFirst();
  }

  private static boolean isRouted(Endpoint endpoint, NetworkIntent network, boolean ipv4) {
    return endpoint.hosts().stream()
        .anyMatch(own -> own.isIpv4() == ipv4 && network.gatewayOf(own).isPresent());
  }

  /** An adopted endpoint whose prefixes were all said to be behind it: those of the cluster are. */
  static Endpoint adopt(Endpoint endpoint, ClusterIntent cluster) {
    var own = new ArrayList<IpAddress>();
    var behind = new TreeSet<>(endpoint.prefixes());
    for (var prefix : endpoint.prefixes()) {
      if (prefix.length() == prefix.address().bits() && isIn(cluster.subnets(), prefix)) {
        own.add(prefix.address());
        behind.remove(prefix);
      }
    }
    return own.isEmpty()
        ? endpoint
        : endpoint.behind(behind).with(new ClusterAddresses(cluster.network(), own));
  }

  static boolean isIn(Collection<IpPrefix> subnets, IpPrefix prefix) {
    return subnets.stream()
        .anyMatch(
            subnet -> prefix.length() >= subnet.length() && subnet.contains(prefix.address()));
  }
}
