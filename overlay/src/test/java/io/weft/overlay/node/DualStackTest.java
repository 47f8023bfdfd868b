package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.KernelChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A node of a fabric whose nodes have VTEPs of both families (decisions/0023). */
final class DualStackTest extends DualStackNode {
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
}
