package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.overlay.node.Underlay;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Who is where when a world begins.
 *
 * @param nodes {@code n1}, {@code n2} and so on
 * @param reflectors the addresses of {@code r1}, {@code r2} and so on, one of each family at most
 */
record Whereabouts(List<Underlay> nodes, List<List<IpAddress>> reflectors) {
  Whereabouts {
    nodes = List.copyOf(nodes);
    reflectors = reflectors.stream().map(List::copyOf).toList();
  }

  /** So many of both, where a world has them. */
  static Whereabouts of(int nodes, int reflectors, Vteps vteps) {
    return new Whereabouts(
        IntStream.rangeClosed(1, nodes).mapToObj(number -> underlay(number, vteps)).toList(),
        IntStream.rangeClosed(1, reflectors)
            .mapToObj(number -> List.<IpAddress>of(Peerings.reflector(number)))
            .toList());
  }

  private static Underlay underlay(int node, Vteps vteps) {
    return new Underlay(vteps.of(node, node), World.vtep(node), World.UNDERLAY_MTU, vteps.dual());
  }

  Underlay node(int number) {
    return nodes.get(number - 1);
  }

  List<IpAddress> reflector(int number) {
    return reflectors.get(number - 1);
  }
}
