package io.weft.kubernetes.resource;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * Where an endpoint is and what it has.
 *
 * @param node the one that attaches it; all others leave it alone
 * @param network whose segment it is in
 * @param tap a tap device of that node, or empty
 * @param link another link of that node, or empty; there is exactly one of both
 * @param vlan 1..4094, with a link only: the frames with this tag on it
 * @param mac unicast; may be empty for a tap: derived from the address; and where it is learned
 * @param addresses at most {@link #MAX_ADDRESSES}; none: for a tap they are chosen, for a link, and
 *     where they are learned, there are none
 * @param prefixes what is reached through it, a router, at most {@link #MAX_PREFIXES}
 * @param sticky its MAC never moves to another node (RFC 7432 §15.2)
 * @param learn what is behind it without being announced is learned
 */
public record EndpointSpec(
    String node,
    String network,
    Optional<String> tap,
    Optional<String> link,
    OptionalInt vlan,
    Optional<MacAddress> mac,
    List<IpAddress> addresses,
    List<IpPrefix> prefixes,
    boolean sticky,
    boolean learn) {
  public static final int MAX_ADDRESSES = 4;
  public static final int MAX_PREFIXES = 16;

  /** The largest identifier of a VLAN (IEEE 802.1Q §9.6). */
  public static final int MAX_VLAN = 4094;

  /** As long as a name of the Kubernetes API (RFC 1123). */
  public static final int MAX_NODE = 253;

  public EndpointSpec {
    addresses = List.copyOf(addresses);
    prefixes = List.copyOf(prefixes);
    if (tap.isPresent() == link.isPresent()) {
      throw new IllegalArgumentException("an endpoint is behind a tap or another link of its node");
    }
    if (addresses.size() > MAX_ADDRESSES || prefixes.size() > MAX_PREFIXES) {
      throw new IllegalArgumentException(
          "at most %d addresses and %d prefixes".formatted(MAX_ADDRESSES, MAX_PREFIXES));
    }
    if (new TreeSet<>(addresses).size() < addresses.size()) {
      throw new IllegalArgumentException("an address stands twice in " + addresses);
    }
  }

  /** The link in words: {@code link eth1 VLAN 7}. */
  public String place() {
    return tap.map(name -> "tap " + name).orElse("link " + link.orElse(""))
        + (vlan.isPresent() ? " VLAN " + vlan.getAsInt() : "");
  }

  /** Gives the name back; refuses what cannot name a link of a node, and its loopback. */
  static String requireLink(String name) {
    if (!name.matches("[^\\s/:%]{1,15}") || List.of(".", "..", "lo").contains(name)) {
      throw new IllegalArgumentException(
          "'%s' cannot name a link of a node: 1 to 15 characters without blank, '/', ':' and '%%', and not the loopback"
              .formatted(name));
    }
    return name;
  }

  /** Gives the name back; refuses one with blanks or too long. */
  static String requireNode(String name) {
    if (!name.matches("\\S{1," + MAX_NODE + "}")) {
      throw new IllegalArgumentException(
          "'%s' cannot name a node: 1 to %d characters without blanks".formatted(name, MAX_NODE));
    }
    return name;
  }

  /** Gives the address back; refuses one that no single host can have. */
  static MacAddress requireUnicast(MacAddress mac) {
    if (mac.isMulticast() || mac.isZero()) {
      throw new IllegalArgumentException(mac + " is not a unicast address");
    }
    return mac;
  }
}
