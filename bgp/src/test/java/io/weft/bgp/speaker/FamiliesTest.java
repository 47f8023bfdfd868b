package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.AS;
import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.bgp.rib.NextHop;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FamiliesTest {
  private static final Family EVPN = Family.L2VPN_EVPN;
  private static final Family IPV4 = Family.IPV4_UNICAST;
  private static final Family IPV6 = Family.IPV6_UNICAST;
  private static final Route PREFIX = new UnicastRoute(IpPrefix.parse("192.0.2.0/24"));
  private static final AutonomousSystem OTHER = new AutonomousSystem(65001);

  private final World world = new World();

  @Test
  void onlyCommonFamiliesAreExchangedAndEachEnds() {
    world.start("a", 1, config(1, with(2, AS, NextHop.AUTOMATIC, EVPN, IPV4, IPV6)));
    world.start("b", 2, config(2, with(1, AS, NextHop.AUTOMATIC, IPV4, EVPN)));
    world.pass(Duration.ofSeconds(1));

    assertThat(ends("b")).containsExactly(EVPN, IPV4);
    var six = new UnicastRoute(IpPrefix.parse("2001:db8::/32"));
    world.give("a", originate(attributes(1), PREFIX, six));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    assertThat(world.best("b")).containsExactlyInAnyOrder(PREFIX, mac(1, 1).key());
    assertThat(world.peerOf("a", 2).sent()).isEqualTo(2);
  }

  @Test
  void withoutACommonFamilyTheSessionIsRefusedWithWhatIsMissing() {
    world.start("a", 1, config(1, with(2, AS, NextHop.AUTOMATIC, IPV4)));
    world.start("b", 2, config(2, peer(1)));
    world.pass(Duration.ofSeconds(1));
    assertThat(world.peerOf("a", 2).state()).isNotEqualTo("Established");
    assertThat(world.peerOf("b", 1).lastReason().orElseThrow()).contains("2/7");
  }

  @Test
  void routeTargetsFilterEvpnOnly() {
    var node = with(2, AS, NextHop.AUTOMATIC, EVPN, IPV4);
    world.start("n", 1, World.node(1, node));
    world.start("a", 2, config(2, with(1, AS, NextHop.AUTOMATIC, EVPN, IPV4)));
    world.pass(Duration.ofSeconds(1));
    world.give("a", originate(attributes(2, World.BLUE), mac(2, 1)));
    world.give("a", originate(attributes(2), PREFIX));
    assertThat(world.best("n")).containsExactly(PREFIX);
    world.give("n", new SpeakerEvent.ImportTargetsChanged(List.of(World.RED)));
    assertThat(world.best("n")).containsExactly(PREFIX);
  }

  @ParameterizedTest
  @EnumSource(NextHop.class)
  void externalPeersHearTheNextHopOfTheRule(NextHop rule) {
    world.start("a", 1, config(1, with(2, OTHER, rule, EVPN, IPV4)));
    world.start("b", 2, other(2, with(1, AS, NextHop.AUTOMATIC, EVPN, IPV4)));
    world.pass(Duration.ofSeconds(1));
    world.give("a", originate(attributes(5), PREFIX));
    world.give("a", originate(attributes(5, World.RED), mac(1, 1)));
    var unicast = rule == NextHop.UNCHANGED ? address(5) : IpAddress.parse("10.9.9.9");
    assertThat(nextHop("b", PREFIX)).isEqualTo(unicast);
    assertThat(nextHop("b", mac(1, 1))).isEqualTo(address(5));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aHostPassesNoUnicastRouteOnBetweenItsUplinksEvenIfItReflects(boolean reflects) {
    var one = with(2, OTHER, NextHop.AUTOMATIC, IPV4);
    var other = with(3, OTHER, NextHop.AUTOMATIC, IPV4);
    world.start("host", 1, reflects ? World.reflector(1, one, other) : World.node(1, one, other));
    world.start("tor1", 2, other(2, with(1, AS, NextHop.AUTOMATIC, IPV4)));
    world.start("tor2", 3, other(3, with(1, AS, NextHop.AUTOMATIC, IPV4)));
    world.pass(Duration.ofSeconds(1));
    world.give("tor1", originate(attributes(2), PREFIX));
    var own = new UnicastRoute(IpPrefix.parse("10.255.0.1/32"));
    world.give("host", originate(attributes(1), own));
    assertThat(world.best("host")).contains(PREFIX);
    assertThat(world.best("tor2")).containsExactly(own);
  }

  @Test
  void overIpv6AnExternalPeerHearsOurIpv6NextHopForIpv4() {
    var local = Optional.of(IpAddress.parse("2001:db8::9"));
    var families = List.of(IPV4);
    var toB = new PeerConfig(address(2), OTHER, false, false, families, local, NextHop.AUTOMATIC);
    world.start("a", 1, config(1, toB));
    world.start("b", 2, other(2, with(1, AS, NextHop.AUTOMATIC, IPV4)));
    world.pass(Duration.ofSeconds(1));
    world.give("a", originate(attributes(5), PREFIX));
    assertThat(nextHop("b", PREFIX)).isEqualTo(local.orElseThrow());
  }

  @Test
  void restartKeepsEveryFamilyUntilItsOwnEnd() {
    world.start("r", 9, config(9, with(1, AS, NextHop.AUTOMATIC, EVPN, IPV4)));
    world.start("a", 1, config(1, with(9, AS, NextHop.AUTOMATIC, EVPN, IPV4)));
    world.give("a", originate(attributes(1), PREFIX));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    world.pass(Duration.ofSeconds(1));
    world.kill("a", true);
    assertThat(world.peerOf("r", 1).staleRoutes()).isEqualTo(2);

    // It comes back with EVPN alone: what it no longer speaks of goes at once.
    world.add("a", 1, config(1, peer(9)));
    world.give("a", originate(attributes(1, World.RED), mac(1, 1)));
    world.pass(Duration.ofSeconds(1));
    assertThat(world.best("r")).containsExactly(mac(1, 1).key());
  }

  @Test
  void failedPathEndsTheSessionAndItsRoutes() {
    world.start("a", 1, config(1, peer(2)));
    world.start("b", 2, config(2, peer(1)));
    world.pass(Duration.ofSeconds(1));
    world.give("b", originate(attributes(2, World.RED), mac(2, 1)));
    assertThat(world.best("a")).hasSize(1);
    world.forget();
    world.give("a", new SpeakerEvent.PathFailed(address(2), "no packet in 300 ms"));
    assertThat(world.best("a")).isEmpty();
    assertThat(world.peerOf("a", 2).lastReason()).contains("BFD Down: no packet in 300 ms");
    assertThat(world.peerOf("b", 1).lastReason().orElseThrow()).contains("6/10");
    world.pass(Duration.ofSeconds(5));
    assertThat(world.best("a")).hasSize(1);
  }

  @Test
  void familiesThatCannotBeSpokenAreRefused() {
    assertThatThrownBy(() -> with(2, AS, NextHop.AUTOMATIC, new Family(1, 128)))
        .hasMessageContaining("1/128");
  }

  private List<Family> ends(String name) {
    return world.taken(name).stream()
        .filter(SpeakerEffect.EndOfRibReceived.class::isInstance)
        .map(effect -> ((SpeakerEffect.EndOfRibReceived) effect).family())
        .toList();
  }

  private IpAddress nextHop(String name, Route route) {
    return world.speaker(name).view().routes().stream()
        .filter(view -> view.route().key().equals(route.key()))
        .findFirst()
        .orElseThrow()
        .attributes()
        .nextHop();
  }

  private static PeerConfig with(
      int host, AutonomousSystem as, NextHop nextHop, Family... families) {
    var local = Optional.of(IpAddress.parse("10.9.9.9"));
    return new PeerConfig(address(host), as, false, false, List.of(families), local, nextHop);
  }

  private static SpeakerConfig other(int host, PeerConfig peer) {
    return new SpeakerConfig(OTHER, id(host), List.of(peer), List.of(), true, 90, 120, 10, 1000);
  }
}
