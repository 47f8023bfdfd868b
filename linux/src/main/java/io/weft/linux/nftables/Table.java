package io.weft.linux.nftables;

import java.util.Comparator;
import java.util.List;

/**
 * A table of family inet: IPv4 and IPv6. Two are equal when they do the same to each packet.
 *
 * @param chains kept sorted by name; their order means nothing
 */
public record Table(String name, List<Chain> chains) {
  public Table {
    chains = chains.stream().sorted(Comparator.comparing(Chain::name)).toList();
  }
}
