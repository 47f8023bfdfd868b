package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.RouteType;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.Ipv6Routing;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingNeighbour;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.TransitGuard;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.node.NodeEvent.Observation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Against the real kernel: gateways, the L3 VNI, and the routes of a tenant. */
class RoutedTablesTest extends TenantKernel {
  private static final Vni VNI = new Vni(100);
  private static final Vni L3 = new Vni(5001);
  private static final MacAddress GATEWAY = MacAddress.parse("00:00:5e:00:01:01");
  private static final MacAddress ROUTER = MacAddress.parse("0a:5a:7f:00:00:02");
  private static final MacAddress FAR_ROUTER = MacAddress.parse("0a:5a:7f:00:00:03");
  private static final MacAddress DEVICE = MacAddress.parse("02:00:00:00:00:02");
  private static final IpAddress VTEP = IpAddress.parse("127.0.0.2");
  private static final IpAddress FAR = IpAddress.parse("10.0.0.3");
  private static final IpAddress FAR_MAPPED = IpAddress.parse("::ffff:10.0.0.3");

  private static final Vni FOREIGN = new Vni(6001);
  private static final Vni ID = new Vni(1_234_567);
  private static final MacAddress SENDER = MacAddress.parse("0a:52:7f:00:00:02");
  private static final IpAddress OTHER = IpAddress.parse("10.0.0.4");
  private static final MacAddress OTHER_ROUTER = MacAddress.parse("0a:5a:7f:00:00:04");

  private GatewayAddress gateway() {
    return new GatewayAddress(tenant, VNI, IpAddress.parse("10.0.0.1"), 24);
  }

  private TenantRoute route(String prefix) {
    return new TenantRoute(tenant, IpPrefix.parse(prefix), L3, FAR);
  }

  private TenantRoute way(String prefix, TenantHop... hops) {
    return new TenantRoute(tenant, IpPrefix.parse(prefix), List.of(hops));
  }

  /** The tenant's own addresses are those of the underlay too: nothing of it meets. */
  @Override
  List<ForwardingObject> everything() {
    return List.of(
        new TenantNamespace(tenant),
        new Bridge(tenant, VNI, GATEWAY, 1450, true),
        new Bridge(tenant, L3, ROUTER, 1450, true),
        Ipv6Routing.of(tenant, VNI),
        Ipv6Routing.of(tenant, L3),
        gateway(),
        new GatewayAddress(tenant, VNI, IpAddress.parse("fd00:1::1"), 64),
        new GatewayAddress(tenant, VNI, AddressPlan.GATEWAY_LINK_LOCAL, 64),
        new GatewayAddress(tenant, L3, AddressPlan.ROUTER_ADDRESS, 32),
        new VxlanPort(tenant, L3, VTEP, DEVICE, 1450),
        new VxlanFdbEntry(tenant, L3, FAR_ROUTER, FAR, L3),
        new BridgeFdbEntry(tenant, L3, FAR_ROUTER),
        new NeighbourEntry(tenant, L3, FAR, FAR_ROUTER),
        new NeighbourEntry(tenant, L3, FAR_MAPPED, FAR_ROUTER),
        new NeighbourEntry(tenant, L3, OTHER, OTHER_ROUTER),
        new SendingPort(tenant, FOREIGN, ID, VTEP, SENDER, 1450),
        new SendingFdbEntry(tenant, FOREIGN, FAR_ROUTER, FAR),
        new SendingFdbEntry(tenant, FOREIGN, ROUTER, VTEP),
        new SendingNeighbour(tenant, FOREIGN, FAR, FAR_ROUTER),
        new SendingNeighbour(tenant, FOREIGN, VTEP, ROUTER),
        new TransitGuard(tenant, L3),
        route("192.168.2.20/32"),
        route("192.168.2.0/24"),
        way("fd00:2::/64", TenantHop.over(L3, FAR_MAPPED)),
        way(
            "fd00:3::/64",
            TenantHop.over(L3, FAR_MAPPED),
            TenantHop.over(L3, IpAddress.parse("::ffff:10.0.0.4"))),
        way("172.16.0.0/16", TenantHop.sending(FOREIGN, FAR), TenantHop.sending(FOREIGN, VTEP)),
        way("0.0.0.0/0", TenantHop.over(L3, FAR), TenantHop.over(L3, OTHER)));
  }

