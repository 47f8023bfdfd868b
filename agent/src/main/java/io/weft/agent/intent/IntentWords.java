package io.weft.agent.intent;

import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.ResolvedNetwork;
import io.weft.kubernetes.intent.ResolvedTenant;
import io.weft.kubernetes.resource.EndpointBgpSpec;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.NetworkSpec;
import io.weft.kubernetes.resource.Tenant;
import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.evpn.DuplicateDetection;
import io.weft.overlay.node.Advertisements;
import io.weft.overlay.node.ClusterIntent;
import io.weft.overlay.node.ClusterIntent.SharedPort;
import io.weft.overlay.node.EgressIntent;
import io.weft.overlay.node.EndpointBgpIntent;
import io.weft.overlay.node.ForeignRoutes;
import io.weft.overlay.node.Multicast;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.TenantIntent;
import io.weft.overlay.node.Underlay;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** From what the resources say to what a brain is told. */
public final class IntentWords {
  /** BGP neighbours of a reflector at most; one more is refused. */
  public static final int MAX_PEERS = 4096;

  /** Routes of one neighbour at most; a neighbour that sends more is shut. */
  public static final int MAX_ROUTES_PER_PEER = 4_000_000;

  private IntentWords() {}

  /**
   * The node's part: peers are the reflectors and the further neighbours, but never itself. A node
   * whose own address is among the reflectors' reflects.
   */
  public static NodeIntent node(Intent intent, List<IpAddress> self) {
    var fabric = intent.fabric().spec();
    var networks =
        intent.networks().values().stream().map(network -> network(intent, network)).toList();
    boolean reflects = self.stream().anyMatch(fabric.reflectors().addresses()::contains);
    var neighbours = new PeerWords(fabric, self, reflects);
    return new NodeIntent(
            fabric.asn(),
            neighbours.peers(),
            neighbours.ranges(),
            fabric.holdSeconds(),
            fabric.restartSeconds(),
            fabric.longLivedSeconds(),
            networks)
        .withTenants(tenants(intent))
        .withDuplicates(duplicates(fabric.duplicates()));
  }

  private static DuplicateDetection.Limits duplicates(FabricSpec.Duplicates spec) {
    return new DuplicateDetection.Limits(
        spec.moves(),
        TimeUnit.SECONDS.toNanos(spec.seconds()),
        TimeUnit.SECONDS.toNanos(spec.recoverSeconds()));
  }

  private static Advertisements advertisements(NetworkSpec.Advertising advertising) {
    return switch (advertising) {
      case NONE -> Advertisements.NONE;
      case ROUTES -> Advertisements.ROUTES;
      case ADDRESSES -> Advertisements.ADDRESSES;
    };
  }

  private static Multicast multicast(NetworkSpec.Multicast multicast) {
    return switch (multicast) {
      case FLOOD -> Multicast.FLOOD;
      case SNOOPING -> Multicast.SNOOPING;
      case SELECTIVE -> Multicast.SELECTIVE;
    };
  }

  private static NetworkIntent network(Intent intent, ResolvedNetwork network) {
    var spec = network.network().spec();
    return new NetworkIntent(
        network.name(),
        spec.tenant(),
        network.vni(),
        spec.subnets(),
        network.imports(),
        network.exports(),
        spec.mtu(),
        gateways(intent, network),
        advertisements(spec.advertising()),
        spec.bgp().map(bgp -> bgp(bgp, intent.fabric().spec())),
        multicast(spec.multicast()));
  }

  private static EndpointBgpIntent bgp(EndpointBgpSpec spec, FabricSpec fabric) {
    return new EndpointBgpIntent(
        spec.asn().orElse(fabric.asn()),
        spec.prefixes().stream().map(PolicyWords::range).toList(),
        spec.maximumPrefixes(),
        spec.advertise() == EndpointBgpSpec.Advertise.DEFAULT);
  }

  private static List<TenantIntent> tenants(Intent intent) {
    return intent.tenants().values().stream()
        .flatMap(
            tenant ->
                tenant.l3Vni().stream()
                    .map(
                        vni ->
                            new TenantIntent(tenant.name(), vni, tenant.imports(), tenant.exports())
                                .withEgress(egress(intent, tenant))
                                .withForeign(foreign(tenant))))
        .toList();
  }

  private static List<ForeignRoutes> foreign(ResolvedTenant tenant) {
    return tenant.reaches().stream()
        .map(reach -> new ForeignRoutes(reach.tenant(), reach.targets(), reach.prefixes()))
        .toList();
  }

  private static Optional<EgressIntent> egress(Intent intent, ResolvedTenant tenant) {
    if (tenant.tenant().spec().egress() == Tenant.Egress.NONE) {
      return Optional.empty();
    }
    var networks =
        intent.networks().values().stream()
            .map(network -> network.network().spec())
            .filter(network -> network.tenant().filter(tenant.name()::equals).isPresent())
            .toList();
    var gateways = networks.stream().flatMap(network -> network.gateways().stream()).toList();
    return Optional.of(
        new EgressIntent(
            gateways.stream().anyMatch(IpAddress::isIpv4),
            gateways.stream().anyMatch(gateway -> !gateway.isIpv4()),
            networks.stream().flatMap(network -> network.subnets().stream()).toList(),
            tenant.tenant().spec().egress() == Tenant.Egress.CLUSTER
                ? Optional.of(cluster(intent, tenant))
                : Optional.empty()));
  }

  /** Where two networks are the default, none is. */
  private static ClusterIntent cluster(Intent intent, ResolvedTenant tenant) {
    var shared =
        tenant.tenant().spec().shares().stream()
            .map(port -> new SharedPort(port.udp(), port.number()))
            .toList();
    var services = intent.fabric().spec().services();
    var defaults =
        intent.networks().values().stream()
            .map(ResolvedNetwork::network)
            .filter(network -> network.spec().namespaces().byDefault())
            .toList();
    if (defaults.size() != 1) {
      return new ClusterIntent("", List.of(), false, shared, services);
    }
    var only = defaults.getFirst();
    boolean member = only.spec().tenant().filter(tenant.name()::equals).isPresent();
    return new ClusterIntent(only.name(), only.spec().subnets(), member, shared, services);
  }

  /** None where the tenant does not route. */
  private static List<HostAddress> gateways(Intent intent, ResolvedNetwork network) {
    var spec = network.network().spec();
    boolean routes =
        spec.tenant()
            .flatMap(tenant -> Optional.ofNullable(intent.tenants().get(tenant)))
            .flatMap(ResolvedTenant::l3Vni)
            .isPresent();
    return !routes
        ? List.of()
        : spec.gateways().stream()
            .flatMap(
                gateway ->
                    spec.subnets().stream()
                        .filter(subnet -> subnet.contains(gateway))
                        .map(subnet -> new HostAddress(gateway, subnet.length())))
            .toList();
  }

  /** A reflector's part: everyone in the clients' prefixes may connect and is reflected to. */
  public static SpeakerConfig reflector(Intent intent, Underlay underlay) {
    var fabric = intent.fabric().spec();
    var neighbours = new PeerWords(fabric, underlay.vteps(), true);
    return new SpeakerConfig(
        fabric.asn(),
        underlay.routerId(),
        neighbours.peers(),
        neighbours.ranges(),
        true,
        fabric.holdSeconds(),
        fabric.restartSeconds(),
        fabric.longLivedSeconds(),
        MAX_PEERS,
        MAX_ROUTES_PER_PEER);
  }
}
