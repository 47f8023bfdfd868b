package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.NodeLink;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hosts that nobody announces, behind ports that learn. This node is 10.0.0.1. */
final class LearningTest {
  private static final long SECOND = 1_000_000_000L;
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final MacAddress VM = MacAddress.parse("52:54:00:00:00:01");
  private static final MacAddress OTHER = MacAddress.parse("52:54:00:00:00:02");
  private static final String IP = "192.168.1.50";
  private final OneNode one = new OneNode();

  @BeforeEach
  void start() {
    one.start(WEB);
    assertThat(attach("bridge", "eth1", false)).isInstanceOf(Attached.class);
    one.forget();
  }

  private Object attach(String endpoint, String link, boolean sticky) {
    return one.attachNow(learning(endpoint, link, Optional.empty(), sticky));
  }

  private static AttachRequest learning(
      String endpoint, String link, Optional<MacAddress> mac, boolean sticky, String... ips) {
    return new AttachRequest(
        endpoint,
        "web",
        "",
        "",
        mac,
        List.of(ips).stream().map(IpAddress::parse).toList(),
        sticky,
        List.of(),
        Optional.empty(),
        false,
        Optional.of(new NodeLink.Device(link)),
        false,
        true);
  }

  private String port(String endpoint) {
    return io.weft.overlay.attachment.AddressPlan.portName(endpoint);
  }

  private void hear(String endpoint, MacAddress mac, String ip) {
    hear(endpoint, mac, ip, true, one.now);
  }

  private void hear(String endpoint, MacAddress mac, String ip, boolean fresh, long at) {
    var said = ip.isEmpty() ? Optional.<IpAddress>empty() : Optional.of(IpAddress.parse(ip));
    one.give(
        new NodeEvent.HostsHeard(
            List.of(new Sighting("weft-red", port(endpoint), mac, said, fresh, at))));
  }

  private static Route ours(MacAddress mac, String ip) {
    return route("10.0.0.1", mac, ip);
  }

  private static Route route(String vtep, MacAddress mac, String ip) {
    var said = ip.isEmpty() ? Optional.<IpAddress>empty() : Optional.of(IpAddress.parse(ip));
    return macRoute(vtep, 100, mac, said);
  }

  private void say(String vtep, MacAddress mac, String ip, ExtendedCommunity... more) {
    one.say(route(vtep, mac, ip), OneNode.attributes(vtep, 100, more));
  }

  private static ExtendedCommunity sequence(long number) {
    return ExtendedCommunity.macMobility(false, number);
  }

  private List<String> localRows() {
    return one.kernel(Kind.LOCAL_FDB).stream()
        .map(LocalFdbEntry.class::cast)
        .map(row -> row.mac() + " " + row.port())
        .toList();
  }

  @Test
  void whoIsHeardIsAnnouncedWithItsAddresses() {
    assertThat(one.learningPorts).extracting(LearningPort::port).containsExactly(port("bridge"));
    assertThat(localRows()).isEmpty();
    hear("bridge", VM, "");
    assertThat(one.announced()).contains(ours(VM, ""));
    assertThat(localRows()).containsExactly(VM + " " + port("bridge"));
    hear("bridge", VM, IP);
    assertThat(one.announced()).contains(ours(VM, IP)).doesNotContain(ours(VM, ""));
    assertThat(one.kernel(Kind.NEIGHBOUR)).singleElement().asString().contains(IP, VM.toString());
    assertThat(one.node.hosts(one.now))
        .singleElement()
        .satisfies(
            host -> {
              assertThat(host.mode()).isEqualTo("learned");
              assertThat(host.announced()).isFalse();
              assertThat(host.learned()).containsExactly(IpAddress.parse(IP));
            });
    one.detach("bridge");
    assertThat(one.announced()).doesNotContain(ours(VM, IP));
    assertThat(localRows()).isEmpty();
    assertThat(one.learningPorts).isEmpty();
  }

