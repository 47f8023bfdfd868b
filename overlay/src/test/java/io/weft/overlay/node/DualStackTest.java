package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A node of a fabric whose nodes have VTEPs of both families (decisions/0023). */
final class DualStackTest {
  private static final Vni VNI = new Vni(100);
  private static final Vni L3 = new Vni(5001);
  private static final RouteTarget TARGET = RouteTarget.automatic(OneNode.AS, L3);
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final IpAddress V4 = OneNode.VTEP;
  private static final IpAddress V6 = IpAddress.parse("fd00::1");
  private static final Ipv4Address ROUTER = Ipv4Address.parse("10.0.0.1");
  private static final Underlay BOTH = underlay(V4, V6);
  private static final String MAC = "192.168.1.20";
  private final OneNode one = new OneNode();

  private static Underlay underlay(IpAddress... vteps) {
    return new Underlay(List.of(vteps), ROUTER, 1500, true);
  }

  private void start(Underlay underlay, NetworkIntent... networks) {
    one.underlay = underlay;
    one.start(networks);
    one.attach(request("a", "web", "192.168.1.10"));
  }

  private void change(Underlay underlay) {
    one.give(new NodeEvent.UnderlayChanged(Optional.of(underlay), ""));
  }

  // ---- node number 2, 3, ... as others tell of it ------------------------------------------

  private static RouteDistinguisher rd(int node, boolean ipv6, int number) {
    return RouteDistinguisher.of(
        Ipv4Address.parse("10.0.0." + node), ipv6 ? number ^ 0x8000 : number);
  }

  private static String vtep(int node, boolean ipv6) {
    return ipv6 ? "fd00::" + node : "10.0.0." + node;
  }

  private static Route flood(int node, boolean ipv6) {
    return new InclusiveMulticast(rd(node, ipv6, 100), 0, IpAddress.parse(vtep(node, ipv6)));
  }

  private static Route mac(int node, boolean ipv6, String ip) {
    return new MacIpAdvertisement(
        rd(node, ipv6, 100),
        Esi.ZERO,
        0,
        macOf(ip),
        Optional.of(IpAddress.parse(ip)),
        100,
        OptionalInt.empty());
  }

  private void say(Route route, int node, boolean ipv6, ExtendedCommunity... more) {
    one.say(route, OneNode.attributes(vtep(node, ipv6), 100, more));
  }

  private List<String> floodList() {
    return one.kernel(Kind.FLOOD).stream()
        .map(row -> ((FloodEntry) row).vtep().toString())
        .toList();
  }

  private static List<ForwardingObject> rows(String ip, String vtep) {
    var address = IpAddress.parse(vtep);
    return List.of(
        new VxlanFdbEntry("weft-red", VNI, macOf(ip), address, VNI),
        new BridgeFdbEntry("weft-red", VNI, macOf(ip), !address.isIpv4()));
  }

  private List<ForwardingObject> rows() {
    return Stream.of(Kind.VXLAN_FDB, Kind.BRIDGE_FDB)
        .flatMap(kind -> one.kernel(kind).stream())
        .toList();
  }

  // ---- what stands, and what is said --------------------------------------------------------

  @Test
  void aNetworkHasAPortForEachVtep() {
    start(BOTH, WEB);
    var ports = one.kernel(Kind.VXLAN).stream().map(VxlanPort.class::cast).toList();
    assertThat(ports).extracting(VxlanPort::local).containsExactly(V4, V6);
    assertThat(ports).allMatch(VxlanPort::dual).allMatch(port -> port.mtu() == 1430);
    assertThat(ports).extracting(VxlanPort::mac).doesNotHaveDuplicates();
    one.detach("a");
    assertThat(one.kernel).isEmpty();
    assertThat(one.announced()).isEmpty();
  }

