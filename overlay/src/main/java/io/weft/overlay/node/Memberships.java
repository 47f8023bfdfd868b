package io.weft.overlay.node;

import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.forwarding.Segment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;

/** Which ports of this node have joined which multicast groups, as the kernel hears it. */
final class Memberships {
  private final Map<Segment, SortedMap<MulticastChannel, SortedSet<String>>> bySegment =
      new LinkedHashMap<>();

  void see(NodeEvent.GroupsSeen seen) {
    if (seen.ports().isEmpty()) {
      bySegment.remove(seen.segment());
    } else {
      bySegment.put(seen.segment(), seen.ports());
    }
  }

  /** The groups of a segment, each with the ports that have joined it. */
  SortedMap<MulticastChannel, SortedSet<String>> of(Segment segment) {
    return Collections.unmodifiableSortedMap(
        bySegment.getOrDefault(segment, Collections.emptySortedMap()));
  }
}
