package io.weft.lab.check;

import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** One endpoint more than the topology has, for the time of a check. */
final class ExtraEndpoint {
  /** Addresses looked at from the end of a subnet before giving up. */
  private static final int TRIES = 1024;

  private ExtraEndpoint() {}

  /** On a node, with an address that no endpoint of any network has; without where none is left. */
  static EndpointPlace of(RunningLab lab, String network, String node, Optional<MacAddress> mac) {
    return new EndpointPlace("check-" + network, node, network, freeAddress(lab, network), mac);
  }

  /** Of the first subnet with one that no endpoint and no gateway has; IPv4 alone. */
  static List<IpAddress> freeAddress(RunningLab lab, String network) {
    var taken = new TreeSet<String>();
    lab.attached().forEach(a -> a.addresses().forEach(address -> taken.add(address.toString())));
    lab.topology().networks().stream()
        .flatMap(each -> each.spec().gateways().stream())
        .forEach(gateway -> taken.add(gateway.toString()));
    for (var subnet : lab.topology().network(network).spec().subnets()) {
      if (subnet.address() instanceof Ipv4Address first) {
        long last = (1L << first.bits() - subnet.length()) - 1;
        for (long i = last; i > 0 && i > last - TRIES; i--) {
          var address = first.plus(i);
          if (subnet.isHostAddress(address) && !taken.contains(address.toString())) {
            return List.of(address);
          }
        }
      }
    }
    return List.of();
  }
}
