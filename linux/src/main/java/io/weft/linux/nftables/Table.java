package io.weft.linux.nftables;

import java.util.Comparator;
import java.util.List;

/**
 * A table. Two are equal when they do the same to each packet.
 *
 * @param chains kept sorted by name; their order means nothing
 * @param sets likewise; what is in them is no part of it
 */
public record Table(Family family, String name, List<Chain> chains, List<ElementSet> sets) {
  /** What a table's chains look at, by its number (linux/netfilter.h). */
  public enum Family {
    /** Packets of IPv4 and IPv6. */
    INET(1),
    /** Frames that pass bridges. */
    BRIDGE(7),
    /** Frames of single links, before anything else sees them. */
    NETDEV(5);

    final int number;

    Family(int number) {
      this.number = number;
    }
  }

  /** One of IPv4 and IPv6. */
  public Table(String name, List<Chain> chains) {
    this(Family.INET, name, chains);
  }

  /** One without sets. */
  public Table(Family family, String name, List<Chain> chains) {
    this(family, name, chains, List.of());
  }

  public Table {
    chains = chains.stream().sorted(Comparator.comparing(Chain::name)).toList();
    sets = sets.stream().sorted(Comparator.comparing(ElementSet::name)).toList();
  }
}
