package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
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
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.forwarding.TenantHop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the real kernel: tenants of one node that reach each other in foreign VNIs. */
class TenantsMeetTest {
  private static final MacAddress GATEWAY = MacAddress.parse("00:00:5e:00:01:01");
  private static final MacAddress ROUTER = MacAddress.parse("0a:5a:0a:ff:00:01");
  private static final MacAddress DEVICE = MacAddress.parse("0a:5e:0a:ff:00:01");
  private static final MacAddress SENDER = MacAddress.parse("0a:52:0a:ff:00:01");
  private static final MacAddress POD = MacAddress.parse("02:00:00:00:00:0a");
  private static final int MTU = 1450;

  private IpAddress vtep = IpAddress.parse("10.255.0.1");
  private TestNamespaces namespaces;
  private KernelTables tables;
  private final TreeMap<String, String> pods = new TreeMap<>();

  /** A tenant with one network, whose pod has the address 10 in it. */
  private record Tenant(String name, int network, int l3Vni, String subnet, String subnet6) {
    Vni vni() {
      return new Vni(network);
    }

    Vni l3() {
      return new Vni(l3Vni);
    }

    IpAddress host(int number) {
      return IpPrefix.parse(subnet).address().plus(number);
    }

    IpAddress host6(int number) {
      return IpPrefix.parse(subnet6).address().plus(number);
    }
  }

  private static final Tenant RED = new Tenant("red", 100, 5001, "192.168.1.0/24", "fd00:1::/64");
  private static final Tenant BLUE = new Tenant("blue", 200, 6001, "172.16.1.0/24", "fd00:2::/64");
  private static final Tenant GREEN =
      new Tenant("green", 300, 7001, "172.30.1.0/24", "fd00:3::/64");

  private void open() throws Exception {
    namespaces = new TestNamespaces();
    var underlay = namespaces.create("underlay");
    var links = namespaces.links(underlay);
    int loopback = links.requireLink("lo").index();
    links.execute(new Request.SetLink(loopback, LinkSettings.UP));
    links.execute(new Request.AddAddress(Address.of(loopback, vtep, vtep.bits())));
    tables =
        namespaces.closing(
            NetworkNamespaces.callIn(underlay, () -> new KernelTables(namespaces.prefix())));
    for (var tenant : List.of(RED, BLUE, GREEN)) {
      pods.put(tenant.name(), namespaces.create(tenant.name() + "pod"));
    }
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private String space(Tenant tenant) {
    return namespaces.prefix() + tenant.name();
  }

  private String pod(Tenant tenant) {
    return pods.getOrDefault(tenant.name(), "");
  }

  /** The next hop of IPv6 over an IPv4 VTEP is mapped from it. */
  private IpAddress ipv6Via() {
    return vtep instanceof Ipv4Address v4 ? Ipv6Address.mapped(v4) : vtep;
  }

  private List<ForwardingObject> objects(Tenant tenant) {
    var space = space(tenant);
    var port = "ep000000000" + tenant.network();
    return List.of(
        new TenantNamespace(space),
        new Bridge(space, tenant.vni(), GATEWAY, MTU, true),
        Ipv6Routing.of(space, tenant.vni()),
        new Bridge(space, tenant.l3(), ROUTER, MTU, true),
        Ipv6Routing.of(space, tenant.l3()),
        new GatewayAddress(space, tenant.vni(), tenant.host(1), 24),
        new GatewayAddress(space, tenant.vni(), tenant.host6(1), 64),
        new GatewayAddress(space, tenant.vni(), AddressPlan.GATEWAY_LINK_LOCAL, 64),
        new GatewayAddress(space, tenant.l3(), AddressPlan.ROUTER_ADDRESS, 32),
        new VxlanPort(space, tenant.l3(), vtep, DEVICE, MTU),
        new EndpointPort(
            space,
            port,
            tenant.vni(),
            "pod",
            "net",
            POD,
            List.of(tenant.host(10), tenant.host6(10)),
            false,
            MTU,
            Optional.of(
                new PodInterface(
                    pod(tenant),
                    "eth0",
                    List.of(24, 64),
                    List.of(tenant.host(1), tenant.host6(1))))),
        new LocalFdbEntry(space, tenant.vni(), POD, port),
        new NeighbourEntry(space, tenant.vni(), tenant.host(10), POD),
        new NeighbourEntry(space, tenant.vni(), tenant.host6(10), POD));
  }

  /** What leads from one tenant to another's VNI on this very node. */
  private List<ForwardingObject> way(Tenant from, Tenant to, int id, Tenant... reached) {
    var space = space(from);
    var objects = new ArrayList<ForwardingObject>();
    objects.add(new SendingPort(space, to.l3(), new Vni(id), vtep, SENDER, MTU));
    objects.add(new SendingFdbEntry(space, to.l3(), ROUTER, vtep));
    objects.add(new SendingNeighbour(space, to.l3(), vtep, ROUTER));
    if (vtep.isIpv4()) {
      objects.add(new SendingNeighbour(space, to.l3(), ipv6Via(), ROUTER));
    }
    for (var tenant : reached) {
      var hop = TenantHop.sending(to.l3(), vtep);
      objects.add(new TenantRoute(space, IpPrefix.parse(tenant.subnet()), List.of(hop)));
      var hop6 = TenantHop.sending(to.l3(), ipv6Via());
      objects.add(new TenantRoute(space, IpPrefix.parse(tenant.subnet6()), List.of(hop6)));
    }
    return objects;
  }

  private void put(List<ForwardingObject> objects) {
    assertThat(tables.apply(objects.stream().<KernelChange>map(KernelChange.Put::new).toList()))
        .isEmpty();
  }

  private EchoResult ping(Tenant from, IpAddress to) {
    try (var echo = IcmpEcho.openIn(pod(from), to)) {
      return echo.ping(1000, Duration.ofMillis(500));
    }
  }

  private void assertMeet(boolean meet, Tenant from, Tenant to) {
    assertThat(ping(from, to.host(10)) instanceof EchoResult.Reply)
        .as("IPv4, %s to %s", from.name(), to.name())
        .isEqualTo(meet);
    assertThat(ping(from, to.host6(10)) instanceof EchoResult.Reply)
        .as("IPv6, %s to %s", from.name(), to.name())
        .isEqualTo(meet);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.255.0.1", "fd00:ffff::1"})
  void tenantsOfOneNodeReachEachOtherAndNobodyThroughThem(String address) throws Exception {
    vtep = IpAddress.parse(address);
    open();
    List.of(RED, BLUE, GREEN).forEach(tenant -> put(objects(tenant)));
    assertMeet(false, RED, BLUE);
    // Blue reaches green too, and red asks blue for everything.
    put(way(RED, BLUE, 11, BLUE, GREEN));
    put(way(BLUE, RED, 12, RED));
    put(way(BLUE, GREEN, 13, GREEN));
    put(way(GREEN, RED, 14, RED));
    put(way(GREEN, BLUE, 15, BLUE));
    assertMeet(true, RED, BLUE);
    assertMeet(true, BLUE, RED);
    assertMeet(true, BLUE, GREEN);
    assertMeet(true, RED, GREEN); // unguarded
    put(List.of(new TransitGuard(space(BLUE), BLUE.l3())));
    assertMeet(false, RED, GREEN);
    assertMeet(true, RED, BLUE);
    assertMeet(true, BLUE, GREEN);
    assertThat(tables.drain(true)).isEmpty();
  }
}
