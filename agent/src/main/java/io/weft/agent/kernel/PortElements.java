package io.weft.agent.kernel;

import io.weft.linux.nftables.ElementChange;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Content;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What the sets of {@link PortRules} have for one port. */
final class PortElements {
  /** Broadcast of one port, and multicast of protocols: packets in a second, and at once. */
  static final int FLOOD_PER_SECOND = 2_000;

  /** Multicast to groups that hosts join, likewise: 200 Mbit/s of what video servers send. */
  static final int STREAM_PER_SECOND = 20_000;

  private static final int LINK_NAME = 16;

  /** RFC 4291 Appendix A: addresses of this length follow from a MAC. */
  private static final int INTERFACE_ID = 64;

  private PortElements() {}

  /**
   * All of them, each as it is put in. Who is behind a port that learns is not known beforehand: it
   * is limited alone.
   *
   * @param behind prefixes that are behind the endpoint
   * @param others prefixes of the tenant's own links, and other endpoints' addresses: nothing of
   *     them is behind it
   * @param formed prefixes of its network in which hosts may form addresses (RFC 4862)
   */
  static Set<ElementChange> of(
      EndpointPort port,
      Collection<IpPrefix> behind,
      Collection<IpPrefix> others,
      Collection<IpPrefix> formed) {
    var elements = new LinkedHashSet<ElementChange>();
    var name = port.port();
    put(elements, PortRules.LIMITS, key(name), limit(FLOOD_PER_SECOND));
    put(elements, PortRules.STREAMS, key(name), limit(STREAM_PER_SECOND));
    if (port.learn()) {
      return elements;
    }
    put(elements, PortRules.MACS, key(name, port.mac().octets()));
    if (!port.addresses().isEmpty()) {
      addresses(elements, port, formed);
      for (var prefix : outermost(behind)) {
        behind(elements, name, prefix, others);
      }
    }
    var chain = port.addresses().isEmpty() ? PortRules.LOCKED : PortRules.PINNED;
    put(elements, PortRules.PORTS, key(name), new Content.Chain(chain)); // last: now it counts
    return elements;
  }

  private static Content limit(int perSecond) {
    return new Content.Limit(perSecond, perSecond);
  }

  private static void addresses(
      Set<ElementChange> elements, EndpointPort port, Collection<IpPrefix> formed) {
    for (var address : port.addresses()) {
      var set = address.isIpv4() ? PortRules.IPV4 : PortRules.IPV6;
      put(elements, set, key(port, address));
    }
    var linkLocal = ownAddress(IpPrefix.parse("fe80::/64"), port.mac());
    put(elements, PortRules.IPV6, key(port, linkLocal));
    for (var prefix : formed) {
      if (!prefix.address().isIpv4() && prefix.length() == INTERFACE_ID) {
        put(elements, PortRules.IPV6, key(port, ownAddress(prefix, port.mac())));
      }
    }
  }

  /** The address in a prefix of 64 bits that follows from a MAC. */
  private static IpAddress ownAddress(IpPrefix prefix, MacAddress mac) {
    var address = prefix.address().octets();
    var octets = mac.octets();
    ByteBuffer.wrap(address)
        .position(8)
        .put((byte) (octets[0] ^ 2))
        .put(octets, 1, 2)
        .put((byte) 0xff)
        .put((byte) 0xfe)
        .put(octets, 3, 3);
    return IpAddress.of(address);
  }

  /** Without those that lie in others: the kernel's sets take no ranges that overlap. */
  private static List<IpPrefix> outermost(Collection<IpPrefix> prefixes) {
    var outermost = new ArrayList<IpPrefix>();
    for (var prefix : new TreeSet<>(prefixes)) { // what contains others comes right before them
      if (outermost.isEmpty() || !outermost.getLast().contains(prefix)) {
        outermost.add(prefix);
      }
    }
    return outermost;
  }

  private static void behind(
      Set<ElementChange> elements, String port, IpPrefix prefix, Collection<IpPrefix> others) {
    var set = prefix.address().isIpv4() ? PortRules.BEHIND_IPV4 : PortRules.BEHIND_IPV6;
    for (var range : AddressRange.without(prefix, others)) {
      put(
          elements,
          set,
          key(port, range.first().toArray()),
          new Content.UpTo(key(port, range.last().toArray())));
    }
  }

  private static void put(Set<ElementChange> elements, ElementSet set, Octets key) {
    put(elements, set, key, new Content.Nothing());
  }

  private static void put(
      Set<ElementChange> elements, ElementSet set, Octets key, Content content) {
    elements.add(new ElementChange(set.name(), true, new Element(key, content)));
  }

  /** Name, MAC and address. */
  private static Octets key(EndpointPort port, IpAddress address) {
    var octets = address.octets();
    return key(
        port.port(),
        ByteBuffer.allocate(8 + octets.length)
            .put(port.mac().octets())
            .position(8)
            .put(octets)
            .array());
  }

  /** The port's name, and what stands behind it, padded with zeros. */
  private static Octets key(String port, byte... more) {
    return Octets.of(
        ByteBuffer.allocate(LINK_NAME + (more.length + 3 & ~3))
            .put(port.getBytes(StandardCharsets.US_ASCII))
            .position(LINK_NAME)
            .put(more)
            .array());
  }

  /** The name of the port that a key begins with. */
  static String port(Octets key) {
    var octets = key.toArray();
    int length = 0;
    while (length < LINK_NAME && octets[length] != 0) {
      length++;
    }
    return new String(octets, 0, length, StandardCharsets.US_ASCII);
  }
}
