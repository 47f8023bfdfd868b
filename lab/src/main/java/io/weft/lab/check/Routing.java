package io.weft.lab.check;

import io.weft.kubernetes.intent.VniAllocation;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.Tenant;
import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.process.RunningLab;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.StableHash;
import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;

/** Which networks of a lab are routed, and in which L3 VNI: from the file, not from an agent. */
final class Routing {
  /** Of every gateway (RFC 9135 §4.1). */
  static final MacAddress GATEWAY_MAC = MacAddress.parse("00:00:5e:00:01:01");

  private Routing() {}

  /** What a node's VTEP must have as its router's MAC. */
  static MacAddress routerMac(IpAddress vtep) {
    return vtep instanceof Ipv4Address(int value)
        ? new MacAddress(0x0a5a_0000_0000L | (value & 0xffff_ffffL))
        : new MacAddress(0x0a5b_0000_0000L | (StableHash.of(vtep.toString()) & 0xffff_ffffL));
  }

  /**
   * What packets of a node's routers come from: one bridge sends for both of its VTEPs, with the
   * MAC of one of them, or that of its router ID, which is made of an IPv6 VTEP's address.
   */
  static boolean maySend(Namespace node, MacAddress source) {
    return node.loopbacks().stream()
        .anyMatch(
            vtep ->
                source.equals(routerMac(vtep))
                    || source.equals(
                        routerMac(new Ipv4Address((int) StableHash.of(vtep.toString()) | 1))));
  }

  static boolean isRouted(RunningLab lab, String network) {
    return !lab.topology().network(network).spec().gateways().isEmpty();
  }

  /** True when a network of its tenant has an IPv6 gateway. */
  static boolean isIpv6(RunningLab lab, String network) {
    return lab.topology().networks().stream()
        .filter(other -> tenant(lab, other.name()).equals(tenant(lab, network)))
        .flatMap(other -> other.spec().gateways().stream())
        .anyMatch(gateway -> !gateway.isIpv4());
  }

  /** A network without tenant is alone. */
  static String tenant(RunningLab lab, String network) {
    return lab.topology().network(network).spec().tenant().orElse("network " + network);
  }

  /** The networks with endpoints that the tenant of this one routes, itself among them. */
  static List<String> neighbours(RunningLab lab, String network) {
    return !isRouted(lab, network)
        ? List.of(network)
        : lab.networks().stream()
            .filter(other -> isRouted(lab, other))
            .filter(other -> tenant(lab, other).equals(tenant(lab, network)))
            .toList();
  }

  static int l3Vni(RunningLab lab, String network) {
    var topology = lab.topology();
    var name = tenant(lab, network);
    Optional<Vni> given =
        topology.tenants().stream()
            .filter(tenant -> tenant.name().equals(name))
            .map(Tenant::spec)
            .flatMap(spec -> spec.l3vni().stream())
            .findFirst();
    var pool = topology.fabric().spec().vniPools().tenants();
    return given.orElseGet(() -> VniAllocation.automatic(name, pool)).value();
  }

  /** True when the lab has anything to route. */
  static boolean isAny(List<Network> networks) {
    return networks.stream().anyMatch(network -> !network.spec().gateways().isEmpty());
  }
}
