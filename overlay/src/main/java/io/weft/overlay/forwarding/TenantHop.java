package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import io.weft.net.Vni;

/**
 * Where a route of a tenant leads next: a neighbour on one of the tenant's devices.
 *
 * @param via a VTEP, by its address in the underlay, or an address in a network of the tenant
 * @param vni the tenant's L3 VNI, that of a network, or a foreign one
 * @param foreign true: over the sending device of the VNI; false: over its bridge
 */
public record TenantHop(IpAddress via, Vni vni, boolean foreign) implements Comparable<TenantHop> {
  /** Over the bridge of the VNI: a VTEP in the L3 VNI, or an address of a network. */
  public static TenantHop over(Vni vni, IpAddress via) {
    return new TenantHop(via, vni, false);
  }

  /** A VTEP that wants a VNI which is not the tenant's. */
  public static TenantHop sending(Vni vni, IpAddress vtep) {
    return new TenantHop(vtep, vni, true);
  }

  /** True when packets leave by the node's IPv6 VTEP: a VTEP mapped into IPv6 is of IPv4. */
  public boolean overIpv6() {
    return !ForwardingKey.isIpv4(via);
  }

  /** By address, so that two nodes have the same order. */
  @Override
  public int compareTo(TenantHop other) {
    int order = via.compareTo(other.via);
    if (order == 0) {
      order = vni.compareTo(other.vni);
    }
    return order == 0 ? Boolean.compare(foreign, other.foreign) : order;
  }

  @Override
  public String toString() {
    return via + (foreign ? " sending in VNI " : " in VNI ") + vni;
  }
}