  @Test
  void nothingIsLearnedBehindOtherPortsNorOfWhatIsAnnounced() {
    one.attach(request("pod", "web", "192.168.1.10"));
    hear("pod", VM, IP);
    assertThat(one.announced()).doesNotContain(ours(VM, IP));
    hear("bridge", OneNode.macOf("192.168.1.10"), "");
    hear("bridge", VM, "192.168.1.10");
    assertThat(one.announced()).doesNotContain(ours(VM, "192.168.1.10"));
    assertThat(one.reports)
        .anyMatch(r -> r.contains("'pod'") && r.contains("'bridge'") && r.contains("stays"))
        .anyMatch(r -> r.contains("192.168.1.10") && r.contains("ignored"));
    assertThat(localRows())
        .contains(OneNode.macOf("192.168.1.10") + " " + port("pod"), VM + " " + port("bridge"));
    assertThat(one.kernel(Kind.LOCAL_FDB))
        .map(LocalFdbEntry.class::cast)
        .allMatch(row -> row.fixed() != row.mac().equals(VM));
  }

  @Test
  void anAddressOutsideTheSubnetsOrOfNoHostIsNotLearned() {
    for (var ip : List.of("10.9.9.9", "192.168.1.255", "224.0.0.1", "fe80::1", "169.254.1.1")) {
      hear("bridge", VM, ip);
    }
    assertThat(one.announced()).contains(ours(VM, ""));
    assertThat(one.node.hosts(one.now).getFirst().learned()).isEmpty();
  }

  @Test
  void theSilentAreAskedThenForgotten() {
    hear("bridge", VM, IP);
    one.pass(299 * SECOND);
    assertThat(one.questions).isEmpty();
    one.pass(2 * SECOND + SECOND / 2);
    assertThat(one.questions).hasSize(2).allMatch(q -> q.ip().equals(IpAddress.parse(IP)));
    hear("bridge", VM, IP); // it answers
    one.questions.clear();
    one.pass(300 * SECOND);
    assertThat(one.announced()).contains(ours(VM, IP));
    one.pass(4 * SECOND);
    assertThat(one.questions).hasSize(3);
    assertThat(one.announced()).doesNotContain(ours(VM, IP), ours(VM, ""));
    assertThat(localRows()).isEmpty();
    assertThat(one.kernel(Kind.NEIGHBOUR)).isEmpty();
  }

  @Test
  void whoSendsStaysButNotAnAddressThatItDoesNotSayAnyMore() {
    hear("bridge", VM, IP);
    for (int i = 0; i < 40; i++) {
      one.pass(10 * SECOND);
      hear("bridge", VM, "", false, one.now);
    }
    assertThat(one.announced()).contains(ours(VM, "")).doesNotContain(ours(VM, IP));
  }

  @Test
  void aMoveHereIsSaidWithTheNextNumberAndItsAddressesAreAskedFor() {
    say("10.0.0.2", VM, IP, sequence(4));
    hear("bridge", VM, "");
    assertThat(one.announced(ours(VM, "")).macMobility()).contains(sequence(5));
    assertThat(one.kernel(Kind.BRIDGE_FDB)).isEmpty();
    assertThat(one.questions).singleElement().matches(q -> q.ip().toString().equals(IP));
    hear("bridge", VM, IP);
    assertThat(one.announced(ours(VM, IP)).macMobility()).contains(sequence(5));
  }

  @Test
  void aMoveAwayTakesMacAndAddressesAlong() {
    hear("bridge", VM, IP);
    one.pass(SECOND);
    long before = one.now;
    one.pass(SECOND);
    say("10.0.0.2", VM, "", sequence(1));
    assertThat(one.announced()).doesNotContain(ours(VM, IP), ours(VM, ""));
    assertThat(localRows()).isEmpty();
    assertThat(one.kernel(Kind.BRIDGE_FDB)).singleElement().asString().contains(VM.toString());
    hear("bridge", VM, "", true, before); // seen before it went, and told late
    assertThat(one.announced()).doesNotContain(ours(VM, ""));
    one.pass(SECOND);
    hear("bridge", VM, IP);
    assertThat(one.announced(ours(VM, IP)).macMobility()).contains(sequence(2));
  }

  @Test
  void anAddressMovesBetweenMacsThatStay() {
    hear("bridge", VM, "");
    say("10.0.0.2", OTHER, IP);
    hear("bridge", VM, IP); // keepalived takes over
    assertThat(one.announced(ours(VM, IP)).macMobility()).contains(sequence(1));
    say("10.0.0.2", OTHER, IP, sequence(2)); // and the other takes it back
    assertThat(one.announced()).contains(ours(VM, "")).doesNotContain(ours(VM, IP));
    assertThat(one.announced(ours(VM, "")).macMobility()).contains(sequence(1));
    assertThat(one.kernel(Kind.NEIGHBOUR)).singleElement().asString().contains(OTHER.toString());
    assertThat(one.told).extracting(HostBinding::mac).containsExactly(VM, OTHER);
    assertThat(one.told).noneMatch(binding -> binding.sender().equals(binding.mac()));
    hear("bridge", VM, IP);
    assertThat(one.announced(ours(VM, IP)).macMobility()).contains(sequence(3));
  }

