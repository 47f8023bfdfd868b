package io.weft.simulation;

import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.Stored;
import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a node had read of the API at one time, for a start without the server. */
record ApiCopy(SortedMap<String, ApiServer.Entry> entries) {
  static final ApiCopy NONE = new ApiCopy(new TreeMap<>());

  ApiCopy {
    entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
  }

  /** Objects, claims, and of blocks only the node's own, as the agent keeps them. */
  static ApiCopy of(SortedMap<String, ApiServer.Entry> view, String node) {
    var entries = new TreeMap<>(view);
    entries.keySet().removeIf(key -> key.startsWith(ApiServer.CLAIM)); // the controller's alone
    entries
        .values()
        .removeIf(entry -> entry.value().filter(value -> isOther(value, node)).isPresent());
    return new ApiCopy(entries);
  }

  /**
   * As it is kept while nobody knows what came of these changes of the node's own: addresses of
   * claims are taken, and the node holds none of them; blocks are not the node's.
   */
  ApiCopy before(Collection<AddressWrite> writes, String node) {
    var some = new TreeMap<>(entries);
    for (var write : writes) {
      var key = ApiServer.key(write.record());
      some.remove(key);
      if (write.record() instanceof AddressClaim claim) {
        var stored = new Stored<>(claim.withoutNode(node), "0");
        some.put(key, new ApiServer.Entry(0, Optional.of(stored)));
      }
    }
    return new ApiCopy(some);
  }

  private static boolean isOther(Object value, String node) {
    return value instanceof Stored<?> stored
        && stored.record() instanceof AddressBlock block
        && !block.node().equals(node);
  }
}
