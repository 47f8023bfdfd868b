package io.weft.cli;

import io.weft.agent.intent.VtepChoice;
import io.weft.agent.intent.VtepChoice.Held;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.kubernetes.resource.FabricSpec.VtepFamily;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The addresses of nodes whose machines nobody can look at. One that is known counts; beside it
 * each node has an address of both families on the link of its default route and on each interface
 * that is named, and one in each prefix that none of the others is in. These are made up (RFC 2544,
 * RFC 3849), but for those in prefixes.
 */
final class AssumedAddresses {
  private static final int OF_PREFIXES = 0;
  private static final int DEFAULT_ROUTE = 1;
  private static final int FIRST_INTERFACE = 2;
  private static final IpAddress IPV4 = IpAddress.parse("198.18.0.0");

  /** Nodes are 10,000 at most. */
  private static final int ADDRESSES_OF_LINK = 1 << 14;

  private final TreeMap<String, List<Held>> held = new TreeMap<>();
  private final List<String> interfaces;

  /**
   * Gives each node its addresses.
   *
   * @param nodes their names
   * @param known what is known of them
   * @param fabrics that choose among them
   * @param others who have addresses that are no node's
   * @throws IllegalArgumentException when a prefix has not enough of them
   */
  AssumedAddresses(
      List<String> nodes,
      SortedMap<String, List<IpAddress>> known,
      List<FabricSpec> fabrics,
      Set<IpAddress> others) {
    interfaces = fabrics.stream().flatMap(AssumedAddresses::named).distinct().toList();
    var taken = new TreeSet<>(others);
    known.values().forEach(taken::addAll);
    for (int number = 1; number <= nodes.size(); number++) {
      held.put(nodes.get(number - 1), onLinks(nodes.get(number - 1), number, known));
    }
    fabrics.stream()
        .flatMap(AssumedAddresses::prefixes)
        .distinct()
        .sorted(Comparator.comparingInt(IpPrefix::length).reversed())
        .forEach(prefix -> fill(prefix, nodes, taken));
  }

  private static Stream<String> named(FabricSpec fabric) {
    return fabric.vtep() instanceof Vtep.OfInterface(var name) ? Stream.of(name) : Stream.empty();
  }

  private static Stream<IpPrefix> prefixes(FabricSpec fabric) {
    return fabric.vtep() instanceof Vtep.OfCidrs(var cidrs) ? cidrs.stream() : Stream.empty();
  }

  private List<Held> onLinks(String node, int number, SortedMap<String, List<IpAddress>> known) {
    var ofNode = known.getOrDefault(node, List.of());
    var all = new ArrayList<Held>();
    for (var family : VtepFamily.values()) {
      var first = ofNode.stream().filter(family::has).findFirst();
      var address = first.orElseGet(() -> madeUp(DEFAULT_ROUTE, family, number));
      all.add(new Held(address, DEFAULT_ROUTE));
      for (int link = FIRST_INTERFACE; link < FIRST_INTERFACE + interfaces.size(); link++) {
        all.add(new Held(madeUp(link, family, number), link));
      }
    }
    ofNode.forEach(address -> all.add(new Held(address, OF_PREFIXES)));
    return all;
  }

  private static IpAddress madeUp(int link, VtepFamily family, int number) {
    return family == VtepFamily.IPV4
        ? IPV4.plus((long) link * ADDRESSES_OF_LINK + number)
        : IpAddress.parse("2001:db8:%x::".formatted(link)).plus(number);
  }

  private void fill(IpPrefix prefix, List<String> nodes, Set<IpAddress> taken) {
    var next = prefix.address();
    for (var node : nodes) {
      var all = Optional.ofNullable(held.get(node)).orElseThrow();
      if (all.stream().noneMatch(each -> prefix.contains(each.address()))) {
        while (taken.contains(next) || next.equals(prefix.address())) {
          next = next.plus(1);
        }
        if (!prefix.isHostAddress(next)) {
          throw new IllegalArgumentException(
              "%s (vtep of the Fabric) has no room for VTEPs of %d nodes: give less with --nodes"
                  .formatted(prefix, nodes.size()));
        }
        taken.add(next);
        all.add(new Held(next, OF_PREFIXES));
      }
    }
  }

  /** What a node says of itself. */
  VtepChoice.Machine machine(String node) {
    var addresses = Optional.ofNullable(held.get(node)).orElseThrow();
    return new VtepChoice.Machine() {
      @Override
      public List<Held> addresses() {
        return addresses;
      }

      @Override
      public OptionalInt link(String name) {
        int place = interfaces.indexOf(name);
        return place < 0 ? OptionalInt.empty() : OptionalInt.of(FIRST_INTERFACE + place);
      }

      @Override
      public OptionalInt defaultRoute(List<VtepFamily> families) {
        return OptionalInt.of(DEFAULT_ROUTE);
      }
    };
  }
}
