package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.TreeMap;
import java.util.TreeSet;

/** Addresses of endpoints of one network, by the prefix that is behind them. */
final class BehindEndpoints {
  private final TreeMap<IpPrefix, TreeSet<IpAddress>> hops = new TreeMap<>();

  /** What one endpoint has behind it. */
  @FunctionalInterface
  interface Condition {
    boolean holds(IpPrefix prefix, IpAddress endpoint);
  }

  Collection<IpPrefix> prefixes() {
    return Collections.unmodifiableCollection(hops.keySet());
  }

  Collection<IpAddress> of(IpPrefix prefix) {
    return Collections.unmodifiableSet(hops.getOrDefault(prefix, new TreeSet<>()));
  }

  void add(IpPrefix prefix, IpAddress endpoint) {
    hops.computeIfAbsent(prefix, _ -> new TreeSet<>()).add(endpoint);
  }

  /** From now on these; none: it is behind nobody. */
  void set(IpPrefix prefix, Collection<IpAddress> endpoints) {
    if (endpoints.isEmpty()) {
      hops.remove(prefix);
    } else {
      hops.put(prefix, new TreeSet<>(endpoints));
    }
  }

  /**
   * Takes away all of which the condition holds.
   *
   * @return the prefixes that have lost an endpoint
   */
  Collection<IpPrefix> removeIf(Condition condition) {
    var changed = new ArrayList<IpPrefix>();
    hops.forEach(
        (prefix, ways) -> {
          if (ways.removeIf(way -> condition.holds(prefix, way))) {
            changed.add(prefix);
          }
        });
    hops.values().removeIf(TreeSet::isEmpty);
    return changed;
  }
}