  @Test
  void anAddressMovesBetweenMacsOfThisNode() {
    hear("bridge", VM, IP);
    hear("bridge", OTHER, IP);
    assertThat(one.announced())
        .contains(ours(OTHER, IP), ours(VM, ""))
        .doesNotContain(ours(VM, IP), ours(OTHER, ""));
  }

  @Test
  void aMacMovesBetweenPortsOfThisNodeUnlessItIsSticky() {
    attach("second", "eth2", true);
    hear("bridge", VM, IP);
    hear("second", VM, "");
    assertThat(localRows()).containsExactly(VM + " " + port("second"));
    assertThat(one.announced()).contains(ours(VM, IP));
    hear("second", OTHER, "");
    hear("bridge", OTHER, "");
    assertThat(localRows()).contains(OTHER + " " + port("second"));
    assertThat(one.announced(ours(OTHER, "")).macMobility())
        .contains(ExtendedCommunity.macMobility(true, 0));
    assertThat(one.reports).anyMatch(r -> r.contains("sticky") && r.contains("'bridge'"));
  }

  @Test
  void aRowThatAFrameMovedIsFollowedAndOurOwnWriteIsNoMove() {
    attach("second", "eth2", false);
    hear("bridge", VM, IP);
    one.forget();
    var before = (LocalFdbEntry) one.kernel(Kind.LOCAL_FDB).getFirst();
    var moved = new LocalFdbEntry("weft-red", before.vni(), VM, port("second"), false);
    one.kernel.put(moved.key(), moved);
    one.give(
        new NodeEvent.KernelChanged(
            List.of(new NodeEvent.Observation(moved.key(), Optional.of(moved)))));
    hear("second", VM, "");
    hear("bridge", VM, "", false, one.now); // what we wrote before, told late
    assertThat(localRows()).containsExactly(VM + " " + port("second"));
    assertThat(one.batches.stream().flatMap(List::stream).map(KernelChange::key))
        .doesNotContain(moved.key());
    assertThat(one.node.foreign().counts()).isEmpty();
    assertThat(one.announced()).contains(ours(VM, IP));
  }

  @Test
  void whatIsStickyElsewhereIsNotLearned() {
    say("10.0.0.2", VM, IP, ExtendedCommunity.macMobility(true, 0));
    hear("bridge", VM, "");
    hear("bridge", OTHER, IP);
    assertThat(localRows()).containsExactly(OTHER + " " + port("bridge"));
    assertThat(one.announced()).doesNotContain(ours(VM, ""), ours(OTHER, IP));
    assertThat(one.kernel(Kind.BRIDGE_FDB))
        .singleElement()
        .matches(row -> row instanceof BridgeFdbEntry entry && entry.fixed());
  }

  @Test
  void anAttachedEndpointComesBeforeWhatWasLearnedOfIt() {
    hear("bridge", VM, IP);
    one.attach(
        new AttachRequest(
            "vm", "web", "/run/netns/vm", "eth0", Optional.of(VM), List.of(IpAddress.parse(IP))));
    assertThat(localRows()).containsExactly(VM + " " + port("vm"));
    assertThat(one.announced()).contains(ours(VM, IP));
    hear("bridge", VM, IP);
    assertThat(localRows()).containsExactly(VM + " " + port("vm"));
  }

  @Test
  void anAnnouncedMacHasMoreAddressesThanWereAnnounced() {
    one.attach(learning("router", "eth2", Optional.of(OTHER), false, "192.168.1.2"));
    hear("router", OTHER, "192.168.1.2");
    hear("router", OTHER, IP);
    assertThat(one.announced()).contains(ours(OTHER, "192.168.1.2"), ours(OTHER, IP));
    one.pass(310 * SECOND);
    assertThat(one.announced())
        .contains(ours(OTHER, "192.168.1.2"))
        .doesNotContain(ours(OTHER, IP));
  }

