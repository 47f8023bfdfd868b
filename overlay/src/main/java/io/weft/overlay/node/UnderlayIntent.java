package io.weft.overlay.node;

import java.util.List;

/**
 * What a node does with the underlay's routing, over the peers that speak a unicast family.
 *
 * @param announceVtep the host route of its VTEP is announced to them
 * @param maximumPaths next hops that are installed for one prefix, 1..64
 * @param interfaces at whose far ends neighbours are to be found; those that are found are among
 *     the peers, their addresses with the interface as zone
 */
public record UnderlayIntent(boolean announceVtep, int maximumPaths, List<String> interfaces) {
  /** Nothing is announced, and no neighbour looked for. */
  public static final UnderlayIntent NONE = new UnderlayIntent(false, 1, List.of());

  public UnderlayIntent {
    interfaces = List.copyOf(interfaces);
    if (maximumPaths < 1) {
      throw new IllegalArgumentException("maximumPaths " + maximumPaths + " is below 1");
    }
  }
}
