package io.weft.overlay.ipam;

import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** The blocks of one network, whoever's they are. */
final class NetworkBlocks {
  private final TreeMap<IpPrefix, AddressBlock> byPrefix = new TreeMap<>();
  private final TreeSet<Integer> lengths = new TreeSet<>();

  void add(AddressBlock block) {
    byPrefix.put(block.prefix(), block);
    lengths.add(block.prefix().length());
  }

  Collection<AddressBlock> all() {
    return Collections.unmodifiableCollection(byPrefix.values());
  }

  /** Those that share addresses with the prefix: that contain it, are it, or are within it. */
  private List<AddressBlock> around(IpPrefix prefix, boolean firstOnly) {
    var around = new ArrayList<AddressBlock>();
    for (int length : lengths.headSet(prefix.length(), true)) {
      var wider = byPrefix.get(new IpPrefix(prefix.address().masked(length), length));
      if (wider != null) {
        around.add(wider);
      }
    }
    for (var inner : byPrefix.tailMap(prefix, false).values()) {
      if (!prefix.contains(inner.prefix().address()) || firstOnly && !around.isEmpty()) {
        break;
      }
      around.add(inner);
    }
    return around;
  }

  /** One that shares addresses with the prefix. */
  Optional<AddressBlock> overlapping(IpPrefix prefix) {
    return around(prefix, true).stream().findFirst();
  }

  /** One of another node that shares addresses with the block. */
  Optional<AddressBlock> rival(AddressBlock block) {
    return around(block.prefix(), false).stream()
        .filter(other -> !other.node().equals(block.node()))
        .findFirst();
  }
}
