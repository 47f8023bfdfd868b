package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.attributes;
import static io.weft.overlay.node.OneNode.floodRoute;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.MulticastEntry;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.forwarding.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who gets copies of a group's frames (RFC 9251), and what a node says that it wants. */
class SelectiveMulticastTest {
  static final NetworkIntent WEB =
      OneNode.network("web", "red", 100).withMulticast(Multicast.SELECTIVE);
  static final ExtendedCommunity PROXY = ExtendedCommunity.multicastFlags(true, true);
  static final IpAddress ANY = IpAddress.parse("0.0.0.0");
  static final IpAddress ANY6 = IpAddress.parse("::");
  private static final IpAddress GROUP = IpAddress.parse("239.1.2.3");
  static final IpAddress GROUP6 = IpAddress.parse("ff15::123");
  private static final Segment SEGMENT = new Segment("weft-red", 100);

  private final OneNode one = new OneNode();

  private OneNode started(NetworkIntent web) {
    one.start(web);
    one.attach(request("a", "web", "192.168.1.10"));
    return one;
  }

  private static Route joined(String vtep, Optional<IpAddress> group) {
    return new SelectiveMulticast(
        RouteDistinguisher.of(Ipv4Address.parse(vtep), 100),
        0,
        Optional.empty(),
        group,
        IpAddress.parse(vtep),
        0x0c);
  }

  private static Route joined(String vtep, MulticastChannel channel) {
    return new SelectiveMulticast(
        RouteDistinguisher.of(Ipv4Address.parse(vtep), 100),
        0,
        channel.source(),
        Optional.of(channel.group()),
        IpAddress.parse(vtep),
        channel.source().isEmpty() ? 0x0e : 0x06);
  }

  static MulticastEntry row(IpAddress group, String vtep) {
    return row(group, vtep, new Vni(100));
  }

  static MulticastEntry row(IpAddress group, String vtep, Vni wanted) {
    return new MulticastEntry(
        "weft-red", new Vni(100), group, IpAddress.parse(vtep), Optional.of(wanted));
  }

  private static MulticastEntry from(String source, IpAddress group, String vtep) {
    return new MulticastEntry(
        "weft-red",
        new Vni(100),
        group,
        address(source),
        IpAddress.parse(vtep),
        Optional.of(new Vni(100)));
  }

  static MulticastEntry nobody(IpAddress group) {
    return new MulticastEntry("weft-red", new Vni(100), group, OneNode.VTEP, Optional.empty());
  }

  private List<ForwardingObject> rows() {
    return one.kernel(Kind.MULTICAST);
  }

  private void see(IpAddress... groups) {
    var ports = new TreeMap<MulticastChannel, SortedSet<String>>();
    for (var group : groups) {
      ports.put(MulticastChannel.of(group), new TreeSet<>(List.of("ep1")));
    }
    one.give(new NodeEvent.GroupsSeen(SEGMENT, ports));
  }

  private List<Route> said() {
    return one.announced().stream().filter(SelectiveMulticast.class::isInstance).toList();
  }

  private Route own(IpAddress group, int flags) {
    var rd =
        one.announced().stream()
            .filter(InclusiveMulticast.class::isInstance)
            .map(route -> ((InclusiveMulticast) route).rd())
            .findFirst()
            .orElseThrow();
    return new SelectiveMulticast(rd, 0, Optional.empty(), Optional.of(group), OneNode.VTEP, flags);
  }

  @Test
  void whatPortsJoinIsSaidUntilTheLastHasLeft() {
    started(WEB);
    assertThat(one.announced(floodRoute("10.0.0.1", 100)).extendedCommunities()).contains(PROXY);
    see(GROUP, GROUP6, IpAddress.parse("224.0.0.251"), IpAddress.parse("ff02::fb"));
    assertThat(said()).containsExactlyInAnyOrder(own(GROUP, 0x0c), own(GROUP6, 0x0a));
    see(GROUP6);
    assertThat(said()).containsExactly(own(GROUP6, 0x0a));
    see();
    assertThat(said()).isEmpty();
  }

  static MulticastChannel channel(String source) {
    return new MulticastChannel(GROUP, address(source));
  }

  /** A group that one port wants from anywhere comes from its sources too. */
  @Test
  void aSourceIsSaidUnlessTheGroupIsWantedFromAnywhere() {
    started(WEB);
    var ports = new TreeMap<MulticastChannel, SortedSet<String>>();
    ports.put(channel("192.168.1.8"), new TreeSet<>(List.of("ep1")));
    ports.put(channel("192.168.1.9"), new TreeSet<>(List.of("ep1", "ep2")));
    one.give(new NodeEvent.GroupsSeen(SEGMENT, ports));
    assertThat(said())
        .map(Route::toString)
        .hasSize(2)
        .allMatch(text -> text.contains("192.168.1."));
    assertThat(said())
        .allMatch(route -> ((SelectiveMulticast) route).flags() == 0x04)
        .map(route -> ((SelectiveMulticast) route).source())
        .containsExactlyInAnyOrder(address("192.168.1.8"), address("192.168.1.9"));
    ports.put(channel("*"), new TreeSet<>(List.of("ep3")));
    one.give(new NodeEvent.GroupsSeen(SEGMENT, ports));
    assertThat(said()).containsExactly(own(GROUP, 0x0c));
  }