  private static List<ForwardingObject> sorted(List<ForwardingObject> objects) {
    return objects.stream().sorted(Comparator.comparing(ForwardingObject::key)).toList();
  }

  @Test
  void aDumpShowsExactlyWhatWasPut() {
    standing();
    assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
    try (var restarted = agent()) {
      assertThat(sorted(restarted.dump())).isEqualTo(sorted(everything()));
      assertThat(restarted.drain(true)).isEmpty();
    }
    assertThat(put(everything())).as("again").isEmpty();
    assertThat(tables.drain(true)).isEmpty();
  }

  @Test
  void removesRowsAloneAndEverything() {
    standing();
    var rows = new ArrayList<>(everything().subList(10, everything().size()));
    rows.addAll(everything().subList(5, 8));
    assertThat(remove(rows)).isEmpty();
    assertThat(remove(rows)).as("gone already is fine").isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).hasSize(7);
    assertThat(remove(everything())).isEmpty();
    assertThat(NetworkNamespaces.exists(tenant)).isFalse();
  }

  @Test
  void onlyRoutedBridgesForward() {
    standing();
    put(List.of(new Bridge(tenant, new Vni(300), DEVICE, 1450, false)));
    assertThat(inTenant().requireLink("br300").forwarding()).isFalse();
    assertThat(inTenant().requireLink("br100").forwarding()).isTrue();
    put(List.of(new Bridge(tenant, VNI, GATEWAY, 1450, false)));
    assertThat(inTenant().requireLink("br100").forwarding()).isFalse();
  }

  @Test
  void theEndOfTheNamespaceIsBehindEveryOtherDefault() {
    standing();
    var defaults =
        inTenant().routes().stream()
            .filter(route -> route.prefix().equals(IpPrefix.parse("0.0.0.0/0")))
            .toList();
    assertThat(defaults)
        .extracting(Route::type)
        .containsExactlyInAnyOrder(RouteType.UNICAST, RouteType.UNREACHABLE);
    assertThat(inTenant().routeTo(IpAddress.parse("8.8.8.8")).link())
        .hasValue(inTenant().requireLink("br5001").index());
    assertThat(inTenant().routeTo(IpAddress.parse("172.16.9.9")).link())
        .hasValue(inTenant().requireLink("to6001").index());
  }

  @Test
  void seesAndMendsThatOthersSwitchIpv6RoutingOff() throws Exception {
    standing();
    for (var setting : List.of("force_forwarding", "forwarding", "accept_ra")) {
      var file = Path.of("/proc/sys/net/ipv6/conf/br100", setting);
      var flipped = setting.equals("accept_ra") ? "1" : "0";
      NetworkNamespaces.callIn(tenant, () -> Files.writeString(file, flipped));
      assertThat(tables.lookAround()).isEmpty();
      assertThat(tables.drain(true))
          .as(setting)
          .extracting(Observation::key)
          .containsExactly(
              setting.equals("accept_ra")
                  ? new Bridge(tenant, VNI, GATEWAY, 1450, false).key()
                  : Ipv6Routing.of(tenant, VNI).key());
      assertThat(put(everything())).isEmpty();
      assertThat(sorted(tables.dump())).as(setting).isEqualTo(sorted(everything()));
    }
  }

  @Test
  void seesWhatOthersDeleteAndAdd() {
    standing();
    var links = inTenant();
    int web = links.requireLink("br100").index();
    links.execute(
        new Request.DeleteRoute(
            Route.of(IpPrefix.parse("192.168.2.20/32")).withMetric(Rows.METRIC)));
    links.execute(new Request.DeleteAddress(Address.of(web, gateway().address(), 24)));
    links.execute(new Request.AddAddress(Address.of(web, IpAddress.parse("10.9.9.9"), 24)));
    var stranger = new GatewayAddress(tenant, VNI, IpAddress.parse("10.9.9.9"), 24);
    assertThat(tables.drain(true))
        .containsExactlyInAnyOrder(
            new Observation(route("192.168.2.20/32").key(), Optional.empty()),
            new Observation(gateway().key(), Optional.empty()),
            new Observation(stranger.key(), Optional.of(stranger)));
    assertThat(put(everything())).isEmpty();
    assertThat(remove(List.of(stranger))).isEmpty();
    assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
  }

  @Test
  void seesRoutesGoWithALinkThatWasDownForAMoment() {
    standing();
    Link bridge = inTenant().requireLink("br5001");
    inTenant().setLink(bridge.index(), LinkSettings.NONE.withUp(false));
    inTenant().setLink(bridge.index(), LinkSettings.UP);
    assertThat(tables.drain(true))
        .extracting(Observation::key)
        .contains(route("192.168.2.20/32").key(), route("192.168.2.0/24").key());
    assertThat(put(everything())).isEmpty();
    assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
  }

  @Test
  void seesARuleOfTheGuardGo() {
    standing();
    var guard = new TransitGuard(tenant, L3);
    inTenant().execute(new Request.DeleteRule(TransitRules.of(guard).get(3)));
    assertThat(tables.drain(true)).containsExactly(new Observation(guard.key(), Optional.empty()));
    assertThat(put(List.of(guard))).as("three of its rules stand").isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(inTenant().rules()).containsOnlyOnceElementsOf(TransitRules.of(guard));
    assertThat(remove(List.of(guard))).isEmpty();
    assertThat(inTenant().rules()).doesNotContainAnyElementsOf(TransitRules.of(guard));
  }

  @Test
  void waysComeAndGo() {
    standing();
    var several = way("172.16.0.0/16", TenantHop.over(L3, FAR), TenantHop.sending(FOREIGN, VTEP));
    assertThat(put(List.of(several))).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).contains(several);
    var one = way("172.16.0.0/16", TenantHop.sending(FOREIGN, FAR));
    assertThat(put(List.of(one))).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).contains(one);
    assertThat(remove(List.of(several))).as("whatever ways it has").isEmpty();
    assertThat(tables.dump())
        .extracting(ForwardingObject::key)
        .doesNotContain(one.key())
        .hasSize(everything().size() - 1);
  }

  /** The kernel drops all of a route with the device of one of its ways. */
  @Test
  void aRouteOutlivesTheDeviceOfOneOfItsWays() {
    standing();
    var both = way("172.20.0.0/16", TenantHop.over(L3, FAR), TenantHop.sending(FOREIGN, FAR));
    assertThat(put(List.of(both))).isEmpty();
    tables.drain(true);
    var gone =
        everything().stream()
            .filter(object -> object.key().vni() == FOREIGN.value())
            .map(object -> (KernelChange) new KernelChange.Remove(object))
            .toList()
            .reversed();
    var changes = new ArrayList<KernelChange>();
    changes.add(new KernelChange.Remove(route("172.16.0.0/16")));
    changes.addAll(gone);
    var left = way("172.20.0.0/16", TenantHop.over(L3, FAR));
    changes.add(new KernelChange.Put(left));
    assertThat(tables.apply(changes)).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump())
        .contains(left)
        .noneMatch(object -> object.key().vni() == FOREIGN.value());
  }

  @Test
  void mendsASendingDeviceAndItsRows() {
    standing();
    var links = inTenant();
    int device = links.requireLink("to6001").index();
    links.execute(
        new Request.PutFdb(
            new FdbEntry(
                device,
                FAR_ROUTER,
                FdbTable.SELF,
                Optional.of(FAR),
                FdbKind.EXTERN_LEARNED,
                false)));
    assertThat(tables.drain(true))
        .as("into the device's own number")
        .containsExactly(
            new Observation(
                new SendingFdbEntry(tenant, FOREIGN, FAR_ROUTER, FAR).key(), Optional.empty()));
    links.setLink(device, LinkSettings.NONE.withUp(false));
    assertThat(tables.drain(true))
        .extracting(Observation::key)
        .contains(route("172.16.0.0/16").key());
    links.deleteLink(device);
    tables.drain(true);
    assertThat(put(everything())).isEmpty();
    assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
    var moved = new SendingPort(tenant, FOREIGN, new Vni(77), VTEP, SENDER, 1400);
    assertThat(put(List.of(moved))).isEmpty();
    tables.drain(true);
    assertThat(tables.dump()).contains(moved);
  }

  /** An endpoint of this node, what others say, the node itself, nowhere. */
  @Test
  void waysToEverywhereComeOneBehindTheOther() {
    standing();
    var everywhere = IpPrefix.parse("0.0.0.0/0");
    var outside = IpAddress.parse("169.254.192.0");
    var byNode = new EgressRoute(tenant, everywhere, outside);
    var byEndpoint =
        new EndpointRoute(
            tenant, everywhere, List.of(TenantHop.over(VNI, IpAddress.parse("10.0.0.11"))));
    assertThat(
            put(
                List.of(
                    new EgressFilter("", true),
                    new EgressFilter(tenant, true),
                    new EgressLink(tenant, 1450, AddressPlan.egressPortName(tenant)),
                    new EgressAddress(tenant, EgressLink.NAME, outside.plus(1), 31),
                    byNode,
                    byEndpoint)))
        .isEmpty();
    assertThat(wayOut()).isEqualTo("br100");
    remove(List.of(byEndpoint));
    assertThat(wayOut()).isEqualTo("br5001");
    remove(List.of(route("0.0.0.0/0")));
    assertThat(wayOut()).isEqualTo(EgressLink.NAME);
    remove(List.of(byNode));
    assertThatThrownBy(this::wayOut).hasMessageContaining("EHOSTUNREACH");
  }

  private String wayOut() {
    int link = inTenant().routeTo(IpAddress.parse("8.8.8.8")).link().orElseThrow();
    return inTenant().link(link).orElseThrow().name();
  }

  /** A host would keep going to a router that is long detached. */
  @Test
  void aGatewayDoesNotTellItsHostsOfTheRouterBesideThem() throws Exception {
    standing();
    var router = namespaces.create("router");
    var pod = namespaces.create("pod");
    var mac = MacAddress.parse("02:00:00:00:00:0b");
    var behind = IpAddress.parse("10.50.0.1");
    assertThat(
            put(
                List.of(
                    port(pod, "eth0", "ep0000000000aa"),
                    routerPort(router, mac, "ep0000000000bb"),
                    new LocalFdbEntry(tenant, VNI, DEVICE, "ep0000000000aa"),
                    new LocalFdbEntry(tenant, VNI, mac, "ep0000000000bb"),
                    new EndpointRoute(
                        tenant,
                        IpPrefix.parse("10.50.0.0/16"),
                        List.of(TenantHop.over(VNI, IpAddress.parse("10.0.0.11")))))))
        .isEmpty();
    var links = namespaces.links(router);
    links.execute(new Request.AddAddress(Address.of(links.requireLink("lo").index(), behind, 32)));
    try (var echo = IcmpEcho.openIn(pod, behind)) {
      for (int i = 0; i < 8; i++) {
        Thread.sleep(60); // redirects are rare, and the first only makes a host ask for the router
        assertThat(echo.ping(56, Duration.ofSeconds(2))).isInstanceOf(EchoResult.Reply.class);
      }
    }
    assertThat(namespaces.links(pod).routeTo(behind).nextHops())
        .extracting(hop -> hop.via().orElseThrow())
        .containsExactly(IpAddress.parse("10.0.0.1"));
  }

  private EndpointPort routerPort(String pod, MacAddress mac, String port) {
    return new EndpointPort(
        tenant,
        port,
        VNI,
        "router",
        "web",
        mac,
        List.of(IpAddress.parse("10.0.0.11")),
        false,
        1450,
        Optional.of(
            new PodInterface(pod, "eth0", List.of(24), List.of(IpAddress.parse("10.0.0.1")))));
  }

  @Test
  void whatIsBehindEndpointsIsRoutedBeforeWhatOthersSayOfIt() {
    standing();
    var prefix = IpPrefix.parse("10.50.0.0/16");
    var one = TenantHop.over(VNI, IpAddress.parse("10.0.0.10"));
    var other = TenantHop.over(VNI, IpAddress.parse("10.0.0.11"));
    var remote = route("10.50.0.0/16");
    var both = new EndpointRoute(tenant, prefix, List.of(one, other));
    var alone = new EndpointRoute(tenant, prefix, List.of(other));
    assertThat(put(List.of(remote, both))).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).contains(both, remote);
    assertThat(inTenant().routeTo(IpAddress.parse("10.50.1.1")).link())
        .hasValue(inTenant().requireLink("br100").index());
    assertThat(put(List.of(alone))).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).contains(alone).doesNotContain(both);
    inTenant().execute(new Request.DeleteRoute(Rows.anyRoute(alone)));
    assertThat(tables.drain(true)).containsExactly(new Observation(alone.key(), Optional.empty()));
    assertThat(put(List.of(alone))).isEmpty();
    assertThat(remove(List.of(alone))).isEmpty();
    assertThat(remove(List.of(alone))).as("gone already is fine").isEmpty();
    assertThat(tables.dump()).contains(remote).doesNotContain(alone);
    var nowhere = TenantHop.over(VNI, IpAddress.parse("10.9.9.9"));
    assertThat(put(List.of(new EndpointRoute(tenant, prefix, List.of(nowhere)))))
        .as("an address in no subnet of the network")
        .hasSize(1);
  }

  @Test
  void aVtepMayHaveAnIpv6Address() {
    standing();
    var vtep = IpAddress.parse("fd00::3");
    var rows =
        List.<ForwardingObject>of(
            new NeighbourEntry(tenant, L3, vtep, FAR_ROUTER),
            new TenantRoute(tenant, IpPrefix.parse("192.168.3.0/24"), L3, vtep));
    assertThat(put(rows)).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).containsAll(rows);
    assertThat(remove(rows)).isEmpty();
    assertThat(sorted(tables.dump())).isEqualTo(sorted(everything()));
  }

  @Test
  void aPodGetsItsDefaultRouteUnlessItHasOne() {
    standing();
    var pod = namespaces.create("pod");
    assertThat(put(List.of(port(pod, "eth0", "ep0000000000aa")))).isEmpty();
    assertThat(put(List.of(port(pod, "eth1", "ep0000000000bb")))).isEmpty();
    var inside = namespaces.links(pod);
    assertThat(inside.routes())
        .filteredOn(route -> route.prefix().equals(IpPrefix.parse("0.0.0.0/0")))
        .singleElement()
        .satisfies(route -> assertThat(route.link()).hasValue(inside.requireLink("eth0").index()));
  }

  private EndpointPort port(String pod, String name, String port) {
    return new EndpointPort(
        tenant,
        port,
        VNI,
        name,
        "web",
        DEVICE,
        List.of(IpAddress.parse("10.0.0.10")),
        false,
        1450,
        Optional.of(
            new PodInterface(pod, name, List.of(24), List.of(IpAddress.parse("10.0.0.1")))));
  }
}
