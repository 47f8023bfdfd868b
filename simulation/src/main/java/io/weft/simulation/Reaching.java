package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.simulation.KernelSight.Behind;
import io.weft.simulation.WhatIfReport.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Who gets to whom, by what stands in the kernels alone: pods and declared endpoints, what is
 * behind endpoints, the world outside, and the nodes themselves.
 */
final class Reaching {
  /** Who begins, or is reached, by family; for what is no endpoint. */
  static final String OUTSIDE = "outside";

  private static final String NODES = "nodes";

  /** An endpoint, and by which families its packets leave its segment. */
  private record Port(EndpointPort port, KernelSight at, boolean ipv4, boolean ipv6) {
    Port(EndpointPort port, KernelSight at) {
      this(port, at, at.hasGateway(port, true), at.hasGateway(port, false));
    }

    boolean leaves(boolean byIpv4) {
      return byIpv4 ? ipv4 : ipv6;
    }
  }

  private final String namespacePrefix;
  private final List<KernelSight> sights = new ArrayList<>();
  private final List<Port> ports = new ArrayList<>();
  private final TreeMap<Behind, List<KernelSight>> behind = new TreeMap<>();
  private final TreeMap<String, TreeSet<String>> reached = new TreeMap<>();
  private final TreeMap<String, String> parties = new TreeMap<>();

  private Reaching(World world, UnaryOperator<String> names) {
    namespacePrefix = NodeMachine.NAMESPACE_PREFIX;
    for (var node : world.nodes()) {
      var sight = new KernelSight(names.apply(node), world.vtepOf(node), world.kernel(node));
      sights.add(sight);
      sight.ports().forEach(port -> ports.add(new Port(port, sight)));
      sight
          .behind()
          .forEach(each -> behind.computeIfAbsent(each, _ -> new ArrayList<>()).add(sight));
    }
  }

  /** All that gets there; {@code names}: of the nodes, as people know them. */
  static Reaching in(World world, UnaryOperator<String> names) {
    var reaching = new Reaching(world, names);
    reaching.ports.forEach(reaching::reach);
    reaching.sights.forEach(reaching::reachFromNode);
    return reaching;
  }

  /** Counts the pairs. */
  int count() {
    return reached.values().stream().mapToInt(TreeSet::size).sum();
  }

  /** Pairs that are here, and not there. */
  SortedSet<Pair> without(Reaching other) {
    var left = new TreeSet<Pair>();
    reached.forEach(
        (from, all) -> {
          var others = other.reached.getOrDefault(from, new TreeSet<>());
          all.stream()
              .filter(to -> !others.contains(to))
              .forEach(to -> left.add(new Pair(from, to)));
        });
    return left;
  }

  /** How many pairs there are of each two parties. */
  SortedMap<Pair, Integer> byParties() {
    var counts = new TreeMap<Pair, Integer>();
    reached.forEach(
        (from, all) -> {
          var ofFrom = new TreeMap<String, Integer>();
          all.forEach(to -> ofFrom.merge(party(to), 1, Integer::sum));
          ofFrom.forEach(
              (to, count) -> counts.merge(new Pair(party(from), to), count, Integer::sum));
        });
    return counts;
  }

  /** What one of a pair is part of: a network, the nodes, or itself. */
  private String party(String name) {
    return parties.getOrDefault(name, name);
  }

  /** The two parties of a pair. */
  Pair parties(Pair pair) {
    return new Pair(party(pair.from()), party(pair.to()));
  }

  private void reach(Port from) {
    for (var to : ports) {
      if (!isSame(from.port(), to.port()) && (isSwitched(from, to) || isRouted(from, to))) {
        add(from, to.port().endpoint(), to.port().network());
      }
    }
    for (boolean ipv4 : new boolean[] {true, false}) {
      if (from.leaves(ipv4)) {
        reachOut(from, ipv4);
      }
    }
  }

  private static boolean isSame(EndpointPort one, EndpointPort other) {
    return one.endpoint().equals(other.endpoint());
  }

  /** What is no endpoint. */
  private void reachOut(Port from, boolean ipv4) {
    var namespace = from.port().namespace();
    if (from.at().leaves(namespace, ipv4)) {
      addOutside(from, ipv4);
    }
    if (from.at().reachesNode(namespace, ipv4)) {
      add(from, nodeName(from.at()), NODES);
    }
    behind.forEach(
        (prefix, there) -> {
          if (prefix.prefix().address().isIpv4() == ipv4
              && there.stream().anyMatch(at -> from.at().routes(namespace, prefix, at))) {
            if (KernelSight.isDefault(prefix.prefix(), ipv4)) {
              addOutside(from, ipv4);
            } else {
              var tenant = prefix.namespace().substring(namespacePrefix.length());
              var name = "%s of %s".formatted(prefix.prefix(), tenant);
              add(from, name, name);
            }
          }
        });
  }

  private void addOutside(Port from, boolean ipv4) {
    var name = OUTSIDE + (ipv4 ? " by IPv4" : " by IPv6");
    add(from, name, name);
  }

  private void reachFromNode(KernelSight node) {
    for (var to : ports) {
      if (to.port().addresses().stream().anyMatch(ip -> node.nodeReaches(ip, to.port(), to.at()))) {
        add(nodeName(node), NODES, to.port().endpoint(), to.port().network());
      }
    }
  }

  private static String nodeName(KernelSight node) {
    return "node " + node.name();
  }

  private void add(Port from, String to, String party) {
    add(from.port().endpoint(), from.port().network(), to, party);
  }

  private void add(String from, String partyOfFrom, String to, String partyOfTo) {
    parties.put(from, partyOfFrom);
    parties.put(to, partyOfTo);
    reached.computeIfAbsent(from, _ -> new TreeSet<>()).add(to);
  }

  private static boolean isSwitched(Port from, Port to) {
    return from.port().network().equals(to.port().network())
        && from.at().switches(from.port().namespace(), from.port().vni(), to.port(), to.at());
  }

  /** By the gateway of its network, to which nobody sends what is in his own subnet. */
  private static boolean isRouted(Port from, Port to) {
    return to.port().addresses().stream()
        .anyMatch(
            ip ->
                from.leaves(ip.isIpv4())
                    && !from.at().isOnLink(from.port(), ip)
                    && from.at().routes(from.port().namespace(), ip, to.port(), to.at()));
  }
}
