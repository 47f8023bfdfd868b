package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
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
import io.weft.overlay.forwarding.ForwardingObject.UnderlayRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.forwarding.UnknownUnicast;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;

/**
 * Every kind of object that Weft has in a kernel, but for taps, in one tenant, kept by the plan of
 * production: what differs is written again.
 */
abstract class KeptKernel extends TenantKernel {
  static final Vni VNI = new Vni(100);
  static final Vni L3 = new Vni(5001);
  static final Vni FOREIGN = new Vni(6001);
  static final String PORT = "ep0123456789ab";
  static final MacAddress LOCAL = MacAddress.parse("0a:58:c0:a8:01:0a");
  static final MacAddress REMOTE = MacAddress.parse("0a:58:c0:a8:01:14");
  static final MacAddress ROUTER = MacAddress.parse("0a:5a:7f:00:00:02");
  static final MacAddress FAR_ROUTER = MacAddress.parse("0a:5a:7f:00:00:03");
  static final IpAddress VTEP = IpAddress.parse("10.0.0.2");
  static final IpAddress FAR = IpAddress.parse("10.0.0.3");
  static final IpAddress FARTHER = IpAddress.parse("10.0.0.4");
  private static final IpAddress FAR_MAPPED = IpAddress.parse("::ffff:10.0.0.3");

  final ForwardingPlan plan = new ForwardingPlan();
  String pod;
  String egressPort;

  @BeforeEach
  void connect() {
    pod = namespaces.create("pod");
    egressPort = AddressPlan.egressPortName(tenant);
    var node = namespaces.links(underlay);
    var world = namespaces.links(namespaces.create("world"));
    var pair =
        node.createVeth(
            "eth0", LinkSettings.UP.withForwarding(true), "eth0", LinkSettings.UP, world);
    node.setLink(node.requireLink("lo").index(), LinkSettings.UP);
    node.execute(new Request.AddAddress(Address.of(pair.link().index(), VTEP, 24)));
    node.execute(
        new Request.AddRoute(
            Route.of(IpPrefix.parse("0.0.0.0/0"), NextHop.via(FAR, pair.link().index()))));
  }

