package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.AS;
import static io.weft.bgp.speaker.World.config;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.peer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.bgp.session.Negotiated;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.session.Session;
import io.weft.bgp.session.SessionInput;
import io.weft.bgp.session.SessionSettings;
import io.weft.bgp.speaker.SessionOptions.AddPathMode;
import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.MessageCodec;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What we offer, and what comes of it at both ends, over the octets of the OPENs. */
class OfferTest {
  private static final List<Family> ALL =
      List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST, Family.IPV6_UNICAST, Family.ROUTE_TARGET);

  @Test
  void twoSpeakersAgreeOnAllThatIsAlwaysOffered() {
    var agreed = agreed(offer(2, peer(1)), offer(1, peer(2)));
    assertThat(agreed.longest()).isEqualTo(Message.MAX_EXTENDED_LENGTH);
    assertThat(agreed.enhancedRefresh()).isTrue();
    assertThat(agreed.notification()).isTrue();
    assertThat(agreed.peerAs()).isEqualTo(AS);
    assertThat(agreed.extendedNextHop()).isFalse();
    assertThat(agreed.addPathSend(Family.L2VPN_EVPN)).isFalse();
    assertThat(agreed.longLived()).isEmpty();
  }

  @Test
  void peerThatOffersNothingGetsNothing() {
    var bare = new Open(AS, 90, id(2), List.of(new Capability.Multiprotocol(Family.L2VPN_EVPN)));
    var agreed = agreed(offer(1, peer(2)), bare);
    assertThat(agreed.longest()).isEqualTo(Message.MAX_LENGTH);
    assertThat(agreed.enhancedRefresh()).isFalse();
    assertThat(agreed.notification()).isFalse();
    assertThat(agreed.restart()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "BOTH, BOTH, true, true",
    "SEND, RECEIVE, true, false",
    "RECEIVE, SEND, false, true",
    "SEND, SEND, false, false",
    "BOTH, NONE, false, false",
    "BOTH, RECEIVE, true, false",
  })
  void addPathNeedsOneThatSendsAndOneThatReceives(
      AddPathMode ours, AddPathMode theirs, boolean sends, boolean receives) {
    var agreed = agreed(offer(1, addPath(2, ours)), offer(2, addPath(1, theirs)));
    for (var family : ALL) {
      boolean possible = !family.equals(Family.ROUTE_TARGET);
      assertThat(agreed.addPathSend(family)).as("%s", family).isEqualTo(sends && possible);
      assertThat(agreed.addPathReceive(family)).as("%s", family).isEqualTo(receives && possible);
    }
  }

  private static PeerConfig addPath(int host, AddPathMode mode) {
    return peer(host).withFamilies(ALL).withOptions(SessionOptions.DEFAULT.withAddPath(mode));
  }

  @Test
  void ipv4RoutesMayHaveIpv6NextHopsWhereBothSpeakThem() {
    var unicast = peer(2).withFamilies(List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST));
    assertThat(agreed(offer(1, unicast), offer(2, unicast)).extendedNextHop()).isTrue();
    assertThat(agreed(offer(1, unicast), offer(2, peer(1))).extendedNextHop()).isFalse();
  }

  @Test
  void longLivedTimesAreThePeersAndNeedBoth() {
    var ours = longLived(1, 3600);
    var theirs = longLived(2, 7200);
    var agreed = agreed(Offer.of(ours, peer(2), false), Offer.of(theirs, peer(1), false));
    assertThat(agreed.longLivedStale(Family.L2VPN_EVPN)).isEqualTo(Duration.ofHours(2));
    assertThat(agreed.longLivedStale(Family.IPV4_UNICAST)).isZero();
    assertThat(agreed(Offer.of(ours, peer(2), false), offer(2, peer(1))).longLived()).isEmpty();
    assertThat(agreed(offer(1, peer(2)), Offer.of(theirs, peer(1), false)).longLived()).isEmpty();
  }

  private static SpeakerConfig longLived(int host, int seconds) {
    return new SpeakerConfig(AS, id(host), List.of(), List.of(), true, 90, 120, seconds, 9, 1000);
  }

  @Test
  void membershipsAreOfferedWithinOurAsOnly() {
    var external = peer(2).withAs(new PeerAs.External());
    var membership = new Capability.Multiprotocol(Family.ROUTE_TARGET);
    assertThat(offer(1, peer(2)).capabilities()).contains(membership);
    assertThat(offer(1, external).capabilities()).doesNotContain(membership);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, 2, 65536})
  void holdTimesThatAreNoneAreRefused(int seconds) {
    assertThatThrownBy(() -> SessionOptions.DEFAULT.withHoldSeconds(seconds))
        .hasMessage("hold time " + seconds + " s is neither 0 nor 3..65535");
    assertThatThrownBy(
            () -> new SpeakerConfig(AS, id(1), List.of(), List.of(), true, seconds, 120, 100, 1000))
        .hasMessage("hold time " + seconds + " s is neither 0 nor 3..65535");
  }

  private static Open offer(int host, PeerConfig peer) {
    return Offer.of(config(host, peer), peer, false);
  }

  /** What the sender of {@code ours} finds when {@code theirs} has come over the wire. */
  private static Negotiated agreed(Open ours, Open theirs) {
    var settings = new SessionSettings(AS, ours.routerId(), PeerAs.of(theirs.as()), false, ALL);
    var session = new Session(settings);
    session.step(0, new SessionInput.Start(false));
    session.step(0, new SessionInput.Opened(1, true, ours));
    var octets = new MessageCodec().encode(theirs);
    var heard = (Open) ((Decoded.Good) new MessageCodec().decode(octets)).message();
    session.step(0, new SessionInput.Received(heard));
    assertThat(session.negotiated()).isPresent();
    return session.negotiated().orElseThrow();
  }
}