  @Test
  void anAnnouncedMacThatIsHeardElsewhereIsReachedThere() {
    one.attach(request("pod", "web", "192.168.1.10"));
    var mac = OneNode.macOf("192.168.1.10");
    say("10.0.0.2", mac, "192.168.1.10", sequence(1));
    assertThat(localRows()).isEmpty();
    assertThat(one.kernel(Kind.BRIDGE_FDB)).hasSize(1);
    one.unsay(route("10.0.0.2", mac, "192.168.1.10"));
    assertThat(localRows()).containsExactly(mac + " " + port("pod"));
    assertThat(one.announced(ours(mac, "192.168.1.10")).macMobility()).contains(sequence(2));
  }

  @Test
  void aQuarrelOfLearnedMacsIsFrozen() {
    for (int i = 0; i < 20; i++) {
      one.pass(SECOND);
      hear("bridge", VM, "");
      one.pass(SECOND);
      say("10.0.0.2", VM, "", sequence(2L * i + 2));
    }
    assertThat(one.node.view().duplicates()).hasSize(1);
    int said = one.updates.size();
    hear("bridge", VM, "");
    assertThat(one.updates).hasSize(said);
  }

  @Test
  void aQuarrelAboutAnAddressEnds() {
    hear("bridge", VM, IP);
    for (int i = 0; i < 20; i++) {
      one.pass(SECOND);
      hear("bridge", OTHER, IP);
      hear("bridge", VM, IP);
    }
    int said = one.updates.size();
    hear("bridge", OTHER, IP);
    assertThat(one.updates).hasSize(said);
    assertThat(one.announced())
        .contains(ours(VM, IP), ours(OTHER, ""))
        .doesNotContain(ours(OTHER, IP));
    assertThat(one.node.deviations(0))
        .singleElement()
        .asString()
        .contains(IP, VM.toString(), OTHER.toString());
    assertThat(one.reports).filteredOn(r -> r.contains("by turns")).hasSize(1);
    one.pass(310 * SECOND); // both are silent
    assertThat(one.node.deviations(0)).isEmpty();
    hear("bridge", OTHER, IP);
    assertThat(one.announced()).contains(ours(OTHER, IP));
  }

  @Test
  void aQuarrelAboutAnAddressWithAnotherNodeEnds() {
    hear("bridge", VM, "");
    say("10.0.0.2", OTHER, IP);
    for (int i = 0; i < 20; i++) {
      one.pass(SECOND);
      hear("bridge", VM, IP);
      if (one.announced().contains(ours(VM, IP))) {
        say("10.0.0.2", OTHER, IP, sequence(2L * i + 2));
      }
    }
    assertThat(one.told).hasSize(4);
    assertThat(one.node.deviations(0))
        .singleElement()
        .asString()
        .contains(VM.toString(), OTHER.toString(), "10.0.0.2");
    int said = one.updates.size();
    hear("bridge", VM, IP);
    assertThat(one.updates).hasSize(said);
    for (int i = 0; i < 9; i++) {
      one.pass(180 * SECOND);
      hear("bridge", VM, "");
    }
    hear("bridge", VM, IP); // another chance
    assertThat(one.announced()).contains(ours(VM, IP));
    assertThat(one.node.deviations(0)).noneMatch(text -> text.contains("by turns"));
    one.unsay(route("10.0.0.2", OTHER, IP));
    assertThat(one.announced()).contains(ours(VM, IP));
  }

  @Test
  void thereIsALimitForMacsAndForAddresses() {
    for (int i = 0; i < LearnedHosts.MAX_MACS + 50; i++) {
      hear("bridge", new MacAddress(0x0200_0000_0000L + i), "");
    }
    assertThat(localRows()).hasSize(LearnedHosts.MAX_MACS);
    assertThat(one.reports).filteredOn(r -> r.contains("more than 256 MAC")).hasSize(1);
  }

  @Test
  void aRestartedNodeKnowsWhoStoodBehindItsPorts() {
    hear("bridge", VM, IP);
    var again = new OneNode();
    one.kernel.forEach((key, object) -> again.kernel.put(key, object));
    again.start(WEB);
    assertThat(again.announced()).contains(ours(VM, IP));
    assertThat(again.batches.stream().flatMap(List::stream)).isEmpty();
  }

  @Test
  void behindALinkAMacIsNamedOrAllIsLearned() {
    assertThat(one.attachNow(learning("x", "eth3", Optional.empty(), false, "192.168.1.9")))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.message()).contains("learned"));
  }
}
