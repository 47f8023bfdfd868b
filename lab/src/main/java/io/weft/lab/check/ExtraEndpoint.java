package io.weft.lab.check;

import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** One endpoint more than the topology has, for the time of a check. */
final class ExtraEndpoint {
  /** Addresses looked at from the end of a subnet before giving up. */
  private static final int TRIES = 1024;

  /** Of the host's part of an address; in a larger subnet the others stay zero. */
  private static final int MAX_BITS = 32;

  private ExtraEndpoint() {}

  /** On a node, with addresses that no endpoint of any network has; without where none is left. */
  static EndpointPlace of(RunningLab lab, String network, String node, Optional<MacAddress> mac) {
    return new EndpointPlace("check-" + network, node, network, freeAddresses(lab, network), mac);
  }

  /** One of each family that the network has, which no endpoint and no gateway has. */
  static List<IpAddress> freeAddresses(RunningLab lab, String network) {
    var taken = new TreeSet<IpAddress>();
    lab.attached().forEach(a -> taken.addAll(a.addresses()));
    lab.topology().networks().forEach(each -> taken.addAll(each.spec().gateways()));
    var free = new ArrayList<IpAddress>();
    for (var subnet : lab.topology().network(network).spec().subnets()) {
      if (free.stream().noneMatch(other -> other.bits() == subnet.address().bits())) {
        freeAddress(subnet, taken).ifPresent(free::add);
      }
    }
    return free;
  }

  private static Optional<IpAddress> freeAddress(IpPrefix subnet, Set<IpAddress> taken) {
    int bits = Math.min(MAX_BITS, subnet.address().bits() - subnet.length());
    long last = (1L << bits) - 1;
    for (long i = last; i > 0 && i > last - TRIES; i--) {
      var address = subnet.address().plus(i);
      if (subnet.isHostAddress(address) && !taken.contains(address)) {
        return Optional.of(address);
      }
    }
    return Optional.empty();
  }
}
