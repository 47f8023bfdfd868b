package io.weft.overlay.node;

import io.weft.net.AutonomousSystem;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A network as it shall be: one Layer 2 segment, a MAC-VRF.
 *
 * @param tenant empty: a segment of its own
 * @param importTargets which routes it takes in, sorted
 * @param exportTargets what its own routes carry
 * @param mtu of its endpoints; empty: what the underlay allows
 * @param gateways anycast addresses of its default gateway (RFC 9135 §4.1), one of a subnet at
 *     most, each with the length of its subnet; none: pure Layer 2
 * @param advertisements what its IPv6 gateways say of themselves
 * @param bgp what its endpoints may say of what is behind them; empty: it does not speak with them
 * @param multicast where frames for a multicast group go
 */
public record NetworkIntent(
    String name,
    Optional<String> tenant,
    Vni vni,
    List<IpPrefix> subnets,
    List<ImportTarget> importTargets,
    List<RouteTarget> exportTargets,
    OptionalInt mtu,
    List<HostAddress> gateways,
    Advertisements advertisements,
    Optional<EndpointBgpIntent> bgp,
    Multicast multicast) {
  public NetworkIntent {
    subnets = List.copyOf(subnets);
    importTargets = List.copyOf(importTargets);
    exportTargets = List.copyOf(exportTargets);
    gateways = List.copyOf(gateways);
  }

  /** One whose gateways say nothing of themselves, that speaks with no endpoint, and floods. */
  public NetworkIntent(
      String name,
      Optional<String> tenant,
      Vni vni,
      List<IpPrefix> subnets,
      List<ImportTarget> importTargets,
      List<RouteTarget> exportTargets,
      OptionalInt mtu,
      List<HostAddress> gateways) {
    this(
        name,
        tenant,
        vni,
        subnets,
        importTargets,
        exportTargets,
        mtu,
        gateways,
        Advertisements.NONE,
        Optional.empty(),
        Multicast.FLOOD);
  }

  /** One that is pure Layer 2. */
  public NetworkIntent(
      String name,
      Optional<String> tenant,
      Vni vni,
      List<IpPrefix> subnets,
      List<ImportTarget> importTargets,
      List<RouteTarget> exportTargets,
      OptionalInt mtu) {
    this(name, tenant, vni, subnets, importTargets, exportTargets, mtu, List.of());
  }

  /** True when its tenant's IP-VRF routes to and from it. */
  public boolean isRouted() {
    return !gateways.isEmpty();
  }

  /** True when it is routed for this family. */
  boolean isRouted(boolean ipv4) {
    return gateways.stream().anyMatch(gateway -> gateway.address().isIpv4() == ipv4);
  }

  boolean isGateway(IpAddress address) {
    return gateways.stream().anyMatch(gateway -> gateway.address().equals(address));
  }

  /** The gateway that a host with this address uses. */
  Optional<IpAddress> gatewayOf(IpAddress host) {
    return gateways.stream()
        .filter(gateway -> gateway.prefix().contains(host))
        .map(HostAddress::address)
        .findFirst();
  }

  /** Of each family the first gateway that serves one of the addresses. */
  List<IpAddress> gatewaysOf(List<HostAddress> addresses) {
    var found = new ArrayList<IpAddress>();
    for (var host : addresses) {
      gatewayOf(host.address())
          .filter(gateway -> found.stream().noneMatch(g -> g.isIpv4() == gateway.isIpv4()))
          .ifPresent(found::add);
    }
    return found;
  }

  NetworkIntent withGateways(List<HostAddress> other) {
    return new NetworkIntent(
        name,
        tenant,
        vni,
        subnets,
        importTargets,
        exportTargets,
        mtu,
        other,
        advertisements,
        bgp,
        multicast);
  }

  NetworkIntent withAdvertisements(Advertisements other) {
    return new NetworkIntent(
        name,
        tenant,
        vni,
        subnets,
        importTargets,
        exportTargets,
        mtu,
        gateways,
        other,
        bgp,
        multicast);
  }

  /** The same network with another VNI: what stands before it is changed. */
  NetworkIntent withVni(Vni other) {
    return new NetworkIntent(
        name,
        tenant,
        other,
        subnets,
        importTargets,
        exportTargets,
        mtu,
        gateways,
        advertisements,
        bgp,
        multicast);
  }

  /** The same network, whose endpoints may say something else. */
  public NetworkIntent withBgp(Optional<EndpointBgpIntent> other) {
    return new NetworkIntent(
        name,
        tenant,
        vni,
        subnets,
        importTargets,
        exportTargets,
        mtu,
        gateways,
        advertisements,
        other,
        multicast);
  }

  /** The same network, whose multicast goes elsewhere. */
  public NetworkIntent withMulticast(Multicast other) {
    return new NetworkIntent(
        name,
        tenant,
        vni,
        subnets,
        importTargets,
        exportTargets,
        mtu,
        gateways,
        advertisements,
        bgp,
        other);
  }

  /** What can be said of a network of which only an endpoint's port is left: enough to go on. */
  static NetworkIntent orphan(EndpointPort port, AutonomousSystem as) {
    var target = RouteTarget.automatic(as, port.vni());
    return new NetworkIntent(
        port.network(),
        Optional.empty(),
        port.vni(),
        List.of(),
        List.of(target),
        List.of(target),
        OptionalInt.of(port.mtu()));
  }

  /**
   * Name of the namespace behind the node's prefix: the tenant's name, or for a network without
   * tenant an underscore and its own (no tenant's name has an underscore).
   */
  public String namespaceSuffix() {
    return tenant.orElse("_" + name);
  }
}
