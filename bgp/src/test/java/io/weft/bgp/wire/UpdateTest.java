package io.weft.bgp.wire;

import static io.weft.bgp.wire.Wire.ESI_ZERO;
import static io.weft.bgp.wire.Wire.MANDATORY;
import static io.weft.bgp.wire.Wire.RD;
import static io.weft.bgp.wire.Wire.T2;
import static io.weft.bgp.wire.Wire.T2_TEXT;
import static io.weft.bgp.wire.Wire.attribute;
import static io.weft.bgp.wire.Wire.good;
import static io.weft.bgp.wire.Wire.message;
import static io.weft.bgp.wire.Wire.reach;
import static io.weft.bgp.wire.Wire.unreach;
import static io.weft.bgp.wire.Wire.update;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.UnknownEvpnRoute;
import io.weft.bgp.wire.Message.Update;
import io.weft.bgp.wire.PathAttributes.UnknownAttribute;
import io.weft.net.IpAddress;
import io.weft.net.Octets;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What may stand in an UPDATE without being a fault, and what has more than one form. */
class UpdateTest {
  private static final String SEGMENT = "01aabbccddeeff006400";

  private static String prefix(String esi, String length, String gateway, String label) {
    return "0522" + RD + esi + "00000000" + length + "cb007181" + gateway + label;
  }

  @Test
  void orderAndFormOfAttributesDoNotMatter() {
    var shortForm = "800e2c 0019 46 04 c6336402 00" + T2;
    var first = good(update(reach(T2) + MANDATORY));
    assertThat(good(update(MANDATORY + reach(T2)))).isEqualTo(first);
    assertThat(good(update(Wire.ORIGIN + reach(T2) + Wire.AS_PATH + Wire.LOCAL_PREF)))
        .isEqualTo(first);
    assertThat(good(update(MANDATORY + shortForm))).isEqualTo(first);
    assertThat(good(update("50010001 00 400200" + Wire.LOCAL_PREF + shortForm))).isEqualTo(first);
  }

  @ParameterizedTest
  @ValueSource(strings = {"000000", "800000", "000064", "fffff1"})
  void labelsOfAWithdrawalDoNotCount(String label) {
    var route = "0221" + RD + SEGMENT + "00000000 30 02aa00000201 00" + label;
    var withSecond = "0224" + RD + ESI_ZERO + "00000000 30 02aa00000201 00" + label + "000384";
    var announced = good(update(reach(withSecond) + MANDATORY)).announced().getFirst();
    for (var form : List.of(route, withSecond)) {
      assertThat(good(update(unreach(form))).withdrawn()).containsExactly(announced.key());
    }
  }

  @Test
  void withdrawAndAnnounceOfOneKeyInOneMessage() {
    var update = good(update(unreach(T2) + reach(T2) + MANDATORY));
    assertThat(update.withdrawn()).hasSize(1);
    assertThat(update.announced()).hasSize(1);
    assertThat(update.withdrawn().getFirst()).isEqualTo(update.announced().getFirst().key());
    var codec = Wire.internal();
    assertThat(good(codec, codec.encode(update))).isEqualTo(update);
  }

  @Test
  void oneRouteTwiceInOneMessageHasOneKey() {
    var announced = good(update(reach(T2 + T2) + MANDATORY)).announced();
    assertThat(announced.stream().map(Route::key).distinct()).hasSize(1);
  }

  @Test
  void endOfRib() {
    assertThat(good(update(unreach("")))).isEqualTo(Update.endOfRib(Family.L2VPN_EVPN));
    assertThat(good(message(2, "0000 0000"))).isEqualTo(Update.endOfRib(Family.IPV4_UNICAST));
    assertThat(good(update(attribute(0x80, 15, "0002 01"))))
        .isEqualTo(Update.endOfRib(new Family(2, 1)));
    assertThat(good(update(unreach("") + reach(T2) + MANDATORY)).endOfRib()).isEmpty();
    assertThat(good(update(unreach("") + MANDATORY)).endOfRib()).isEmpty();
  }

  @Test
  void otherFamiliesAreReadOver() {
    var ipv6 = attribute(0x80, 14, "0002 01 20" + "fe".repeat(32) + "00 40 20010db800000000");
    var update = good(update(ipv6 + MANDATORY));
    assertThat(update.announced()).isEmpty();
    assertThat(update.endOfRib()).isEmpty();
    assertThat(update.faults())
        .singleElement()
        .asString()
        .contains("ipv6-unicast")
        .contains("ignored");
    assertThat(good(update(attribute(0x80, 15, "0002 01 40 20010db8"))).withdrawn()).isEmpty();
    var ipv4 = good(message(2, "0004 180a0000 0000 180a0001"));
    assertThat(ipv4.endOfRib()).isEmpty();
    assertThat(ipv4.faults()).singleElement().asString().contains("ipv4-unicast");
  }

