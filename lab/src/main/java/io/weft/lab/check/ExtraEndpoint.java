package io.weft.lab.check;

import io.weft.lab.process.AgentCalls;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** One endpoint more than the topology has, for the time of a check. */
final class ExtraEndpoint {
  /** Addresses looked at from the end of a subnet before giving up. */
  private static final int TRIES = 1024;

  /** A node gives an address that was freed last of all again. */
  private static final int TRIES_IN_CLUSTER = 16;

  /** Of the host's part of an address; in a larger subnet the others stay zero. */
  private static final int MAX_BITS = 32;

  private ExtraEndpoint() {}

  /** On a node, with addresses that no endpoint of any network has; without where none is left. */
  static EndpointPlace of(RunningLab lab, String network, String node, Optional<MacAddress> mac) {
    return new EndpointPlace("check-" + network, node, network, freeAddresses(lab, network), mac);
  }

  /**
   * Attaches one more to the agent, with addresses that no endpoint of any network has; empty where
   * none is left. The caller detaches it.
   */
  static Optional<Attached> attach(
      RunningLab lab, AgentCalls agent, String network, EndpointPlace place) throws IOException {
    var namespace = lab.plan().checkNamespace(network);
    if (!lab.isCluster()) {
      return place.addresses().isEmpty()
          ? Optional.empty()
          : Optional.of(agent.attach(place, namespace));
    }
    // There nodes have blocks of addresses, and what is free on one is known to it alone.
    var any = new EndpointPlace(place.name(), place.node(), network, List.of(), Optional.empty());
    for (int i = 0; i < TRIES_IN_CLUSTER; i++) {
      var attached = agent.attach(any, namespace);
      if (lab.attached().stream()
          .flatMap(other -> other.addresses().stream())
          .noneMatch(attached.addresses()::contains)) {
        return Optional.of(attached);
      }
      agent.detach(attached.name());
    }
    return Optional.empty();
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