  @Test
  void eachRouteIsSaidByBothVtepsOfOneNode() {
    start(BOTH, WEB);
    assertThat(one.announced())
        .containsExactlyInAnyOrder(
            flood(1, false),
            flood(1, true),
            mac(1, false, "192.168.1.10"),
            mac(1, true, "192.168.1.10"));
    for (boolean ipv6 : List.of(false, true)) {
      var vtep = ipv6 ? V6 : V4;
      assertThat(one.announced(mac(1, ipv6, "192.168.1.10")).nextHop()).isEqualTo(vtep);
      var attributes = one.announced(flood(1, ipv6));
      assertThat(attributes.nextHop()).isEqualTo(vtep);
      assertThat(IpAddress.of(attributes.pmsiTunnel().orElseThrow().identifier().toArray()))
          .isEqualTo(vtep);
    }
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.1", "fd00::1"})
  void aNodeOfOneFamilyHasOnePortAndTheMtuOfTheOthers(String vtep) {
    start(underlay(IpAddress.parse(vtep)), WEB);
    boolean ipv6 = !vtep.equals("10.0.0.1");
    assertThat(one.kernel(Kind.VXLAN))
        .singleElement()
        .satisfies(port -> assertThat(((VxlanPort) port).mtu()).isEqualTo(1430));
    assertThat(one.announced())
        .containsExactlyInAnyOrder(flood(1, ipv6), mac(1, ipv6, "192.168.1.10"));
  }

  @Test
  void whatIsMissingOnANodeIsSaid() {
    start(BOTH, WEB);
    assertThat(one.node.deviations(0)).isEmpty();
    one.give(new NodeEvent.UnderlayChanged(Optional.of(underlay(V6)), "lo has no such address"));
    assertThat(one.node.deviations(0))
        .singleElement()
        .asString()
        .startsWith("this node has no VTEP of IPv4: lo has no such address; nodes that have IPv4");
    change(BOTH);
    assertThat(one.node.deviations(0)).isEmpty();
  }

  @Test
  void aPortThatTheKernelRefusesLeavesTheOtherFamilyAlone() {
    one.applying = false;
    one.underlay = BOTH;
    one.start(WEB);
    var request = one.attach(request("a", "web", "192.168.1.10"));
    one.applying = true;
    one.refuse = object -> object instanceof VxlanPort port && !port.local().isIpv4();
    one.applyBatch();
    assertThat(one.answer(request)).isInstanceOf(AttachResult.Attached.class);
    assertThat(one.announced())
        .containsExactlyInAnyOrder(flood(1, false), mac(1, false, "192.168.1.10"));
    one.refuse = _ -> false;
    one.pass(ForwardingPlan.LAST_RETRY_NANOS);
    assertThat(one.announced()).hasSize(4);
  }

  // ---- one VTEP of each other node ----------------------------------------------------------

  /** Who says it by which family, and where the copies go. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10.0.0.1,fd00::1 | 2:4 2:6          | 10.0.0.2",
        "10.0.0.1,fd00::1 | 2:6 2:4          | 10.0.0.2",
        "10.0.0.1,fd00::1 | 2:4 3:6          | 10.0.0.2 fd00::3",
        "10.0.0.1,fd00::1 | 2:4 2:6 3:4 3:6  | 10.0.0.2 10.0.0.3",
        "10.0.0.1,fd00::1 | 2:6 3:4 3:6      | 10.0.0.3 fd00::2",
        "10.0.0.1         | 2:4 2:6 3:6      | 10.0.0.2",
        "fd00::1          | 2:4 2:6 3:4 4:6  | fd00::2 fd00::4",
      })
  void aNodeGetsOneCopy(String own, String said, String copies) {
    var vteps = Stream.of(own.split(",")).map(IpAddress::parse).toArray(IpAddress[]::new);
    start(underlay(vteps), WEB);
    for (var word : said.split(" ", -1)) {
      boolean ipv6 = word.endsWith("6");
      int node = word.charAt(0) - '0';
      say(flood(node, ipv6), node, ipv6);
      say(mac(node, ipv6, "192.168.1." + node), node, ipv6);
    }
    var wanted = List.of(copies.split(" "));
    assertThat(floodList()).isEqualTo(wanted);
    var macs = new ArrayList<ForwardingObject>();
    for (var vtep : wanted) {
      macs.addAll(rows("192.168.1." + vtep.charAt(vtep.length() - 1), vtep));
    }
    assertThat(rows()).containsExactlyInAnyOrderElementsOf(macs);
  }

  @Test
  void twoVtepsOfOneFamilyAreTwoPlacesAsEver() {
    start(BOTH, WEB);
    one.say(flood(2, false), OneNode.attributes("10.0.0.2", 100));
    one.say(
        new InclusiveMulticast(rd(2, false, 7), 0, IpAddress.parse("10.0.0.9")),
        OneNode.attributes("10.0.0.9", 100));
    assertThat(floodList()).containsExactly("10.0.0.2", "10.0.0.9");
  }

  @Test
  void theOtherFamilyTakesOverWithoutAGap() {
    start(BOTH, WEB);
    for (boolean ipv6 : List.of(false, true)) {
      say(flood(2, ipv6), 2, ipv6);
      say(mac(2, ipv6, MAC), 2, ipv6);
    }
    one.forget();
    one.unsay(flood(2, false));
    one.unsay(mac(2, false, MAC));
    assertThat(floodList()).containsExactly("fd00::2");
    assertThat(rows()).containsExactlyInAnyOrderElementsOf(rows(MAC, "fd00::2"));
    assertThat(one.batches)
        .as("the row of the bridge is never away")
        .noneMatch(
            batch ->
                batch.stream()
                    .anyMatch(
                        change ->
                            change instanceof KernelChange.Remove
                                && change.key().kind() == Kind.BRIDGE_FDB));
    say(flood(2, false), 2, false);
    say(mac(2, false, MAC), 2, false);
    assertThat(floodList()).containsExactly("10.0.0.2");
    assertThat(rows()).containsExactlyInAnyOrderElementsOf(rows(MAC, "10.0.0.2"));
    for (boolean ipv6 : List.of(false, true)) {
      one.unsay(flood(2, ipv6));
      one.unsay(mac(2, ipv6, MAC));
    }
    assertThat(rows()).isEmpty();
    assertThat(floodList()).isEmpty();
  }

  @Test
  void aMacThatIsSaidTwiceByOneNodeIsAtOnePlace() {
    start(BOTH, WEB);
    one.attach(request("b", "web", MAC));
    for (boolean ipv6 : List.of(true, false)) {
      say(mac(2, ipv6, MAC), 2, ipv6, ExtendedCommunity.macMobility(false, 1));
    }
    assertThat(rows()).as("it is said there with a higher number").hasSize(2);
    for (int i = 0; i < 10; i++) {
      one.unsay(mac(2, false, MAC));
      say(mac(2, false, MAC), 2, false, ExtendedCommunity.macMobility(false, 1));
    }
    assertThat(one.node.view().duplicates()).isEmpty();
    assertThat(one.announced()).as("it went to the other node").doesNotContain(mac(1, false, MAC));
    for (boolean ipv6 : List.of(false, true)) {
      one.unsay(mac(2, ipv6, MAC));
    }
    assertThat(one.announced()).contains(mac(1, false, MAC), mac(1, true, MAC));
    for (boolean ipv6 : List.of(false, true)) {
      assertThat(one.announced(mac(1, ipv6, MAC)).macMobility().orElseThrow().mobilitySequence())
          .isEqualTo(2);
    }
  }

  /** By IPv4 this node is the lower of two that claim the MAC at once, by IPv6 it is not. */
  @Test
  void aVtepThatANodeLosesIsNoMoveOfItsMacs() {
    start(underlay(V4, IpAddress.parse("fd00::9")), WEB);
    one.attach(request("b", "web", MAC));
    for (boolean ipv6 : List.of(false, true)) {
      say(mac(2, ipv6, MAC), 2, ipv6);
    }
    one.forget();
    for (int i = 0; i < 10; i++) {
      one.unsay(mac(2, false, MAC));
      assertThat(one.announced()).contains(mac(1, false, MAC), mac(1, true, MAC));
      say(mac(2, false, MAC), 2, false);
    }
    assertThat(one.node.view().duplicates()).isEmpty();
    assertThat(one.updates).isEmpty();
  }

  // ---- families come and go -----------------------------------------------------------------

  @Test
  void aVtepThatIsLostLeavesTheOther() {
    start(BOTH, WEB);
    for (boolean ipv6 : List.of(false, true)) {
      say(flood(2, ipv6), 2, ipv6);
      say(mac(2, ipv6, MAC), 2, ipv6);
    }
    say(flood(3, false), 3, false);
    one.forget();
    change(underlay(V6));
    assertThat(one.announced())
        .containsExactlyInAnyOrder(flood(1, true), mac(1, true, "192.168.1.10"));
    assertThat(one.updates)
        .as("of what goes on nothing is said")
        .allMatch(update -> update.attributes().isEmpty());
    assertThat(floodList()).containsExactly("fd00::2");
    assertThat(rows()).containsExactlyInAnyOrderElementsOf(rows(MAC, "fd00::2"));
    assertThat(one.kernel(Kind.VXLAN))
        .singleElement()
        .satisfies(port -> assertThat(((VxlanPort) port).local()).isEqualTo(V6));
    change(BOTH);
    assertThat(one.announced()).hasSize(4);
    assertThat(floodList()).containsExactly("10.0.0.2", "10.0.0.3");
    assertThat(rows()).containsExactlyInAnyOrderElementsOf(rows(MAC, "10.0.0.2"));
  }

  @Test
  void fromOneFamilyToBothAndBackLeavesNothingBehind() {
    start(OneNode.UNDERLAY, WEB);
    for (boolean ipv6 : List.of(false, true)) {
      say(flood(2, ipv6), 2, ipv6);
      say(mac(2, ipv6, MAC), 2, ipv6);
    }
    var kernel = List.copyOf(one.kernel.values());
    var announced = one.announced();
    assertThat(announced).hasSize(2);
    change(BOTH);
    assertThat(one.kernel(Kind.VXLAN)).hasSize(2);
    assertThat(one.announced()).hasSize(4).containsAll(announced);
    change(OneNode.UNDERLAY);
    assertThat(one.kernel.values()).containsExactlyElementsOf(kernel);
    assertThat(one.announced()).containsExactlyInAnyOrderElementsOf(announced);
  }

  /** 100 and 32868 differ by what tells the families apart. */
  @Test
  void networksWhoseNumbersMeetHaveDistinguishersOfTheirOwn() {
    var far = network("far", "red", 100 + 0x8000, "192.168.2.0/24");
    start(OneNode.UNDERLAY, WEB, far);
    one.attach(request("b", "far", "192.168.2.10"));
    change(BOTH);
    var numbers =
        one.announced().stream()
            .filter(InclusiveMulticast.class::isInstance)
            .map(route -> ((InclusiveMulticast) route).rd())
            .toList();
    assertThat(numbers).hasSize(4).doesNotHaveDuplicates();
    assertThat(numbers).allMatch(rd -> rd.router().equals(Optional.of(ROUTER)));
  }

  @Test
  void aRestartFindsBothPortsAndWritesNothing() {
    start(BOTH, WEB);
    var again = new OneNode();
    again.kernel.putAll(one.kernel);
    again.underlay = BOTH;
    again.start(WEB);
    assertThat(again.batches).isEmpty();
    assertThat(again.announced()).hasSize(4);
    again.detach("a");
    assertThat(again.kernel).isEmpty();
  }

  /** In whichever order routes and addresses come and go, what stands follows from what is said. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theOrderOfWhatHappensCountsForNothing(long seed) {
    var random = new Random(seed);
    var own = List.of(BOTH, underlay(V4), underlay(V6));
    var now = BOTH;
    start(now, WEB);
    var said = new TreeSet<String>();
    for (int i = 0; i < 60; i++) {
      int node = 2 + random.nextInt(3);
      boolean ipv6 = random.nextBoolean();
      boolean flood = random.nextBoolean();
      var route = flood ? flood(node, ipv6) : mac(node, ipv6, "192.168.1." + node);
      var word = node + (ipv6 ? "v6" : "v4") + (flood ? " flood" : " mac");
      if (random.nextInt(8) == 0) {
        now = own.get(random.nextInt(own.size()));
        change(now);
      } else if (said.add(word)) {
        say(route, node, ipv6);
      } else {
        said.remove(word);
        one.unsay(route);
      }
      var copies = new ArrayList<String>();
      var macs = new ArrayList<ForwardingObject>();
      for (int other = 2; other <= 4; other++) {
        chosen(now, said, other, " flood").ifPresent(copies::add);
        var mac = "192.168.1." + other;
        chosen(now, said, other, " mac").ifPresent(vtep -> macs.addAll(rows(mac, vtep)));
      }
      assertThat(floodList()).as("step %d", i).containsExactlyInAnyOrderElementsOf(copies);
      assertThat(rows()).as("step %d", i).containsExactlyInAnyOrderElementsOf(macs);
      assertThat(one.kernel(Kind.VXLAN)).hasSize(now.vteps().size());
      assertThat(one.announced()).hasSize(2 * now.vteps().size());
    }
  }

  private static Optional<String> chosen(
      Underlay own, SortedSet<String> said, int node, String what) {
    return Stream.of(false, true)
        .filter(ipv6 -> said.contains(node + (ipv6 ? "v6" : "v4") + what))
        .map(ipv6 -> vtep(node, ipv6))
        .filter(vtep -> own.towards(IpAddress.parse(vtep)).isPresent())
        .findFirst();
  }

  // ---- routing ------------------------------------------------------------------------------

  private void startRouted(Underlay underlay) {
    var web = WEB.withGateways(List.of(new HostAddress(IpAddress.parse("192.168.1.1"), 24)));
    var red = new TenantIntent("red", L3, List.of(TARGET), List.of(TARGET));
    one.endOfRib();
    one.give(new NodeEvent.IntentChanged(OneNode.intent(web).withTenants(List.of(red))));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(underlay), ""));
    one.give(new NodeEvent.KernelObserved(List.of()));
    one.attach(request("a", "web", "192.168.1.10"));
  }

  private static IpPrefixRoute prefix(int node, boolean ipv6, String prefix, Vni label) {
    var parsed = IpPrefix.parse(prefix);
    return new IpPrefixRoute(
        rd(node, ipv6, L3.value()), Esi.ZERO, 0, parsed, parsed.address().masked(0), label.value());
  }

  private void sayPrefix(int node, boolean ipv6, String prefix, Vni label) {
    var vtep = IpAddress.parse(vtep(node, ipv6));
    one.say(
        prefix(node, ipv6, prefix, label),
        PathAttributes.originated(
            vtep,
            List.of(
                ExtendedCommunity.ENCAPSULATION_VXLAN,
                ExtendedCommunity.of(TARGET),
                ExtendedCommunity.routersMac(AddressPlan.routerMac(vtep))),
            Optional.empty()));
  }

  private List<TenantHop> hops(String prefix) {
    return one.kernel(Kind.TENANT_ROUTE).stream()
        .map(TenantRoute.class::cast)
        .filter(route -> route.prefix().equals(IpPrefix.parse(prefix)))
        .flatMap(route -> route.hops().stream())
        .toList();
  }

  @Test
  void theRouterOfEachVtepHasItsMac() {
    startRouted(BOTH);
    var bridge =
        one.kernel(Kind.BRIDGE).stream()
            .map(Bridge.class::cast)
            .filter(b -> b.vni().equals(L3))
            .findFirst()
            .orElseThrow();
    assertThat(bridge.mac()).isEqualTo(AddressPlan.routerMac(V4));
    var ports =
        one.kernel(Kind.VXLAN).stream()
            .map(VxlanPort.class::cast)
            .filter(port -> port.vni().equals(L3))
            .toList();
    assertThat(ports).extracting(VxlanPort::local).containsExactly(V4, V6);
    assertThat(ports.getFirst().mac()).isNotEqualTo(bridge.mac());
    assertThat(ports.getLast().mac())
        .as("frames to it are the bridge's")
        .isEqualTo(AddressPlan.routerMac(V6));
    for (boolean ipv6 : List.of(false, true)) {
      var said = one.announced(prefix(1, ipv6, "192.168.1.0/24", L3));
      assertThat(said.nextHop()).isEqualTo(ipv6 ? V6 : V4);
      assertThat(said.extendedCommunities())
          .contains(ExtendedCommunity.routersMac(AddressPlan.routerMac(ipv6 ? V6 : V4)));
      assertThat(one.announced(mac(1, ipv6, "192.168.1.10")).extendedCommunities())
          .contains(ExtendedCommunity.routersMac(AddressPlan.routerMac(ipv6 ? V6 : V4)));
    }
    change(underlay(V6));
    assertThat(one.kernel.values()).as("no neighbour is flushed").contains(bridge);
  }

  @Test
  void aPrefixHasOneWayToEachNode() {
    startRouted(BOTH);
    var net = "172.20.0.0/16";
    for (int node : List.of(2, 3)) {
      sayPrefix(node, true, net, L3);
      sayPrefix(node, false, net, L3);
    }
    sayPrefix(4, true, net, L3);
    assertThat(hops(net))
        .containsExactly(
            TenantHop.over(L3, IpAddress.parse("10.0.0.2")),
            TenantHop.over(L3, IpAddress.parse("10.0.0.3")),
            TenantHop.over(L3, IpAddress.parse("fd00::4")));
    one.unsay(prefix(2, false, net, L3));
    assertThat(hops(net))
        .containsExactly(
            TenantHop.over(L3, IpAddress.parse("10.0.0.3")),
            TenantHop.over(L3, IpAddress.parse("fd00::2")),
            TenantHop.over(L3, IpAddress.parse("fd00::4")));
    assertThat(one.kernel(Kind.VXLAN_FDB)).hasSize(4);
  }

  @Test
  void aForeignVniHasASendingDeviceForEachVtep() {
    startRouted(BOTH);
    var foreign = new Vni(7001);
    sayPrefix(2, false, "172.20.0.0/16", foreign);
    sayPrefix(3, true, "172.21.0.0/16", foreign);
    assertThat(hops("172.20.0.0/16"))
        .containsExactly(TenantHop.sending(foreign, IpAddress.parse("10.0.0.2")));
    assertThat(hops("172.21.0.0/16"))
        .containsExactly(TenantHop.sending(foreign, IpAddress.parse("fd00::3")));
    var ports = one.kernel(Kind.SENDING_PORT).stream().map(SendingPort.class::cast).toList();
    assertThat(ports).extracting(SendingPort::local).containsExactly(V4, V6);
    assertThat(ports).extracting(SendingPort::second).containsExactly(false, true);
    change(underlay(V4));
    assertThat(one.kernel(Kind.SENDING_PORT)).hasSize(1);
    assertThat(hops("172.21.0.0/16")).isEmpty();
    one.unsay(prefix(2, false, "172.20.0.0/16", foreign));
    assertThat(one.kernel.keySet()).noneMatch(key -> key.vni() == foreign.value());
  }
}
