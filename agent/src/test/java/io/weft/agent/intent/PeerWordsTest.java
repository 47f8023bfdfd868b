package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.policy.Change;
import io.weft.bgp.policy.Match;
import io.weft.bgp.policy.Policy;
import io.weft.bgp.policy.PrefixRange;
import io.weft.bgp.policy.Rule;
import io.weft.bgp.policy.Verdict;
import io.weft.bgp.rib.NextHop;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.SessionOptions;
import io.weft.bgp.speaker.SessionOptions.AddPathMode;
import io.weft.bgp.speaker.SessionOptions.Excess;
import io.weft.bgp.speaker.SessionOptions.MaximumPrefixes;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.LargeCommunity;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each setting of a neighbour arrives at the speaker. */
final class PeerWordsTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final IpAddress SELF = IpAddress.parse("10.0.0.1");

  @TempDir private Path directory;

  private PeerWords words(String spec, boolean reflector) throws IOException {
    var fabric = Fabrics.read(directory, spec).fabric().spec();
    assertThat(PeerSupport.gaps(fabric)).isEmpty();
    return new PeerWords(fabric, List.of(SELF), reflector);
  }

  private PeerConfig peer(String settings) throws IOException {
    var peers = words("peers:\n  - {address: 192.0.2.1, " + settings + "}", false).peers();
    assertThat(peers).hasSize(1);
    return peers.getFirst();
  }

  private SessionOptions options(String settings) throws IOException {
    return peer(settings).options();
  }

  @Test
  void whatIsNotSaidIsAsForAnyPeer() throws IOException {
    assertThat(peer("asn: 65000"))
        .isEqualTo(
            new PeerConfig(IpAddress.parse("192.0.2.1"), AS, false, false)
                .withLocalAddress(Optional.of(SELF)));
  }

  /** Where nodes have VTEPs of both families: which of the reflectors' addresses each speaks to. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10.0.0.1 fd00::1 | 10.0.0.8, 'fd00::8', 10.0.0.9, 'fd00::9' | fd00::8 fd00::9",
        "10.0.0.1         | 10.0.0.8, 'fd00::8', 10.0.0.9, 'fd00::9' | 10.0.0.8 10.0.0.9",
        "fd00::1          | 10.0.0.8, 'fd00::8'                      | fd00::8",
        "10.0.0.1 fd00::1 | 10.0.0.8, 10.0.0.9                       | 10.0.0.8 10.0.0.9",
        "10.0.0.1         | 'fd00::8'                                |",
      },
      quoteCharacter = '"')
  void aNodeSpeaksWithAReflectorOnce(String self, String reflectors, String wanted)
      throws IOException {
    var spec =
        "vtep: {families: [ipv4, ipv6]}\n  reflectors: {addresses: [%s]}".formatted(reflectors);
    var fabric = Fabrics.read(directory, spec).fabric().spec();
    var own = List.of(self.split(" ")).stream().map(IpAddress::parse).toList();
    var peers = new PeerWords(fabric, own, false).peers();
    assertThat(peers.stream().map(peer -> peer.address().toString()))
        .containsExactly(wanted == null ? new String[0] : wanted.split(" "));
    assertThat(peers)
        .allSatisfy(
            peer ->
                assertThat(peer.localAddress().orElseThrow().bits())
                    .isEqualTo(peer.address().bits()));
  }

  @Test
  void theNumberAndTheFamiliesGoTogether() throws IOException {
    assertThat(peer("asn: 65001").as()).isEqualTo(PeerAs.of(new AutonomousSystem(65001)));
    assertThat(peer("asn: 65001").families()).containsExactly(Family.L2VPN_EVPN);
    assertThat(peer("asn: internal").as()).isEqualTo(PeerAs.of(AS));
    assertThat(peer("asn: internal, families: [ipv4-unicast, l2vpn-evpn]").families())
        .containsExactly(Family.IPV4_UNICAST, Family.L2VPN_EVPN, Family.ROUTE_TARGET);
    assertThat(peer("asn: internal, families: [ipv6-unicast]").families())
        .containsExactly(Family.IPV6_UNICAST);
    assertThat(peer("asn: external").as()).isEqualTo(new PeerAs.External());
    assertThat(peer("asn: external").families()).containsExactly(Family.L2VPN_EVPN);
  }

  @Test
  void theSessionIsRunAsSaid() throws IOException {
    assertThat(peer("nextHop: self").nextHop()).isEqualTo(NextHop.SELF);
    assertThat(peer("nextHop: unchanged").nextHop()).isEqualTo(NextHop.UNCHANGED);
    assertThat(options("holdSeconds: 9").holdSeconds()).isEqualTo(OptionalInt.of(9));
    assertThat(options("allowAsIn: 2").allowAsIn()).isEqualTo(2);
    assertThat(options("shutdown: until two").shutdown()).contains("until two");
    assertThat(options("addPath: receive").addPath()).isEqualTo(AddPathMode.RECEIVE);
    assertThat(options("addPath: both").addPath()).isEqualTo(AddPathMode.BOTH);
    assertThat(options("maximumPrefixes: {limit: 9}").maximumPrefixes())
        .contains(new MaximumPrefixes(9, 75, new Excess.Restart(60)));
    assertThat(options("maximumPrefixes: {limit: 9, restartSeconds: 0}").maximumPrefixes())
        .contains(new MaximumPrefixes(9, 75, new Excess.Shut()));
    assertThat(
            options("maximumPrefixes: {limit: 9, warnPercent: 50, action: warn}").maximumPrefixes())
        .contains(new MaximumPrefixes(9, 50, new Excess.Warn()));
  }

  @Test
  void policiesKeepTheirRulesUnderNumbers() throws IOException {
    var peer =
        words(
                """
                peers:
                  - {address: 192.0.2.1, import: in, export: out}
                  policies:
                  - name: in
                    default: accept
                    rules:
                    - match:
                        families: [l2vpn-evpn]
                        types: [2, 5]
                        routeTargets: ["65000:10"]
                        communities: ["65000:7", no-export, "4200000000:1:2"]
                        prefixes: [10.0.0.0/8 ge 24 le 28]
                        peers: [192.0.2.1]
                      set: {localPreference: 200, med: 5, addCommunities: ["65000:8", "65000:0:8"],
                            removeCommunities: ["65000:9", "65000:0:9"]}
                      verdict: accept
                    - {verdict: reject}
                  - {name: out}\
                """,
                false)
            .peers()
            .getFirst();
    var match =
        new Match(
            List.of(Family.L2VPN_EVPN),
            List.of(2, 5),
            List.of(RouteTarget.parse("65000:10")),
            List.of(Community.of(65000, 7), Community.NO_EXPORT),
            List.of(new LargeCommunity(4_200_000_000L, 1, 2)),
            List.of(new PrefixRange(IpPrefix.parse("10.0.0.0/8"), 24, 28)),
            List.of(IpPrefix.parse("192.0.2.1/32")));
    var change =
        new Change(
            OptionalLong.of(200),
            OptionalLong.of(5),
            List.of(Community.of(65000, 8)),
            List.of(Community.of(65000, 9)),
            List.of(new LargeCommunity(65000, 0, 8)),
            List.of(new LargeCommunity(65000, 0, 9)));
    assertThat(peer.importPolicy())
        .contains(
            new Policy(
                "in",
                List.of(
                    new Rule("1", match, change, Verdict.ACCEPT),
                    new Rule("2", Match.ANY, Change.NONE, Verdict.REJECT)),
                Verdict.ACCEPT));
    assertThat(peer.exportPolicy()).contains(new Policy("out", List.of(), Verdict.REJECT));
  }

  @Test
  void whatIsSaidOfAReflectorAmongThePeersHoldsForIt() throws IOException {
    var words =
        words(
            """
            reflectors: {addresses: [10.0.0.1, 10.0.0.8, 10.0.0.9]}
              peers:
              - {address: 10.0.0.9, holdSeconds: 9}\
            """,
            false);
    assertThat(words.peers())
        .extracting(PeerConfig::address)
        .as("not ourselves, and each once")
        .containsExactly(IpAddress.parse("10.0.0.9"), IpAddress.parse("10.0.0.8"));
    assertThat(words.peers().getFirst().options().holdSeconds()).isEqualTo(OptionalInt.of(9));
  }

  @Test
  void rangesAreForWhoeverConnects() throws IOException {
    var spec =
        """
        vtep: {cidr: 10.0.0.0/16}
          reflectors: {addresses: [10.0.0.9]}
          peers:
          - {range: 10.0.7.0/24, asn: internal, holdSeconds: 9}
          - {range: 198.51.100.0/24, asn: external, families: [ipv4-unicast]}
          - {address: 10.0.0.7, asn: internal}
          - {address: 10.0.0.9, asn: internal}\
        """;
    var node = words(spec, false).ranges();
    assertThat(node)
        .extracting(range -> range.prefix().toString())
        .containsExactly("10.0.7.0/24", "198.51.100.0/24");
    assertThat(node).allMatch(range -> range.template().passive() && !range.template().client());
    assertThat(node.getLast().template().as()).isEqualTo(new PeerAs.External());

    var reflector = words(spec, true);
    assertThat(reflector.ranges())
        .extracting(range -> range.prefix() + " " + range.template().client())
        .containsExactly("10.0.7.0/24 true", "198.51.100.0/24 false", "10.0.0.0/16 true");
    assertThat(reflector.ranges().getLast())
        .isEqualTo(PeerRange.clients(IpPrefix.parse("10.0.0.0/16"), AS));
    assertThat(reflector.peers())
        .extracting(peer -> peer.address() + " " + peer.client())
        .containsExactly("10.0.0.7 true", "10.0.0.9 false");
  }

  @Test
  void theFabricsTimesArrive() throws IOException {
    var intent =
        Fabrics.read(directory, "holdSeconds: 9\n  restartSeconds: 60\n  longLivedSeconds: 3600");
    var node = IntentWords.node(intent, List.of());
    assertThat(node.holdSeconds()).isEqualTo(9);
    assertThat(node.restartSeconds()).isEqualTo(60);
    assertThat(node.longLivedSeconds()).isEqualTo(3600);
  }
}
