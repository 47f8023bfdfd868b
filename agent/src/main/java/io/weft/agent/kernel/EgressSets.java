package io.weft.agent.kernel;

import io.weft.agent.kernel.PacketFilter.Filling;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.nftables.ElementSet.Content;
import io.weft.linux.nftables.ElementSet.Element;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the filter of the ways out knows besides what is wanted of it: who are other nodes; and what
 * it has counted. One thread owns it.
 */
final class EgressSets {
  private static final Logger LOG = LoggerFactory.getLogger(EgressSets.class);

  private final PacketFilter filter;

  /** Changes of the VTEPs that the filter has been told of. */
  private int known;

  private OtherNodes knownNodes = OtherNodes.NONE;

  EgressSets(PacketFilter filter) {
    this.filter = filter;
  }

  /**
   * From now on these are the VTEPs of other nodes, and what else they are known by.
   *
   * @return false when the kernel refuses it: it is tried again when all is looked at
   */
  boolean know(VtepGuard vteps, OtherNodes others) {
    if (known == vteps.changes() && knownNodes.equals(others)) {
      return true;
    }
    known = vteps.changes();
    knownNodes = others;
    try {
      filter.fill(
          Map.of(
              EgressRules.VTEPS4, new Filling(vteps.of(VtepRules.IPV4), true),
              EgressRules.VTEPS6, new Filling(vteps.of(VtepRules.IPV6), true),
              EgressRules.NODES4, nodes(vteps.of(VtepRules.IPV4), others, true),
              EgressRules.NODES6, nodes(vteps.of(VtepRules.IPV6), others, false)));
      return true;
    } catch (LinuxException e) {
      LOG.warn("nodes are not in the sets of nftables: {}", e.getMessage());
      return false;
    }
  }

  private static Filling nodes(Set<Element> vteps, OtherNodes others, boolean ipv4) {
    var all = new HashSet<>(others.elements(ipv4));
    all.addAll(vteps);
    return new Filling(all, others.complete());
  }

  /** Packets of pods of other nodes that were stopped, by name of the link that they were for. */
  SortedMap<String, Long> stopped() {
    var stopped = new TreeMap<String, Long>();
    for (var element : filter.counted(EgressRules.STOPPED)) {
      if (element.content() instanceof Content.Counter(long packets, _)) {
        var name = new String(element.key().toArray(), StandardCharsets.US_ASCII);
        stopped.put(name.substring(0, (name + "\0").indexOf(0)), packets);
      }
    }
    return stopped;
  }
}