  /** The kernel looks at the rows of the source alone: all who get the group are among them. */
  @Test
  void whoWantsTheGroupFromAnywhereGetsWhatOthersWantFromASource() {
    started(WEB);
    for (var vtep : List.of("10.0.0.2", "10.0.0.3", "10.0.0.5")) {
      one.say(floodRoute(vtep, 100), attributes(vtep, 100, PROXY));
    }
    one.sayFlood("10.0.0.4", 100);
    var source =
        new SelectiveMulticast(
            RouteDistinguisher.of(Ipv4Address.parse("10.0.0.2"), 100),
            0,
            address("192.168.1.8"),
            Optional.of(GROUP),
            IpAddress.parse("10.0.0.2"),
            4);
    one.say(source, attributes("10.0.0.2", 100));
    assertThat(rows())
        .containsExactlyInAnyOrder(
            row(ANY, "10.0.0.4"),
            row(ANY6, "10.0.0.4"),
            from("192.168.1.8", GROUP, "10.0.0.2"),
            from("192.168.1.8", GROUP, "10.0.0.4"));
    one.say(joined("10.0.0.3", Optional.of(GROUP)), attributes("10.0.0.3", 100));
    one.unsay(floodRoute("10.0.0.4", 100));
    assertThat(rows())
        .containsExactlyInAnyOrder(
            nobody(ANY),
            nobody(ANY6),
            row(GROUP, "10.0.0.3"),
            from("192.168.1.8", GROUP, "10.0.0.2"),
            from("192.168.1.8", GROUP, "10.0.0.3"));
    one.unsay(floodRoute("10.0.0.3", 100));
    assertThat(rows())
        .containsExactlyInAnyOrder(
            nobody(ANY), nobody(ANY6), from("192.168.1.8", GROUP, "10.0.0.2"));
  }

  @Test
  void anotherNetworksGroupsAreItsOwn() {
    started(WEB);
    one.give(
        new NodeEvent.GroupsSeen(
            new Segment("weft-blue", 100),
            new TreeMap<>(Map.of(MulticastChannel.of(GROUP), new TreeSet<>(List.of("ep1"))))));
    assertThat(said()).isEmpty();
  }

  @Test
  void aNetworkThatIsNotSelectiveSaysNothing() {
    started(WEB.withMulticast(Multicast.SNOOPING));
    see(GROUP);
    one.say(floodRoute("10.0.0.2", 100), attributes("10.0.0.2", 100, PROXY));
    one.say(joined("10.0.0.2", Optional.of(GROUP)), attributes("10.0.0.2", 100));
    assertThat(said()).isEmpty();
    assertThat(rows()).isEmpty();
    var view = one.node.groups().getFirst();
    assertThat(view.unaskedIpv4()).as("gets all").containsExactly(IpAddress.parse("10.0.0.2"));
    assertThat(view.unaskedIpv6()).as("gets all").isEqualTo(view.unaskedIpv4());
    assertThat(one.announced(floodRoute("10.0.0.1", 100)).extendedCommunities())
        .doesNotContain(PROXY);
  }

