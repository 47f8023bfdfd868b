package io.weft.overlay.attachment;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.StableHash;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Which address and which MAC an endpoint gets. */
public final class AddressPlan {
  /** Addresses that are tried before a subnet counts as full. */
  public static final int MAX_PROBES = 65_536;

  /**
   * The MAC of every gateway, the same on every node: of the range for anycast IRB interfaces, with
   * the default VRID (RFC 9135 §4.1).
   */
  public static final MacAddress GATEWAY_MAC = new MacAddress(0x0000_5e00_0101L);

  /** So many tenants of a node may have a way out through it. */
  public static final int EGRESS_LINKS = 8064;

  /**
   * Addresses of ways out, on the node alone: of the link-local range (RFC 3927), less its last 256
   * that are reserved, where no service of a cloud is known to live.
   */
  public static final IpPrefix EGRESS_RANGE = IpPrefix.parse("169.254.192.0/18");

  /** As {@link #EGRESS_RANGE}: unique local addresses (RFC 4193) with an identifier drawn once. */
  public static final IpPrefix EGRESS_RANGE_IPV6 = IpPrefix.parse("fd7a:93c5:8e21::/64");

  /**
   * Addresses of IPv6 that nodes without a VTEP of IPv6 have inside tenants, of the same global
   * identifier as {@link #EGRESS_RANGE_IPV6}: the VTEP's address follows.
   */
  public static final IpPrefix NODES_IPV6 = IpPrefix.parse("fd7a:93c5:8e21:1::/96");

  /** How the names of endpoints' ports begin. */
  public static final String PORT = "ep";

  /** How the names of the underlay's ends begin. */
  public static final String EGRESS_PORT = "weft-";

  /**
   * How those begin by which the node reaches in too: what follows in the others is hexadecimal.
   */
  public static final String CLUSTER_PORT = EGRESS_PORT + "n";

  /**
   * What a router of a tenant says of itself towards other nodes, in ICMP errors: the IPv4 dummy
   * address, which any number of routers may have (RFC 7600 §4.8). It is nobody's, so that no
   * endpoint can be taken for it.
   */
  public static final IpAddress ROUTER_ADDRESS = IpAddress.parse("192.0.0.8");

  /**
   * The link-local address of every gateway for IPv6, the same on every node: what router
   * advertisements come from (RFC 4861 §6.1.2).
   */
  public static final IpAddress GATEWAY_LINK_LOCAL = IpAddress.parse("fe80::1");

  private AddressPlan() {}

  /**
   * The underlay's end of the link of a way out; the tenant's end is the next address.
   *
   * @param number of the link, 0..{@link #EGRESS_LINKS} - 1
   */
  public static IpAddress egressAddress(int number, boolean ipv4) {
    return (ipv4 ? EGRESS_RANGE : EGRESS_RANGE_IPV6).address().plus(2L * number);
  }

  /** The address of IPv6 that stands for a VTEP of IPv4 inside tenants. */
  public static IpAddress nodeAddress(IpAddress vtep) {
    var octets = NODES_IPV6.address().octets();
    System.arraycopy(vtep.octets(), 0, octets, 12, 4);
    return IpAddress.of(octets);
  }

  /** Name of the underlay's end: the packet filter knows it by how it begins. */
  public static String egressPortName(String namespace) {
    return EGRESS_PORT + String.format("%016x", StableHash.of(namespace)).substring(0, 10);
  }

  /** As {@link #egressPortName}, of a tenant that the node reaches. */
  public static String clusterPortName(String namespace) {
    return CLUSTER_PORT + String.format("%016x", StableHash.of(namespace)).substring(0, 9);
  }

  /**
   * A free host address of the subnet: the search starts at a place that the endpoint's name gives,
   * so that nodes that choose at the same time rarely choose alike. Empty when none of {@link
   * #MAX_PROBES} is free.
   *
   * @param taken addresses that are known to be in use, here or on another node
   */
  public static Optional<IpAddress> choose(
      IpPrefix subnet, String endpoint, Predicate<IpAddress> taken) {
    int hostBits = subnet.address().bits() - subnet.length();
    long hosts = hostBits >= 31 ? 1L << 31 : 1L << hostBits;
    long start = Long.remainderUnsigned(StableHash.of(endpoint), hosts);
    for (long probe = 0; probe < Math.min(hosts, MAX_PROBES); probe++) {
      var candidate = subnet.address().plus((start + probe) % hosts);
      boolean gateway = hosts > 2 && candidate.equals(subnet.address().plus(1));
      if (subnet.isHostAddress(candidate) && !gateway && !taken.test(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  /** The link-local address that follows from a MAC (RFC 4291, appendix A). */
  public static IpAddress linkLocal(MacAddress mac) {
    var octets = new byte[16];
    var of = mac.octets();
    octets[0] = (byte) 0xfe;
    octets[1] = (byte) 0x80;
    System.arraycopy(of, 0, octets, 8, 3);
    octets[8] ^= 2;
    octets[11] = (byte) 0xff;
    octets[12] = (byte) 0xfe;
    System.arraycopy(of, 3, octets, 13, 3);
    return IpAddress.of(octets);
  }

  /**
   * A locally administered MAC: of the first IPv4 address if there is one, so that an address and
   * its MAC come and go together; else of the names.
   */
  public static MacAddress mac(String network, String endpoint, List<IpAddress> addresses) {
    for (var address : addresses) {
      if (address instanceof Ipv4Address(int value)) {
        return new MacAddress(0x0a58_0000_0000L | (value & 0xffff_ffffL));
      }
    }
    return new MacAddress(
        0x0a59_0000_0000L | (StableHash.of(network + " " + endpoint) & 0xffff_ffffL));
  }

  /**
   * The one router's MAC of a VTEP, for all its L3 VNIs: locally administered, from the VTEP's
   * address.
   */
  public static MacAddress routerMac(IpAddress vtep) {
    return vtep instanceof Ipv4Address(int value)
        ? new MacAddress(0x0a5a_0000_0000L | (value & 0xffff_ffffL))
        : new MacAddress(0x0a5b_0000_0000L | (StableHash.of(vtep.toString()) & 0xffff_ffffL));
  }

  /** Name of an endpoint's port: at most 15 characters (linux/if.h IFNAMSIZ). */
  public static String portName(String endpoint) {
    return PORT + HexFormat.of().toHexDigits(StableHash.of(endpoint)).substring(0, 12);
  }

  /** Name of the underlay's end of the veth to a tap. */
  public static String tapEndName(String port) {
    return "et" + port.substring(PORT.length());
  }
}