  @Override
  List<ForwardingObject> everything() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(new UnderlayRoute(IpPrefix.parse("10.1.0.0/16"), List.of(FAR)));
    objects.add(new UnderlayRoute(IpPrefix.parse("10.2.0.0/16"), List.of(FAR, FARTHER)));
    objects.add(new TenantNamespace(tenant));
    objects.addAll(segment());
    objects.addAll(routing());
    objects.addAll(wayOut());
    return objects;
  }

  private List<ForwardingObject> segment() {
    return List.of(
        new Bridge(tenant, VNI, AddressPlan.GATEWAY_MAC, 1450, true),
        Ipv6Routing.of(tenant, VNI),
        new GatewayAddress(tenant, VNI, IpAddress.parse("192.168.1.1"), 24),
        new GatewayAddress(tenant, VNI, IpAddress.parse("fd00:1::1"), 64),
        new GatewayAddress(tenant, VNI, AddressPlan.GATEWAY_LINK_LOCAL, 64),
        new VxlanPort(tenant, VNI, VTEP, MacAddress.parse("02:00:00:00:00:02"), 1450),
        new EndpointPort(
            tenant,
            PORT,
            VNI,
            "web-1",
            "red-web",
            LOCAL,
            List.of(IpAddress.parse("192.168.1.10"), IpAddress.parse("fd00:1::a")),
            true,
            1450,
            Optional.of(new PodInterface(pod, "eth0", List.of(24, 64)))),
        new LocalFdbEntry(tenant, VNI, LOCAL, PORT),
        new VxlanFdbEntry(tenant, VNI, REMOTE, FAR, VNI),
        new BridgeFdbEntry(tenant, VNI, REMOTE),
        new FloodEntry(tenant, VNI, FAR, VNI),
        new FloodEntry(tenant, VNI, FARTHER, new Vni(7)),
        new UnknownUnicast(tenant, VNI, false),
        new NeighbourEntry(tenant, VNI, IpAddress.parse("192.168.1.20"), REMOTE),
        new NeighbourEntry(tenant, VNI, IpAddress.parse("fd00:1::14"), REMOTE),
        new EndpointRoute(
            tenant,
            IpPrefix.parse("172.20.0.0/16"),
            List.of(TenantHop.over(VNI, IpAddress.parse("192.168.1.10")))));
  }

  private List<ForwardingObject> routing() {
    return List.of(
        new Bridge(tenant, L3, ROUTER, 1450, true),
        Ipv6Routing.of(tenant, L3),
        new GatewayAddress(tenant, L3, AddressPlan.ROUTER_ADDRESS, 32),
        new VxlanPort(tenant, L3, VTEP, MacAddress.parse("02:00:00:00:00:03"), 1450),
        new VxlanFdbEntry(tenant, L3, FAR_ROUTER, FAR, L3),
        new BridgeFdbEntry(tenant, L3, FAR_ROUTER),
        new NeighbourEntry(tenant, L3, FAR, FAR_ROUTER),
        new NeighbourEntry(tenant, L3, FAR_MAPPED, FAR_ROUTER),
        new SendingPort(
            tenant, FOREIGN, new Vni(1_234_567), VTEP, MacAddress.parse("0a:52:7f:00:00:02"), 1450),
        new SendingFdbEntry(tenant, FOREIGN, FAR_ROUTER, FAR),
        new SendingNeighbour(tenant, FOREIGN, FAR, FAR_ROUTER),
        new TransitGuard(tenant, L3),
        route("192.168.2.20/32", TenantHop.over(L3, FAR)),
        route("fd00:2::/64", TenantHop.over(L3, FAR_MAPPED)),
        route(
            "fd00:3::/64",
            TenantHop.over(L3, FAR_MAPPED),
            TenantHop.over(L3, IpAddress.parse("::ffff:10.0.0.4"))),
        route("172.16.0.0/16", TenantHop.sending(FOREIGN, FAR)),
        route("10.9.0.0/16", TenantHop.over(L3, FAR), TenantHop.over(L3, FARTHER)));
  }

  private TenantRoute route(String prefix, TenantHop... hops) {
    return new TenantRoute(tenant, IpPrefix.parse(prefix), List.of(hops));
  }

  private List<ForwardingObject> wayOut() {
    var outside = AddressPlan.egressAddress(0, true);
    return List.of(
        new EgressFilter("", true),
        new EgressFilter(tenant, true),
        new EgressLink(tenant, 1450, egressPort),
        new EgressPort(egressPort, tenant, 1450),
        new EgressAddress("", egressPort, outside, 31),
        new EgressAddress(tenant, EgressLink.NAME, outside.plus(1), 31),
        new EgressRoute(tenant, IpPrefix.parse("0.0.0.0/0"), outside),
        new DeadEnd(tenant, IpPrefix.parse("192.168.0.0/16")));
  }

  // ---- keeping ----------------------------------------------------------------------------

  /** As {@link #agent}, with routes of the underlay. */
  KernelTables agentWithRoutes() {
    return NetworkNamespaces.callIn(
        underlay,
        () -> {
          var agent = new KernelTables(namespaces.prefix());
          agent.keepUnderlayRoutes();
          return agent;
        });
  }

  void build() {
    tables = namespaces.closing(agentWithRoutes());
    plan.observeAll(tables.dump());
    everything().forEach(plan::desire);
    mend();
    assertThat(shown(tables.dump())).isEqualTo(shown(everything()));
  }

  /** Until nothing is to be done any more; as the agent does it, without its pauses. */
  List<Observation> mend() {
    var seen = new ArrayList<Observation>();
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    boolean looked = false;
    while (System.nanoTime() < until) {
      var news = new ArrayList<>(tables.lookAround());
      news.addAll(tables.drain(true));
      seen.addAll(news);
      news.forEach(each -> plan.observe(each.key(), each.object()));
      var batch = plan.nextBatch(System.nanoTime());
      if (!batch.isEmpty()) {
        plan.applied(System.nanoTime(), tables.apply(batch));
        assertThat(plan.failures()).allMatch(failure -> failure.attempts() < 2);
      }
      boolean quiet = news.isEmpty() && batch.isEmpty() && plan.pending() == 0;
      if (quiet && looked) {
        return seen;
      }
      looked = quiet;
    }
    throw new AssertionError("not mended: " + plan.failures() + ", seen " + seen);
  }

  static List<ForwardingObject> shown(List<ForwardingObject> objects) {
    return objects.stream()
        .map(ForwardingObject::observable)
        .sorted(Comparator.comparing(ForwardingObject::key))
        .toList();
  }

  static List<ForwardingKey.Kind> kinds(List<Observation> seen) {
    return seen.stream().map(each -> each.key().kind()).distinct().toList();
  }
}
