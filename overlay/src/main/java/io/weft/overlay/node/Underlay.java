package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AddressPlan;
import java.util.List;
import java.util.Optional;

/**
 * What the node has below the overlay.
 *
 * @param vteps sources of its VXLAN packets and next hops of its routes: one, or one of each
 *     family, that of IPv4 first
 * @param routerId BGP identifier, and administrator of all its route distinguishers: it says that
 *     what comes from two VTEPs comes from one node
 * @param mtu smallest MTU on the ways to other VTEPs, octets of IP packet
 * @param dual nodes of the fabric have VTEPs of both families, though this one may lack one
 *     (decisions/0023)
 */
public record Underlay(List<IpAddress> vteps, Ipv4Address routerId, int mtu, boolean dual) {
  public Underlay {
    vteps = vteps.stream().sorted().toList();
    boolean fits = vteps.size() == 1 || vteps.size() == 2 && dual;
    if (!fits || vteps.size() == 2 && vteps.get(0).isIpv4() == vteps.get(1).isIpv4()) {
      throw new IllegalArgumentException(vteps + " are not the VTEPs of one node");
    }
  }

  /** Where each node has one VTEP. */
  public Underlay(IpAddress vtep, Ipv4Address routerId, int mtu) {
    this(List.of(vtep), routerId, mtu, false);
  }

  /** The only VTEP, or that of IPv4. */
  public IpAddress vtep() {
    return vteps.getFirst();
  }

  /**
   * What the node has as its own addresses in tenants whose pods it reaches, one of each family:
   * its VTEPs; where it has none of IPv6, one that stands for that of IPv4.
   */
  public List<IpAddress> nodeAddresses() {
    return vteps.stream().allMatch(IpAddress::isIpv4)
        ? List.of(vtep(), AddressPlan.nodeAddress(vtep()))
        : vteps;
  }

  /** Our end of the tunnel to another VTEP, of its family; empty where we have none. */
  public Optional<IpAddress> towards(IpAddress remote) {
    for (var vtep : vteps) {
      if (vtep.isIpv4() == remote.isIpv4()) {
        return Optional.of(vtep);
      }
    }
    return Optional.empty();
  }

  /** True for a VTEP of this node. */
  public boolean isOurs(IpAddress address) {
    return vteps.contains(address);
  }

  /**
   * What fits into one packet of the underlay. A segment has one MTU: where some of its packets go
   * over IPv6, that is the smaller one, on every node.
   */
  public int overlayMtu() {
    return mtu - (dual ? Tunnel.OVERHEAD_IPV6 : Tunnel.overhead(vtep()));
  }

  /**
   * The MAC of the bridges of L3 VNIs: that of the router behind the only VTEP. Where VTEPs may
   * come and go it stays, and each VTEP whose router has another has it on its port.
   */
  MacAddress bridgeMac() {
    return AddressPlan.routerMac(dual ? routerId : vtep());
  }
}
