package io.weft.bgp.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.LargeCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyTest {
  private static final IpAddress PEER = IpAddress.parse("10.0.0.9");
  private static final RouteDistinguisher RD =
      RouteDistinguisher.of(new Ipv4Address(10 << 24 | 1), 1);
  private static final RouteTarget RED = RouteTarget.parse("65000:100");
  private static final RouteTarget BLUE = RouteTarget.parse("65000:200");
  private static final Community ONE = Community.of(65000, 1);
  private static final Community TWO = Community.of(65000, 2);
  private static final IpPrefix INSIDE = IpPrefix.parse("10.1.2.0/24");
  private static final Route UNICAST = new UnicastRoute(INSIDE);
  private static final Route FIVE =
      new EvpnRoute.IpPrefixRoute(RD, Esi.ZERO, 0, INSIDE, IpAddress.parse("0.0.0.0"), 7);
  private static final Route THREE = new EvpnRoute.InclusiveMulticast(RD, 0, PEER);
  private static final PathAttributes ATTRIBUTES =
      PathAttributes.originated(PEER, List.of(ExtendedCommunity.of(RED)), Optional.empty())
          .withCommunities(List.of(ONE));

  /** What matches of a unicast route, a type 5 and a type 3 with the same attributes. */
  @ParameterizedTest
  @CsvSource({
    "any, true, true, true",
    "family, true, false, false",
    "type, false, false, true",
    "red, true, true, true",
    "blue, false, false, false",
    "one, true, true, true",
    "two, false, false, false",
    "longer, true, true, false",
    "exact, false, false, false",
    "peer, true, true, true",
    "stranger, false, false, false",
    "redAndTwo, false, false, false"
  })
  void everyListMustFit(String match, boolean unicast, boolean five, boolean three) {
    assertThat(rejects(match, UNICAST)).isEqualTo(unicast);
    assertThat(rejects(match, FIVE)).isEqualTo(five);
    assertThat(rejects(match, THREE)).isEqualTo(three);
  }

  @Test
  void nextChangesAndGoesOnAndLaterRulesSeeTheChange() {
    var change = new Change(OptionalLong.of(200), OptionalLong.of(5), List.of(TWO), List.of(ONE));
    var first = new Rule("mark", Match.ANY, change, Verdict.NEXT);
    var second = new Rule("marked", match("two"), Change.NONE, Verdict.ACCEPT);
    var policy = new Policy("p", List.of(first, second), Verdict.REJECT);
    assertThat(policy.apply(UNICAST, ATTRIBUTES, PEER))
        .isEqualTo(
            new Decision.Accepted(
                ATTRIBUTES
                    .withLocalPreference(OptionalLong.of(200))
                    .withMed(OptionalLong.of(5))
                    .withCommunities(List.of(TWO))));
  }

  /** RFC 8092: matched together with the standard ones, set apart from them. */
  @Test
  void largeCommunitiesAreMatchedAndSet() {
    var three = new LargeCommunity(4_200_000_000L, 1, 2);
    var four = new LargeCommunity(4_200_000_000L, 1, 3);
    var marked = ATTRIBUTES.withLargeCommunities(List.of(three));
    var large =
        new Match(
            List.of(), List.of(), List.of(), List.of(TWO), List.of(three), List.of(), List.of());
    var change =
        new Change(
            OptionalLong.empty(),
            OptionalLong.empty(),
            List.of(),
            List.of(),
            List.of(four),
            List.of(three));
    var policy =
        new Policy("p", List.of(new Rule("r", large, change, Verdict.ACCEPT)), Verdict.REJECT);
    assertThat(policy.apply(UNICAST, marked, PEER))
        .isEqualTo(new Decision.Accepted(ATTRIBUTES.withLargeCommunities(List.of(four))));
    assertThat(policy.apply(UNICAST, ATTRIBUTES.withCommunities(List.of(TWO)), PEER))
        .isInstanceOf(Decision.Accepted.class);
    assertThat(policy.apply(UNICAST, ATTRIBUTES, PEER)).isInstanceOf(Decision.Rejected.class);
    assertThatThrownBy(
            () ->
                new Change(
                    OptionalLong.empty(),
                    OptionalLong.empty(),
                    List.of(),
                    List.of(),
                    List.of(three),
                    List.of(three)))
        .hasMessageContaining("4200000000:1:2 is both added and removed");
  }

  @Test
  void withoutADecidingRuleTheDefaultDecides() {
    assertThat(new Policy("p", List.of(), Verdict.REJECT).apply(FIVE, ATTRIBUTES, PEER))
        .isEqualTo(new Decision.Rejected("p", Optional.empty()));
    assertThat(Policy.ACCEPT.apply(FIVE, ATTRIBUTES, PEER))
        .isEqualTo(new Decision.Accepted(ATTRIBUTES));
  }

  @Test
  void whatCannotBeMeantIsRefused() {
    assertThatThrownBy(() -> new Policy("p", List.of(), Verdict.NEXT))
        .hasMessageContaining("say accept or reject");
    assertThatThrownBy(() -> new PrefixRange(INSIDE, 8, 32)).hasMessageContaining("from 24 to 32");
    assertThatThrownBy(
            () ->
                new Change(OptionalLong.empty(), OptionalLong.empty(), List.of(ONE), List.of(ONE)))
        .hasMessageContaining("both added and removed");
  }

  private static boolean rejects(String match, Route route) {
    var rule = new Rule("no", match(match), Change.NONE, Verdict.REJECT);
    return new Policy("p", List.of(rule), Verdict.ACCEPT)
        .apply(route, ATTRIBUTES, PEER)
        .equals(new Decision.Rejected("p", Optional.of("no")));
  }

  private static Match match(String name) {
    var all = IpPrefix.parse("10.1.0.0/16");
    List<Family> families = name.equals("family") ? List.of(Family.IPV4_UNICAST) : List.of();
    List<Integer> types = name.equals("type") ? List.of(3) : List.of();
    List<RouteTarget> targets =
        name.startsWith("red")
            ? List.of(RED, BLUE)
            : name.equals("blue") ? List.of(BLUE) : List.of();
    List<Community> communities =
        name.equals("one")
            ? List.of(ONE, TWO)
            : name.equals("two") || name.equals("redAndTwo") ? List.of(TWO) : List.of();
    List<PrefixRange> prefixes =
        name.equals("longer")
            ? List.of(new PrefixRange(all, 20, 24))
            : name.equals("exact") ? List.of(PrefixRange.exactly(all)) : List.of();
    List<IpPrefix> peers =
        name.equals("peer")
            ? List.of(IpPrefix.parse("10.0.0.0/24"))
            : name.equals("stranger") ? List.of(IpPrefix.parse("10.0.1.0/24")) : List.of();
    return new Match(families, types, targets, communities, prefixes, peers);
  }
}
