package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.KernelChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tenant's way out through its node: what of it stands when, and with which addresses. */
final class EgressTest {
  private static final NetworkIntent WEB = routed("web", "red", 100);
  private static final NetworkIntent SHOP = routed("shop", "blue", 101);
  private static final NetworkIntent PLAIN = OneNode.network("plain", "red", 102);
  private final OneNode one = new OneNode();

  private static NetworkIntent routed(String name, String tenant, int vni) {
    return OneNode.network(name, tenant, vni)
        .withGateways(List.of(new HostAddress(IpAddress.parse("192.168.1.1"), 24)));
  }

  private static TenantIntent tenant(String name, int l3Vni, boolean ipv4, boolean ipv6) {
    var target = RouteTarget.automatic(OneNode.AS, new Vni(l3Vni));
    return new TenantIntent(name, new Vni(l3Vni), List.of(target), List.of(target))
        .withEgress(
            ipv4 || ipv6
                ? Optional.of(
                    new EgressIntent(
                        ipv4,
                        ipv6,
                        List.of(IpPrefix.parse("192.168.1.0/24"), IpPrefix.parse("fd00:1::/64"))))
                : Optional.empty());
  }

  private void intend(TenantIntent... tenants) {
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(WEB, SHOP, PLAIN).withTenants(List.of(tenants))));
  }

  private void start(OneNode node, TenantIntent... tenants) {
    node.endOfRib();
    node.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(WEB, SHOP, PLAIN).withTenants(List.of(tenants))));
    node.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    node.give(new NodeEvent.KernelObserved(node.observable()));
  }

  private static boolean isEgress(Kind kind) {
    return kind.compareTo(Kind.EGRESS_FILTER) >= 0 && kind.compareTo(Kind.DEAD_END) <= 0;
  }

  private static List<ForwardingObject> egress(OneNode node) {
    return node.kernel.values().stream().filter(object -> isEgress(object.key().kind())).toList();
  }

  private static IpAddress outside(OneNode node, String namespace) {
    return node.kernel(Kind.EGRESS_ROUTE).stream()
        .map(EgressRoute.class::cast)
        .filter(route -> route.namespace().equals(namespace))
        .map(EgressRoute::via)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aWayOutComesWithTheFirstRoutedNetworkAndGoesWithTheLast() {
    start(one, tenant("red", 5001, true, false));
    one.attachNow(request("p", "plain", "192.168.1.20"));
    assertThat(egress(one)).as("pure Layer 2").isEmpty();
    assertThat(one.attachNow(request("a", "web", "192.168.1.10")))
        .isInstanceOf(AttachResult.Attached.class);
    var port = AddressPlan.egressPortName("weft-red");
    var outside = outside(one, "weft-red");
    assertThat(port).hasSize(15);
    assertThat(egress(one))
        .containsExactly(
            new EgressFilter("", true, List.of(OneNode.UNDERLAY.vtep())),
            new EgressFilter("weft-red", true),
            new EgressLink("weft-red", 1450, AddressPlan.egressPortName("weft-red")),
            new EgressPort(port, "weft-red", 1450),
            new EgressAddress("", port, outside, 31),
            new EgressAddress("weft-red", "egress", outside.plus(1), 31),
            new EgressRoute("weft-red", IpPrefix.parse("0.0.0.0/0"), outside),
            new DeadEnd("weft-red", IpPrefix.parse("192.168.1.0/24")));
    one.detach("a");
    assertThat(egress(one)).isEmpty();
    assertThat(one.kinds()).contains(Kind.PORT);
  }

  @ParameterizedTest
  @CsvSource({"true,false,1", "false,true,1", "true,true,2"})
  void eachFamilyThatHasAGateway(boolean ipv4, boolean ipv6, int routes) {
    start(one, tenant("red", 5001, ipv4, ipv6));
    one.attachNow(request("a", "web", "192.168.1.10"));
    assertThat(one.kernel(Kind.EGRESS_ADDRESS)).hasSize(2 * routes);
    assertThat(one.kernel(Kind.EGRESS_ROUTE)).hasSize(routes);
    assertThat(one.kernel(Kind.DEAD_END)).hasSize(routes);
    assertThat(one.kernel(Kind.EGRESS_ADDRESS))
        .allSatisfy(
            object -> {
              var address = (EgressAddress) object;
              var range =
                  address.address().isIpv4()
                      ? AddressPlan.EGRESS_RANGE
                      : AddressPlan.EGRESS_RANGE_IPV6;
              assertThat(range.contains(address.address())).isTrue();
              assertThat(address.prefixLength()).isEqualTo(address.address().bits() - 1);
            });
  }

  @Test
  void aWayOutGoesWithItsIntentAndOthersStay() {
    start(one, tenant("blue", 5002, true, false), tenant("red", 5001, true, false));
    one.attachNow(request("a", "web", "192.168.1.10"));
    one.attachNow(request("b", "shop", "192.168.1.10"));
    assertThat(outside(one, "weft-red")).isNotEqualTo(outside(one, "weft-blue"));
    var blue = outside(one, "weft-blue");
    one.forget();
    intend(tenant("blue", 5002, true, false), tenant("red", 5001, false, false));
    assertThat(egress(one)).noneMatch(object -> object.namespace().equals("weft-red"));
    assertThat(one.kernel(Kind.EGRESS_PORT)).hasSize(1);
    assertThat(one.batches.stream().flatMap(List::stream))
        .allMatch(change -> change instanceof KernelChange.Remove)
        .noneMatch(change -> change.key().namespace().equals("weft-blue"));
    assertThat(outside(one, "weft-blue")).isEqualTo(blue);
    intend(tenant("blue", 5002, false, false), tenant("red", 5001, false, false));
    assertThat(egress(one)).as("and the host's filter").isEmpty();
  }

  private static TenantIntent ofCluster(TenantIntent tenant, ClusterIntent cluster) {
    return tenant.withEgress(
        tenant
            .egress()
            .map(e -> new EgressIntent(e.ipv4(), e.ipv6(), e.inside(), Optional.of(cluster))));
  }

  /** The default network of a cluster, whose pods the node reaches, and they it. */
  @Test
  void theNodeReachesTheTenantOfTheDefaultNetworkAndSaysWhereItIs() {
    var subnet = IpPrefix.parse("192.168.1.0/24");
    var red =
        ofCluster(
            tenant("red", 5001, true, false),
            new ClusterIntent("web", List.of(subnet), true)
                .withServices(
                    List.of(IpPrefix.parse("10.96.0.0/12"), IpPrefix.parse("fd00:96::/108"))));
    start(one, red);
    one.attachNow(request("a", "web", "192.168.1.10"));
    var outside = outside(one, "weft-red");
    var port = AddressPlan.clusterPortName("weft-red");
    var vtep = OneNode.UNDERLAY.vtep();
    var host = new IpPrefix(vtep, vtep.bits());
    assertThat(port).hasSize(15);
    assertThat(egress(one))
        .contains(
            new EgressFilter("", true, List.of(vtep), List.of()),
            new EgressFilter("weft-red", true, List.of(vtep, AddressPlan.nodeAddress(vtep))),
            new EgressRoute("weft-red", IpPrefix.parse("10.96.0.0/12"), outside),
            new EgressLink("weft-red", 1450, port),
            new EgressPort(port, "weft-red", 1450),
            new EgressRoute("", subnet, outside.plus(1)),
            new EgressRoute("weft-red", host, outside));
    assertThat(one.announced().stream().map(Object::toString))
        .anyMatch(route -> route.contains(host.toString()));
    intend(tenant("red", 5001, true, false));
    assertThat(one.kernel(Kind.EGRESS_ROUTE))
        .containsExactly(new EgressRoute("weft-red", IpPrefix.parse("0.0.0.0/0"), outside));
    assertThat(one.kernel(Kind.EGRESS_PORT)).hasSize(1);
    assertThat(one.announced().stream().map(Object::toString))
        .noneMatch(route -> route.contains(host.toString()));
  }

  private static final ClusterIntent CLUSTER =
      new ClusterIntent("pods", List.of(IpPrefix.parse("10.244.0.0/24")), false);

  /** Pods with one address get two that the cluster knows, each routed to its own tenant alone. */
  @Test
  void podsOfOtherNetworksHaveAnAddressOfTheClusters() {
    var tenants =
        new TenantIntent[] {
          ofCluster(tenant("blue", 5002, true, false), CLUSTER),
          ofCluster(tenant("red", 5001, true, false), CLUSTER)
        };
    start(one, tenants);
    var red = (AttachResult.Attached) one.attachNow(request("a", "web", "192.168.1.10"));
    var blue = (AttachResult.Attached) one.attachNow(request("b", "shop", "192.168.1.10"));
    assertThat(red.cluster()).singleElement().isNotEqualTo(blue.cluster().getFirst());
    var again = (AttachResult.Attached) one.attachNow(request("a", "web", "192.168.1.10"));
    assertThat(again).isEqualTo(red);
    var known = new IpPrefix(red.cluster().getFirst(), 32);
    assertThat(CLUSTER.subnets().getFirst().contains(known.address())).isTrue();
    assertThat(one.kernel(Kind.EGRESS_ROUTE))
        .contains(
            new EgressRoute("", known, outside(one, "weft-red").plus(1)),
            new EgressRoute(
                "",
                new IpPrefix(blue.cluster().getFirst(), 32),
                outside(one, "weft-blue").plus(1)));
    assertThat(one.announced().stream().map(Object::toString))
        .anyMatch(route -> route.contains(known.toString()));

    var restarted = new OneNode();
    restarted.kernel.putAll(one.kernel);
    start(restarted, tenants);
    assertThat(restarted.batches).isEmpty();
    assertThat(restarted.attachNow(request("a", "web", "192.168.1.10")))
        .isInstanceOfSatisfying(
            AttachResult.Attached.class,
            attached -> assertThat(attached.cluster()).isEqualTo(red.cluster()));
    restarted.detach("a");
    assertThat(restarted.kernel(Kind.EGRESS_ROUTE))
        .noneMatch(route -> ((EgressRoute) route).prefix().equals(known));
    assertThat(restarted.kernel(Kind.ENDPOINT_ROUTE)).hasSize(1);
  }

  private static final IpAddress OTHER = IpAddress.parse("10.0.0.2");

  /** Another node says that the prefix is there, in the tenant with this L3 VNI. */
  private static IpPrefixRoute said(String prefix, int l3Vni, int label, String gateway) {
    var rd = RouteDistinguisher.of((Ipv4Address) OTHER, l3Vni);
    return new IpPrefixRoute(
        rd, Esi.ZERO, 0, IpPrefix.parse(prefix), IpAddress.parse(gateway), label);
  }

  /** The other node says that a host of the default network has the address. */
  private static MacIpAdvertisement host(String address) {
    return new MacIpAdvertisement(
        RouteDistinguisher.of((Ipv4Address) OTHER, 103),
        Esi.ZERO,
        0,
        OneNode.macOf(address),
        Optional.of(IpAddress.parse(address)),
        103,
        OptionalInt.of(5003));
  }

  private static PathAttributes with(int... vnis) {
    var communities = new ArrayList<ExtendedCommunity>();
    communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    for (int vni : vnis) {
      communities.add(ExtendedCommunity.of(RouteTarget.automatic(OneNode.AS, new Vni(vni))));
    }
    communities.add(ExtendedCommunity.routersMac(MacAddress.parse("02:00:00:00:00:02")));
    return PathAttributes.originated(OTHER, communities, Optional.empty());
  }

  private List<ForwardingObject> fromTheNode() {
    return one.kernel(Kind.EGRESS_ROUTE).stream()
        .filter(route -> route.namespace().isEmpty())
        .toList();
  }

  /** What a connection lets in is not the tenant's: its own way stays the node's. */
  @Test
  void aConnectionTakesNothingOverThatTheNodeReaches() {
    var subnet = IpPrefix.parse("10.244.0.0/24");
    var pods =
        OneNode.network("pods", "pods", 103, "10.244.0.0/24")
            .withGateways(List.of(new HostAddress(IpAddress.parse("10.244.0.1"), 24)));
    var intents = List.of(tenant("blue", 5002, true, false), tenant("pods", 5003, true, false));
    var blue = ofCluster(intents.getFirst(), CLUSTER);
    var member =
        intents
            .getLast()
            .withEgress(
                Optional.of(
                    new EgressIntent(
                        true,
                        false,
                        List.of(subnet),
                        Optional.of(new ClusterIntent("pods", List.of(subnet), true)))));
    var targets = List.copyOf(intents.getLast().importTargets());
    var connected = blue.withForeign(List.of(new ForeignRoutes("pods", targets, List.of())));
    var intent = OneNode.intent(SHOP, pods);
    one.endOfRib();
    one.give(new NodeEvent.IntentChanged(intent.withTenants(List.of(connected, member))));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(one.observable()));
    one.attachNow(request("a", "pods", "10.244.0.10"));
    one.say(said("10.244.0.20/32", 5003, 5003, "0.0.0.0"), with(5003));
    var shop = (AttachResult.Attached) one.attachNow(request("b", "shop", "192.168.1.10"));
    one.say(said("10.244.0.21/32", 5003, 5003, "0.0.0.0"), with(5003));
    assertThat(one.kernel(Kind.TENANT_ROUTE))
        .as("the connection lets them in")
        .filteredOn(route -> route.namespace().equals("weft-blue"))
        .hasSizeGreaterThan(2);
    var known = new IpPrefix(shop.cluster().getFirst(), 32);
    var expected =
        List.of(
            new EgressRoute("", subnet, outside(one, "weft-pods").plus(1)),
            new EgressRoute("", known, outside(one, "weft-blue").plus(1)));
    assertThat(fromTheNode()).containsExactlyInAnyOrderElementsOf(expected);
    one.give(new NodeEvent.IntentChanged(intent.withTenants(List.of(blue, member))));
    assertThat(fromTheNode()).containsExactlyInAnyOrderElementsOf(expected);

    // A gateway of blue's says to be what a pod of the default network is, here and elsewhere.
    one.say(said("10.244.0.10/32", 5002, 5002, "0.0.0.0"), with(5002));
    one.say(host("10.244.0.30"), with(103, 5003));
    one.say(said("10.244.0.30/32", 5002, 5002, "0.0.0.0"), with(5002));
    one.say(said("10.244.0.31/32", 5002, 5002, "0.0.0.0"), with(5002));
    one.say(host("10.244.0.31"), with(103, 5003));
    assertThat(fromTheNode()).containsExactlyInAnyOrderElementsOf(expected);
    one.unsay(host("10.244.0.31"));
    var afterwards = new ArrayList<ForwardingObject>(expected);
    var last = IpPrefix.parse("10.244.0.31/32");
    afterwards.add(new EgressRoute("", last, outside(one, "weft-blue").plus(1)));
    assertThat(fromTheNode()).containsExactlyInAnyOrderElementsOf(afterwards);
    one.give(new NodeEvent.IntentChanged(intent.withTenants(List.of(blue, member))));
    assertThat(fromTheNode()).containsExactlyInAnyOrderElementsOf(afterwards);
  }

  /** As an address of the cluster's only what nodes of the tenant say of a single pod. */
  @Test
  void theNodeReachesNothingThatGatewaysSay() {
    start(one, ofCluster(tenant("red", 5001, true, false), CLUSTER));
    one.attachNow(request("a", "web", "192.168.1.10"));
    var own = fromTheNode();
    assertThat(own).hasSize(1);
    one.say(said("10.244.0.128/25", 5001, 5001, "0.0.0.0"), with(5001));
    one.say(said("10.244.0.201/32", 5001, 7777, "0.0.0.0"), with(5001));
    one.say(said("10.244.0.202/32", 5001, 0, "192.168.1.10"), with(5001));
    one.attachNow(request("c", "web", "192.168.1.11"));
    assertThat(one.kernel(Kind.TENANT_ROUTE)).hasSizeGreaterThan(1);
    assertThat(fromTheNode()).hasSize(2).containsAll(own);
    one.say(said("10.244.0.203/32", 5001, 5001, "0.0.0.0"), with(5001));
    assertThat(fromTheNode())
        .contains(
            new EgressRoute(
                "", IpPrefix.parse("10.244.0.203/32"), outside(one, "weft-red").plus(1)));
  }

  /** As where two nodes gave out one address without a store: none of them is forgotten. */
  @Test
  void theNextThatHasAnAddressGetsItWhenTheFirstGoes() {
    start(
        one,
        ofCluster(tenant("blue", 5002, true, false), CLUSTER),
        ofCluster(tenant("red", 5001, true, false), CLUSTER));
    one.attachNow(request("a", "web", "192.168.1.10"));
    one.attachNow(request("b", "shop", "192.168.1.10"));
    var address = IpPrefix.parse("10.244.0.203/32");
    var blue = said("10.244.0.203/32", 5002, 5002, "0.0.0.0");
    var inRed = new EgressRoute("", address, outside(one, "weft-red").plus(1));
    var inBlue = new EgressRoute("", address, outside(one, "weft-blue").plus(1));
    one.say(said("10.244.0.203/32", 5001, 5001, "0.0.0.0"), with(5001));
    assertThat(fromTheNode()).contains(inRed);
    one.say(blue, with(5002));
    assertThat(fromTheNode()).as("whoever came first").contains(inBlue).doesNotContain(inRed);
    one.unsay(blue);
    assertThat(fromTheNode()).contains(inRed).doesNotContain(inBlue);
    one.unsay(said("10.244.0.203/32", 5001, 5001, "0.0.0.0"));
    assertThat(fromTheNode()).hasSize(2).doesNotContain(inRed);
  }

  @Test
  void aSubnetThatOverlapsTheDefaultNetworksIsRefused() {
    var wide = List.of(IpPrefix.parse("192.168.0.0/16"));
    start(one, ofCluster(tenant("red", 5001, true, false), new ClusterIntent("pods", wide, false)));
    assertThat(one.attachNow(request("a", "web", "192.168.1.10")))
        .isInstanceOfSatisfying(
            AttachResult.Refused.class,
            refused -> assertThat(refused.message()).contains("192.168.1.0/24", "'pods'"));
  }

  /** What the cluster knows others by is nobody's to say. */
  @Test
  void noEndpointIsARouterToTheClustersAddresses() {
    start(one, ofCluster(tenant("red", 5001, true, false), CLUSTER));
    var thief =
        request("a", "web", "192.168.1.10").withPrefixes(List.of(IpPrefix.parse("10.244.0.7/32")));
    assertThat(one.attachNow(thief)).isInstanceOf(AttachResult.Refused.class);
  }

  @Test
  void aRestartKeepsTheAddressesAndWritesNothing() {
    start(one, tenant("blue", 5002, true, true), tenant("red", 5001, true, true));
    one.attachNow(request("a", "web", "192.168.1.10"));
    one.attachNow(request("b", "shop", "192.168.1.10"));
    var restarted = new OneNode();
    restarted.kernel.putAll(one.kernel);
    start(restarted, tenant("blue", 5002, true, true), tenant("red", 5001, true, true));
    assertThat(restarted.batches).isEmpty();
  }

  /** Where two names lead to one place the second goes on; who stands keeps its own. */
  @Test
  void numbersAreUniqueAndStay() {
    var plan = new ForwardingPlan();
    var ways = new WaysOut(plan);
    var intent = new EgressIntent(true, false, List.of());
    var wanted = new TreeMap<String, EgressIntent>();
    for (int i = 0; i < 2000; i++) {
      wanted.put("weft-t" + i, intent);
    }
    ways.change(wanted, OneNode.UNDERLAY);
    var first = addresses(plan);
    assertThat(new TreeSet<>(first)).hasSize(2 * 2000);
    plan.observeAll(List.copyOf(plan.desired()));
    var again = new WaysOut(plan);
    again.change(wanted, OneNode.UNDERLAY);
    assertThat(addresses(plan)).isEqualTo(first);
    wanted.remove("weft-t0");
    again.change(wanted, OneNode.UNDERLAY);
    assertThat(first).containsAll(addresses(plan));
  }

  private static List<String> addresses(ForwardingPlan plan) {
    return plan.desired().stream()
        .filter(EgressAddress.class::isInstance)
        .map(EgressAddress.class::cast)
        .map(address -> address.namespace() + address.device() + " " + address.address())
        .toList();
  }

  @Test
  void aKernelWithoutNftablesHurtsNothingElse() {
    one.refusing.addAll(
        List.of(
            Kind.EGRESS_FILTER,
            Kind.EGRESS_LINK,
            Kind.EGRESS_PORT,
            Kind.EGRESS_ADDRESS,
            Kind.EGRESS_ROUTE));
    start(one, tenant("red", 5001, true, false));
    assertThat(one.attachNow(request("a", "web", "192.168.1.10")))
        .isInstanceOf(AttachResult.Attached.class);
    assertThat(one.node.view().kernelFailures())
        .anySatisfy(failure -> assertThat(failure.reason()).isEqualTo("no, says the kernel"));
    one.refusing.clear();
    one.pass(120_000_000_000L);
    assertThat(one.kernel(Kind.EGRESS_ROUTE)).hasSize(1);
  }
}