  @Test
  void newerRouteTypesAreKeptVerbatim() {
    var update = good(update(reach("0903 010203" + "c800" + T2) + MANDATORY));
    assertThat(update.announced().subList(0, 2))
        .containsExactly(
            new UnknownEvpnRoute(9, Octets.parse("010203")),
            new UnknownEvpnRoute(200, Octets.EMPTY));
    assertThat(update.announced().getFirst()).hasToString("[9] 010203");
    assertThat(update.announced().getLast().key()).hasToString(T2_TEXT);
    assertThat(update.faults()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "061c RD 00000000 20 0a000001 20 ef010101 20 c6336402 02;"
            + " [6] 198.51.100.2:2 tag 0 (10.0.0.1, 239.1.1.1) 198.51.100.2",
        "0618 RD 00000000 00 20 ef010101 20 c6336402 04;"
            + " [6] 198.51.100.2:2 tag 0 (*, 239.1.1.1) 198.51.100.2",
        "0614 RD 00000000 00 00 20 c6336402 00; [6] 198.51.100.2:2 tag 0 (*, *) 198.51.100.2",
        "0722 RD SEG 00000064 00 20 ef010101 20 c6336402 0a;"
            + " [7] 198.51.100.2:2 esi 01:aa:bb:cc:dd:ee:ff:00:64:00 tag 100 (*, 239.1.1.1)"
            + " 198.51.100.2",
        "0827 RD SEG 00000064 00 20 ef010101 20 c6336402 00000000 0a 02;"
            + " [8] 198.51.100.2:2 esi 01:aa:bb:cc:dd:ee:ff:00:64:00 tag 100 (*, 239.1.1.1)"
            + " 198.51.100.2"
      })
  void multicastMembershipWithItsKey(String route, String key) {
    var octets = route.replace("RD", RD).replace("SEG", SEGMENT).replace(" ", "");
    var update = good(update(reach(octets + T2) + MANDATORY));
    assertThat(update.faults()).isEmpty();
    assertThat(update.announced().getFirst().key()).hasToString(key);
    var codec = Wire.internal();
    assertThat(Wire.hex(codec.encode(update))).contains(octets);
    assertThat(good(update(unreach(octets))).withdrawn())
        .containsExactly(update.announced().getFirst().key());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0615 RD 00000000 00 00 20 c6336402 00 00", // one octet too many
        "0613 RD 00000000 00 00 20 c6336402", // flags missing
        "0610 RD 00000000 00 00 00 00", // no originator
        "0618 RD 00000000 00 18 efef0101 20 c6336402 04", // 24 bits
        "0620 RD 00000000 20 0a000001 80 fe800000000000000000000000000001 20",
        "0722 RD 00000000000000000000 00000064 00 20 ef010101 20 c6336402", // flags missing
        "0823 RD 00000000000000000000 00000064 00 20 ef010101 20 c6336402 00 0a"
      })
  void malformedMulticastMembershipIsLeftOut(String route) {
    var octets = route.replace("RD", RD).replaceAll(" ", "");
    var body = octets.substring(4);
    var fit = octets.substring(0, 2) + String.format("%02x", body.length() / 2) + body;
    var update = good(update(reach(fit + T2) + MANDATORY));
    assertThat(update.announced()).hasSize(1);
    assertThat(update.faults()).singleElement().asString().contains("left out");
  }

  @Test
  void bitsBehindAPrefixAreCleared() {
    var route = prefix(ESI_ZERO, "18", "00000000", "000384");
    var clean = route.replace("cb007181", "cb007100");
    assertThat(good(update(reach(route) + MANDATORY)))
        .isEqualTo(good(update(reach(clean) + MANDATORY)));
  }

  @Test
  void prefixLengthsAtTheirEnds() {
    for (var length : List.of("00", "20")) {
      var update = good(update(reach(prefix(ESI_ZERO, length, "00000000", "000384")) + MANDATORY));
      assertThat(((IpPrefixRoute) update.announced().getFirst()).prefix().length())
          .isEqualTo(Integer.parseInt(length, 16));
    }
    for (var length : List.of("21", "80", "ff")) {
      var update = good(update(reach(prefix(ESI_ZERO, length, "00000000", "000384")) + MANDATORY));
      assertThat(update.announced()).isEmpty();
      assertThat(update.withdrawn()).isEmpty();
    }
    var six = "053a" + RD + ESI_ZERO + "00000000 81" + "00".repeat(32) + "000384";
    assertThat(good(update(reach(six) + MANDATORY)).faults()).hasSize(1);
  }

  @Test
  void overlayIndexesThatDoNotGoTogether() {
    var both = prefix(SEGMENT, "20", "0a000001", "000384");
    var none = prefix(ESI_ZERO, "20", "00000000", "000000");
    for (var route : List.of(both, none)) {
      var update = good(update(reach(route + T2) + MANDATORY));
      assertThat(update.announced()).hasSize(1);
      assertThat(update.withdrawn()).hasSize(1);
      assertThat(update.faults()).singleElement().asString().contains("RFC 9136");
    }
    var routersMac = "c01008 0603 020000000001";
    assertThat(good(update(reach(none) + MANDATORY + routersMac)).announced()).hasSize(1);
    var segmentOnly = prefix(SEGMENT, "20", "00000000", "000000");
    var gatewayOnly = prefix(ESI_ZERO, "20", "0a000001", "000000");
    assertThat(good(update(reach(segmentOnly + gatewayOnly) + MANDATORY)).announced()).hasSize(2);
  }

  /** The label is the VNI, all 24 bits of it, whether an encapsulation is named or not. */
  @ParameterizedTest
  @ValueSource(strings = {"", "c01008 030c000000000008", "c01008 030c00000000000a"})
  void labelIsAVniWhateverTheEncapsulation(String communities) {
    var route = T2.substring(0, T2.length() - 6) + "abcdef";
    var update = good(update(reach(route) + MANDATORY + communities));
    assertThat(((EvpnRoute.MacIpAdvertisement) update.announced().getFirst()).label())
        .isEqualTo(0xabcdef);
    assertThat(update.faults()).isEmpty();
  }

  /** Without router's MAC the receiver cannot route to it, but bridge it still can. */
  @Test
  void twoLabelsWithoutRoutersMacAreKept() {
    var route = "0224" + RD + ESI_ZERO + "00000000 30 02aa00000201 00 000064 000384";
    var update = good(update(reach(route) + MANDATORY));
    assertThat(update.faults()).isEmpty();
    assertThat(update.announced().getFirst()).hasToString(T2_TEXT + " label 100/900");
  }

  @Test
  void endOfRibBeforeAndAfterRoutesAndTwice() {
    var codec = Wire.internal();
    var end = Update.endOfRib(Family.L2VPN_EVPN);
    assertThat(good(codec, update(unreach("")))).isEqualTo(end);
    assertThat(good(codec, update(reach(T2) + MANDATORY)).announced()).hasSize(1);
    assertThat(good(codec, update(unreach("")))).isEqualTo(end);
    assertThat(good(codec, update(unreach("")))).isEqualTo(end);
  }

  /** The length says IPv6, so 32 and 33 are lawful lengths there, and 129 is not. */
  @ParameterizedTest
  @CsvSource({"20, 1", "21, 1", "80, 1", "81, 0", "ff, 0"})
  void prefixLengthOfIpv6Prefixes(String length, int announced) {
    var route =
        "053a"
            + RD
            + ESI_ZERO
            + "00000000"
            + length
            + "20010db8"
            + "00".repeat(12)
            + "00".repeat(16)
            + "000384";
    var update = good(update(reach(route) + MANDATORY));
    assertThat(update.announced()).hasSize(announced);
    assertThat(update.faults()).hasSize(1 - announced);
  }

  @Test
  void originatorMayDifferFromNextHopAndTunnel() {
    var t3 = "0311" + RD + "00000000 20 c6336409";
    var pmsi = "c01609 00 06 000064 c6336407";
    var update = good(update(reach(t3) + MANDATORY + pmsi));
    assertThat(update.announced().getFirst()).hasToString("[3] 198.51.100.2:2 tag 0 198.51.100.9");
    assertThat(update.attributes().orElseThrow().pmsiTunnel())
        .contains(PmsiTunnel.ingressReplication(100, IpAddress.parse("198.51.100.7")));
  }

  @Test
  void otherTunnelTypesAreKept() {
    var pmsi = "c01608 02 0b 000064 c63364";
    assertThat(good(update(reach(T2) + MANDATORY + pmsi)).attributes().orElseThrow().pmsiTunnel())
        .contains(new PmsiTunnel(2, 0x0b, 100, Octets.parse("c63364")));
  }

  @Test
  void nextHopAttributeBesideMpReachIsReadOver() {
    assertThat(good(update(reach(T2) + MANDATORY + "400304ffffffff")))
        .isEqualTo(good(update(reach(T2) + MANDATORY)));
  }

  @Test
  void manyCommunitiesTakeAnExtendedLength() {
    var communities = new ArrayList<ExtendedCommunity>();
    for (int i = 0; i < 100; i++) {
      communities.add(ExtendedCommunity.of(RouteTarget.ofTwoOctetAs(65000, i)));
    }
    var update = good(update(reach(T2) + MANDATORY));
    var attributes =
        PathAttributes.originated(IpAddress.parse("10.0.0.1"), communities, Optional.empty());
    var rich = Update.announce(attributes, update.announced());
    var codec = Wire.internal();
    assertThat(good(codec, codec.encode(rich))).isEqualTo(rich);
  }

  @Test
  void oldSpeakersGetTwoOctetsAndTheTrueNumbersBeside() {
    var path =
        new AsPath(
            List.of(
                new AsPath.Segment(false, List.of(4200000000L, 65001L)),
                new AsPath.Segment(true, List.of(70000L, 1L))));
    var unknown = new UnknownAttribute(0xc0, 7, Octets.parse("0001117a0a000001"));
    var attributes = withPath(path, List.of(unknown));
    var old = Wire.codec(Wire.open(65000, false), Wire.open(65000, true));
    var update = Update.announce(attributes, good(update(reach(T2) + MANDATORY)).announced());
    var octets = old.encode(update);
    assertThat(Wire.hex(octets))
        .contains("5002000c" + "02025ba0fde9" + "01025ba00001")
        .contains("c01114" + "0202fa56ea000000fde9" + "01020001117000000001")
        .contains("c007065ba00a000001");
    var back = good(old, octets).attributes().orElseThrow();
    assertThat(back.asPath()).isEqualTo(path);
    assertThat(back.unknown())
        .containsExactly(new UnknownAttribute(0xc0, 7, Octets.parse("00005ba00a000001")));
  }

  @Test
  void pathLongerThanAs4PathKeepsItsHead() {
    var old = Wire.codec(Wire.open(65000, true), Wire.open(65000, false));
    var path = "400208 0203 fde9 5ba0 0007";
    var as4Path = "c0110a 0202 fa56ea00 00000007";
    var merged = good(old, update(reach(T2) + Wire.ORIGIN + path + Wire.LOCAL_PREF + as4Path));
    assertThat(merged.attributes().orElseThrow().asPath()).hasToString("65001 4200000000 7");
    assertThat(merged.attributes().orElseThrow().asPath().length()).isEqualTo(3);
    var tooLong = "c0110e 0203 fa56ea00 00000007 00000008".replace("0203", "0203");
    var kept =
        good(
            old,
            update(reach(T2) + Wire.ORIGIN + "400206 0202 5ba0 0007" + Wire.LOCAL_PREF + tooLong));
    assertThat(kept.attributes().orElseThrow().asPath()).hasToString("23456 7");
  }

  @Test
  void toEbgpGoesNothingOfTheAsItself() {
    var reflected = good(GoldenMessagesTest.golden("frr10.7.1-reflected-t2"));
    var codec = Wire.external();
    var update = good(codec, codec.encode(reflected));
    assertThat(update.faults()).isEmpty();
    var attributes = update.attributes().orElseThrow();
    assertThat(attributes.localPreference()).isEmpty();
    assertThat(attributes.originatorId()).isEmpty();
    assertThat(attributes.clusterList()).isEmpty();
  }

  @Test
  void longPathsTakeMoreSegments() {
    var numbers = new ArrayList<Long>();
    for (long i = 1; i <= 300; i++) {
      numbers.add(i);
    }
    var path = new AsPath(List.of(new AsPath.Segment(false, numbers)));
    var codec = Wire.internal();
    var update =
        Update.announce(withPath(path, List.of()), good(update(reach(T2) + MANDATORY)).announced());
    var back = good(codec, codec.encode(update)).attributes().orElseThrow().asPath();
    assertThat(back.length()).isEqualTo(300);
    assertThat(back).hasToString(path.toString());
  }

  @Test
  void ourOwnMistakesCrash() {
    var codec = Wire.internal();
    var route = good(update(reach(T2) + MANDATORY)).announced().getFirst();
    var nothing = new Update(List.of(), List.of(), Optional.empty(), Optional.empty(), List.of());
    assertThatThrownBy(() -> codec.encode(nothing)).isInstanceOf(IllegalArgumentException.class);
    var mixed =
        new Update(
            List.of(route), List.of(), Optional.empty(), Optional.of(Family.L2VPN_EVPN), List.of());
    assertThatThrownBy(() -> codec.encode(mixed)).isInstanceOf(IllegalArgumentException.class);
    var huge = Update.withdraw(java.util.Collections.nCopies(200, route));
    assertThatThrownBy(() -> codec.encode(huge))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4096");
  }

  private static PathAttributes withPath(AsPath path, List<UnknownAttribute> unknown) {
    var base = PathAttributes.originated(IpAddress.parse("10.0.0.1"), List.of(), Optional.empty());
    return new PathAttributes(
        base.origin(),
        path,
        base.nextHop(),
        base.med(),
        base.localPreference(),
        base.originatorId(),
        base.clusterList(),
        base.extendedCommunities(),
        base.pmsiTunnel(),
        unknown);
  }
}
