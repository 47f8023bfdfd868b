package io.weft.agent.kernel;

import io.weft.agent.kernel.PacketFilter.Filling;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Content;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Octets;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the filter of the ways out knows besides what is wanted of it: who are other nodes, and
 * which pods are here; and what it has counted. One thread owns it.
 */
final class EgressSets {
  private static final Logger LOG = LoggerFactory.getLogger(EgressSets.class);

  private final PacketFilter filter;

  /** Changes of the VTEPs that the filter has been told of. */
  private int known;

  private OtherNodes knownNodes = OtherNodes.NONE;
  private KeptSources.Picture knownSources = KeptSources.Picture.NONE;

  /** What is to be in each. */
  private final Map<ElementSet, Filling> sets = new HashMap<>();

  EgressSets(PacketFilter filter) {
    this.filter = filter;
  }

  /**
   * From now on these are the VTEPs of other nodes, what else they are known by, and the sources
   * that are kept.
   *
   * @return false when the kernel refuses it: it is tried again when all is looked at
   */
  boolean know(VtepGuard vteps, OtherNodes others, KeptSources.Picture sources) {
    if (known == vteps.changes() && knownNodes.equals(others) && knownSources.equals(sources)) {
      return true;
    }
    if (sets.isEmpty() || known != vteps.changes() || !knownNodes.equals(others)) {
      sets.put(EgressRules.VTEPS4, new Filling(vteps.of(VtepRules.IPV4), true));
      sets.put(EgressRules.VTEPS6, new Filling(vteps.of(VtepRules.IPV6), true));
      sets.put(EgressRules.NODES4, nodes(vteps.of(VtepRules.IPV4), others, true));
      sets.put(EgressRules.NODES6, nodes(vteps.of(VtepRules.IPV6), others, false));
    }
    sets.put(EgressRules.PODS4, new Filling(OtherNodes.elements(sources.pods(), true), true));
    sets.put(EgressRules.INSIDE4, new Filling(inside(sources.inside()), true));
    known = vteps.changes();
    knownNodes = others;
    knownSources = sources;
    try {
      filter.fill(sets);
      return true;
    } catch (LinuxException e) {
      LOG.warn("nodes and kept sources are not in the sets of nftables: {}", e.getMessage());
      return false;
    }
  }

  private static Filling nodes(Set<Element> vteps, OtherNodes others, boolean ipv4) {
    var all = new HashSet<>(OtherNodes.elements(others.addresses(), ipv4));
    all.addAll(vteps);
    return new Filling(all, others.complete());
  }

  private static Set<Element> inside(SortedMap<String, List<IpPrefix>> inside) {
    var elements = new HashSet<Element>();
    inside.forEach(
        (link, prefixes) ->
            prefixes.forEach(
                prefix ->
                    elements.add(
                        new Element(
                            key(link, prefix.address()),
                            new Content.UpTo(key(link, last(prefix)))))));
    return elements;
  }

  /** Name of a link, and an address. */
  private static Octets key(String link, IpAddress address) {
    var octets = address.octets();
    return Octets.of(
        ByteBuffer.allocate(EgressRules.LINK_NAME + octets.length)
            .put(link.getBytes(StandardCharsets.US_ASCII))
            .put(EgressRules.LINK_NAME, octets)
            .array());
  }

  private static IpAddress last(IpPrefix prefix) {
    var octets = prefix.address().octets();
    for (int bit = prefix.length(); bit < octets.length * 8; bit++) {
      octets[bit / 8] |= (byte) (0x80 >> bit % 8);
    }
    return IpAddress.of(octets);
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