  /**
   * RFC 9251 §9.1: flags are the versions of IGMP (1, 2 and 4; MLD: 1 and 2) and 8, exclude; a host
   * that excludes a source wants all others. Never does a VTEP get less than it asked for.
   */
  @ParameterizedTest(name = "source {0}, group {1}, flags {2}: {3}")
  @CsvSource({
    "*, 239.1.2.3, 1, named",
    "*, 239.1.2.3, 2, named",
    "*, 239.1.2.3, 12, named",
    "192.168.1.9, 239.1.2.3, 4, source",
    "192.168.1.9, 239.1.2.3, 12, named",
    "fd00:1::9, ff15::123, 2, source",
    "192.168.1.9, 239.1.2.3, 2, named",
    "*, ff15::123, 10, named",
    "*, *, 12, everything",
    "*, *, 0, everything",
    "192.168.1.9, *, 4, everything",
    "*, 0.0.0.0, 4, nothing",
    "192.168.1.9, 0.0.0.0, 4, nothing",
    "*, ::, 2, nothing",
    "*, 10.0.0.9, 4, nothing",
    "*, 224.0.0.251, 4, nothing",
  })
  void whatAPeerAsksForItGets(String source, String group, int flags, String gets) {
    started(WEB);
    one.say(floodRoute("10.0.0.2", 100), attributes("10.0.0.2", 100, PROXY));
    assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6));
    var route =
        new SelectiveMulticast(
            RouteDistinguisher.of(Ipv4Address.parse("10.0.0.2"), 100),
            0,
            address(source),
            address(group),
            IpAddress.parse("10.0.0.2"),
            flags);
    one.say(route, attributes("10.0.0.2", 100));
    if (gets.equals("everything")) {
      assertThat(rows()).containsExactlyInAnyOrder(row(ANY, "10.0.0.2"), row(ANY6, "10.0.0.2"));
    } else if (gets.equals("nothing")) {
      assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6));
    } else {
      var wanted =
          new MulticastEntry(
              "weft-red",
              new Vni(100),
              IpAddress.parse(group),
              gets.equals("source") ? address(source) : Optional.empty(),
              IpAddress.parse("10.0.0.2"),
              Optional.of(new Vni(100)));
      assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6), wanted);
    }
    one.unsay(route);
    assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6));
  }

  @Test
  void aGroupIsWantedAsLongAsOneOfItsSourcesIs() {
    started(WEB);
    one.say(floodRoute("10.0.0.2", 100), attributes("10.0.0.2", 100, PROXY));
    var routes = new ArrayList<Route>();
    for (var source : List.of("192.168.1.8", "192.168.1.9")) {
      routes.add(
          new SelectiveMulticast(
              RouteDistinguisher.of(Ipv4Address.parse("10.0.0.2"), 100),
              0,
              address(source),
              Optional.of(GROUP),
              IpAddress.parse("10.0.0.2"),
              4));
      one.say(routes.getLast(), attributes("10.0.0.2", 100));
    }
    assertThat(rows())
        .contains(from("192.168.1.8", GROUP, "10.0.0.2"), from("192.168.1.9", GROUP, "10.0.0.2"));
    one.unsay(routes.getFirst());
    assertThat(rows())
        .containsExactlyInAnyOrder(
            nobody(ANY), nobody(ANY6), from("192.168.1.9", GROUP, "10.0.0.2"));
    one.unsay(routes.getLast());
    assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6));
  }

  static Optional<IpAddress> address(String text) {
    return text.equals("*") ? Optional.empty() : Optional.of(IpAddress.parse(text));
  }

  private static IpAddress[] groups(int count) {
    var groups = new IpAddress[count];
    for (int i = 0; i < count; i++) {
      groups[i] = group(i);
    }
    return groups;
  }

  @Test
  void moreGroupsThanANodeNamesAreAllGroups() {
    started(WEB);
    see(groups(Replication.MAX_GROUPS));
    assertThat(said()).hasSize(Replication.MAX_GROUPS);
    see(groups(Replication.MAX_GROUPS + 1));
    assertThat(said()).hasSize(1);
    assertThat(((SelectiveMulticast) said().getFirst()).group()).isEmpty();
    see(groups(Replication.FEW_GROUPS + 1));
    assertThat(said()).as("one that leaves changes nothing").hasSize(1);
    see(groups(Replication.FEW_GROUPS));
    assertThat(said()).hasSize(Replication.FEW_GROUPS);
    see(GROUP);
    assertThat(said()).containsExactly(own(GROUP, 0x0c));
  }

  @Test
  void aGroupGoesToThoseWhoJoinedItAndToThoseWhoDoNotSay() {
    started(WEB);
    assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6));
    one.say(floodRoute("10.0.0.2", 100), attributes("10.0.0.2", 100, PROXY));
    one.say(floodRoute("10.0.0.3", 100), attributes("10.0.0.3", 100, PROXY));
    assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6));
    assertThat(one.kernel(Kind.FLOOD)).hasSize(2);

    one.say(joined("10.0.0.2", Optional.of(GROUP)), attributes("10.0.0.2", 100));
    assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6), row(GROUP, "10.0.0.2"));

    one.sayFlood("10.0.0.4", 100); // speaks no Type 6
    assertThat(rows())
        .containsExactlyInAnyOrder(
            row(ANY, "10.0.0.4"),
            row(ANY6, "10.0.0.4"),
            row(GROUP, "10.0.0.2"),
            row(GROUP, "10.0.0.4"));

    one.say(joined("10.0.0.3", Optional.empty()), attributes("10.0.0.3", 100));
    assertThat(rows())
        .contains(row(ANY, "10.0.0.3"), row(ANY6, "10.0.0.3"), row(GROUP, "10.0.0.3"));

    one.unsay(joined("10.0.0.3", Optional.empty()));
    one.unsay(joined("10.0.0.2", Optional.of(GROUP)));
    one.unsay(floodRoute("10.0.0.4", 100));
    assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6));
  }

  @Test
  void changedInPlace() {
    started(WEB.withMulticast(Multicast.FLOOD));
    one.say(floodRoute("10.0.0.2", 100), attributes("10.0.0.2", 100, PROXY));
    one.say(joined("10.0.0.2", Optional.of(GROUP)), attributes("10.0.0.2", 100));
    see(GROUP);
    one.forget();
    one.intend(WEB);
    assertThat(said()).hasSize(1);
    assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6), row(GROUP, "10.0.0.2"));
    assertThat(one.batches.stream().flatMap(List::stream).map(change -> change.key().kind()))
        .containsOnly(Kind.BRIDGE, Kind.GATEWAY, Kind.MULTICAST);
    one.intend(WEB.withMulticast(Multicast.FLOOD));
    assertThat(said()).isEmpty();
    assertThat(rows()).isEmpty();
  }

  private static IpAddress group(int number) {
    return IpAddress.parse("239.3.0.0").plus(number);
  }

  /** 33 VTEPs of which one has joined every group: too many rows would stand for 497 groups. */
  @Test
  void whereThereWouldBeTooManyRowsAllGroupsAreFloodedUntilThereAreFewer() {
    started(WEB);
    int most = Replication.MAX_ROWS / 33;
    sayFloods(33);
    for (int group = 0; group < most; group++) {
      one.say(joined("10.0.0.2", Optional.of(group(group))), attributes("10.0.0.2", 100));
    }
    assertThat(rows()).hasSize(most + 2);
    one.say(joined("10.0.0.3", Optional.of(group(most))), attributes("10.0.0.3", 100));
    assertThat(rows()).isEmpty();
    one.attach(request("b", "web", "192.168.1.11"));
    assertThat(rows()).as("another endpoint changes nothing").isEmpty();
    one.unsay(joined("10.0.0.3", Optional.of(group(most))));
    assertThat(rows()).as("one that leaves changes nothing").isEmpty();
    int few = Replication.FEW_ROWS / 33;
    for (int group = few + 1; group < most; group++) {
      one.unsay(joined("10.0.0.2", Optional.of(group(group))));
    }
    assertThat(rows()).isEmpty();
    one.unsay(joined("10.0.0.2", Optional.of(group(few))));
    assertThat(rows()).as("all of them are back").hasSize(few + 2);
    assertThat(rows()).contains(nobody(ANY), nobody(ANY6), row(group(0), "10.0.0.2"));
  }

  /** What one route changes is not paid with a walk through all rows for each row. */
  @Test
  @Timeout(60)
  void manyGroupsAndVtepsAreTakenInWithoutDelay() {
    started(WEB);
    int groups = 120;
    int vteps = 64;
    sayFloods(vteps);
    for (int group = 0; group < groups; group++) {
      for (int vtep = 2; vtep < 2 + vteps; vtep++) {
        var text = "10.0.0." + vtep;
        one.say(joined(text, Optional.of(group(group))), attributes(text, 100));
      }
    }
    for (int vtep = 2; vtep < 2 + vteps; vtep++) {
      one.unsay(floodRoute("10.0.0." + vtep, 100));
    }
    assertThat(rows()).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6));
    sayFloods(vteps);
    assertThat(rows()).hasSize(groups * vteps + 2);
  }

  private void sayFloods(int vteps) {
    for (int vtep = 2; vtep < 2 + vteps; vtep++) {
      one.say(floodRoute("10.0.0." + vtep, 100), attributes("10.0.0." + vtep, 100, PROXY));
    }
  }

  /** What stands stays until the other nodes have said everything again. */
  @Test
  void aRestartKeepsWhatStandsAndSaysItAgain() {
    started(WEB);
    one.say(floodRoute("10.0.0.2", 100), attributes("10.0.0.2", 100, PROXY));
    one.say(joined("10.0.0.2", Optional.of(GROUP)), attributes("10.0.0.2", 100));
    see(GROUP6);
    var said = said();
    var again = new OneNode();
    again.kernel.putAll(one.kernel);
    again.kernel.replaceAll((_, object) -> object.observable());
    again.give(
        new NodeEvent.GroupsSeen(
            SEGMENT,
            new TreeMap<>(Map.of(MulticastChannel.of(GROUP6), new TreeSet<>(List.of("ep1"))))));
    again.begin(WEB);
    assertThat(again.announced().stream().filter(SelectiveMulticast.class::isInstance))
        .containsExactlyElementsOf(said);
    assertThat(again.kernel(Kind.MULTICAST)).contains(row(GROUP, "10.0.0.2"));
    again.say(floodRoute("10.0.0.2", 100), attributes("10.0.0.2", 100, PROXY));
    again.endOfRib();
    assertThat(again.kernel(Kind.MULTICAST)).containsExactlyInAnyOrder(nobody(ANY), nobody(ANY6));
  }
}
