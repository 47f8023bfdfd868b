package io.weft.agent.kernel;

import io.weft.linux.netlink.FdbEntry;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * Rows of flood lists that are not ours but resemble one of ours: the kernel keeps a row for each
 * port and VNI of a VTEP, we want one. They go when ours is written, or removed. One thread owns
 * it.
 */
final class StrayFloods {
  /**
   * No row of ours has it: where there is a stray row, what stands is unequal to what is wanted.
   */
  static final Vni DAMAGED_VNI = new Vni(Vni.MAX);

  private final TreeMap<ForwardingKey, Set<FdbEntry>> rows = new TreeMap<>();

  /** A row that cannot be ours: it goes to a UDP port of its own. */
  static boolean isStray(FdbEntry row) {
    return row.destinationPort().isPresent();
  }

  void add(ForwardingKey key, FdbEntry row) {
    rows.computeIfAbsent(key, _ -> new LinkedHashSet<>()).add(row);
  }

  /** False when it was none. */
  boolean remove(ForwardingKey key, FdbEntry row) {
    var strays = rows.get(key);
    if (strays == null || !strays.remove(row)) {
      return false;
    }
    if (strays.isEmpty()) {
      rows.remove(key);
    }
    return true;
  }

  /** Those in the place of one row of ours. */
  Collection<FdbEntry> of(ForwardingKey key) {
    return List.copyOf(rows.getOrDefault(key, Set.of()));
  }

  void clear() {
    rows.clear();
  }

  /** What is shown in the place of a row of ours beside which there is a stray. */
  static FloodEntry damaged(FloodEntry entry) {
    return new FloodEntry(entry.namespace(), entry.vni(), entry.vtep(), DAMAGED_VNI);
  }
}
