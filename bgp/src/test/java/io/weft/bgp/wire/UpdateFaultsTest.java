package io.weft.bgp.wire;

import static io.weft.bgp.wire.Wire.AS_PATH;
import static io.weft.bgp.wire.Wire.LOCAL_PREF;
import static io.weft.bgp.wire.Wire.MANDATORY;
import static io.weft.bgp.wire.Wire.ORIGIN;
import static io.weft.bgp.wire.Wire.T2;
import static io.weft.bgp.wire.Wire.T2_TEXT;
import static io.weft.bgp.wire.Wire.attribute;
import static io.weft.bgp.wire.Wire.fatal;
import static io.weft.bgp.wire.Wire.good;
import static io.weft.bgp.wire.Wire.message;
import static io.weft.bgp.wire.Wire.reach;
import static io.weft.bgp.wire.Wire.unreach;
import static io.weft.bgp.wire.Wire.update;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message.Update;
import io.weft.bgp.wire.PathAttributes.UnknownAttribute;
import io.weft.net.Octets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each fault that a peer may send, with the action of RFC 7606. */
class UpdateFaultsTest {
  private static void assertAnnounced(Update update) {
    assertThat(update.announced()).hasSize(1);
    assertThat(update.announced().getFirst().key()).hasToString(T2_TEXT);
    assertThat(update.withdrawn()).isEmpty();
    assertThat(update.attributes()).isPresent();
  }

  private static void assertTreatedAsWithdrawn(Update update, String fault) {
    assertThat(update.announced()).isEmpty();
    assertThat(update.attributes()).isEmpty();
    assertThat(update.withdrawn()).hasSize(1);
    assertThat(update.withdrawn().getFirst()).hasToString(T2_TEXT);
    assertThat(update.faults()).singleElement().asString().contains(fault).contains("RFC");
    assertThat(update.endOfRib()).isEmpty();
  }

  @Test
  void withoutFault() {
    var update = good(update(reach(T2) + MANDATORY));
    assertAnnounced(update);
    assertThat(update.faults()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "400101 03, ORIGIN: origin: 3",
    "400102 0000, ORIGIN: value: 1 octets are left over",
    "400100, ORIGIN: origin: needs 1",
    "c00101 00, ORIGIN: flags c0",
    "000101 00, ORIGIN: flags 0",
  })
  void badOrigin(String origin, String fault) {
    assertTreatedAsWithdrawn(good(update(reach(T2) + origin + AS_PATH + LOCAL_PREF)), fault);
  }

  @ParameterizedTest
  @CsvSource({
    "400206 0301 0000fde9, AS_PATH: segment type: 3", // confederation
    "400206 0501 0000fde9, AS_PATH: segment type: 5",
    "400202 0200, AS_PATH: segment length: 0",
    "400206 0202 0000fde9, AS_PATH: AS number: needs 4",
    "400201 02, AS_PATH: segment length: needs 1",
    "400206 0201 00000000, AS_PATH: AS number: 0",
    "800200, AS_PATH: flags 80"
  })
  void badAsPath(String path, String fault) {
    assertTreatedAsWithdrawn(good(update(reach(T2) + ORIGIN + path + LOCAL_PREF)), fault);
  }

  @ParameterizedTest
  @CsvSource({
    "400503 000064, LOCAL_PREF: preference",
    "800403 000064, MULTI_EXIT_DISC: metric",
    "800903 0a0000, ORIGINATOR_ID: originator",
    "800900, ORIGINATOR_ID: originator",
    "800a03 0a0000, CLUSTER_LIST: length 3",
    "800a00, CLUSTER_LIST: length 0",
    "c00805 0000000000, COMMUNITIES: length 5",
    "c00800, COMMUNITIES: length 0",
    "c0100c 0002fde80000006400000000, EXTENDED_COMMUNITIES: length 12",
    "c01000, EXTENDED_COMMUNITIES: length 0",
    "801008 0002fde800000064, EXTENDED_COMMUNITIES: flags 80",
    "800708 0000fde80a000001, AGGREGATOR: flags 80",
    "c00600, ATOMIC_AGGREGATE: flags c0",
    "c01908 0002fde800000064, IPV6_EXTENDED_COMMUNITIES: length 8",
    "c02004 00000000, LARGE_COMMUNITIES: length 4",
    "c01604 00060000, PMSI_TUNNEL: label",
    "c01608 0006000064c63364, PMSI_TUNNEL: tunnel identifier: 3",
    "40ca01 00, attribute 202: well-known", // unknown, yet well-known
  })
  void treatAsWithdraw(String attribute, String fault) {
    var others = attribute.startsWith("4005") ? ORIGIN + AS_PATH : MANDATORY;
    assertTreatedAsWithdrawn(good(update(reach(T2) + others + attribute)), fault);
  }

  @Test
  void mandatoryAttributesMissing() {
    assertTreatedAsWithdrawn(good(update(reach(T2) + AS_PATH + LOCAL_PREF)), "ORIGIN: missing");
    assertTreatedAsWithdrawn(good(update(reach(T2) + ORIGIN + LOCAL_PREF)), "AS_PATH: missing");
    assertTreatedAsWithdrawn(good(update(reach(T2) + ORIGIN + AS_PATH)), "LOCAL_PREF: missing");
    assertAnnounced(good(Wire.external(), update(reach(T2) + ORIGIN + AS_PATH)));
  }

  @ParameterizedTest
  @CsvSource({
    "400601 00, ATOMIC_AGGREGATE",
    "c00706 fde80a000001, AGGREGATOR", // two-octet form between new speakers
    "c01106 0201 00011170, AS4_PATH", // between new speakers
    "c01208 0001117000000001, AS4_AGGREGATOR"
  })
  void attributeDiscarded(String attribute, String name) {
    var update = good(update(reach(T2) + MANDATORY + attribute));
    assertAnnounced(update);
    assertThat(update.attributes().orElseThrow().unknown()).isEmpty();
    assertThat(update.faults()).singleElement().asString().contains(name).contains("discarded");
  }

  @ParameterizedTest
  @CsvSource({"40050400000064", "80090400000001", "800a0400000001", "400503000000"})
  void attributesOfIbgpFromEbgpAreDiscarded(String attribute) {
    var update = good(Wire.external(), update(reach(T2) + ORIGIN + AS_PATH + attribute));
    assertAnnounced(update);
    var attributes = update.attributes().orElseThrow();
    assertThat(attributes.localPreference()).isEmpty();
    assertThat(attributes.originatorId()).isEmpty();
    assertThat(attributes.clusterList()).isEmpty();
    assertThat(update.faults()).singleElement().asString().contains("discarded");
  }

  @Test
  void ofRepeatedAttributesTheFirstCounts() {
    var update =
        good(
            update(
                reach(T2)
                    + MANDATORY
                    + "c010080002fde800000064"
                    + "c010080002fde8000000c8"
                    + "400101ff"));
    assertAnnounced(update);
    assertThat(update.attributes().orElseThrow().routeTargets().toString())
        .isEqualTo("[65000:100]");
    assertThat(update.faults()).hasSize(2);
  }

  @Test
  void routesTwiceInOneMessageEndTheSession() {
    fatal(update(reach(T2) + MANDATORY + reach(T2)), 3, 1);
    fatal(update(unreach(T2) + unreach(T2)), 3, 1);
  }

  @Test
  void attributeBeyondTheBlock() {
    var fault = "attribute 16: needs 9 octets";
    assertTreatedAsWithdrawn(good(update(reach(T2) + MANDATORY + "c010090002fde800000064")), fault);
    fatal(update(MANDATORY + "c010090002fde800000064"), 3, 1);
    fatal(update("c010090002fde800000064" + reach(T2)), 3, 1);
    fatal(update(reach(T2).substring(0, 60)), 3, 1);
    assertTreatedAsWithdrawn(good(update(reach(T2) + MANDATORY + "c0")), "attribute type");
    assertTreatedAsWithdrawn(good(update(reach(T2) + MANDATORY + "d01000")), "length");
  }

  /** RFC 7606 §5.2: nothing could be treated as withdrawn, so routes may have been lost. */
  @Test
  void faultWithoutAnyRoute() {
    fatal(update("400101 03" + AS_PATH + LOCAL_PREF), 3, 1);
    fatal(update(unreach(T2) + "400101 03"), 3, 1);
    assertThat(good(update(unreach(T2) + "c00706 000000000000")).withdrawn()).hasSize(1);
  }

  @Test
  void blocksBeyondTheMessage() {
    fatal(message(2, "0001 0000"), 3, 1);
    fatal(message(2, "0000 0001"), 3, 1);
    fatal(message(2, "ffff 0000"), 3, 1);
  }

  @Test
  void nextHopLength() {
    for (var nextHop : new String[] {"05 c633640200", "00", "20" + "00".repeat(32)}) {
      var reach = attribute(0x80, 14, "0019 46" + nextHop + "00" + T2);
      var fatal = fatal(update(reach + MANDATORY), 3, 9);
      assertThat(fatal.notification().data()).isEqualTo(Octets.parse(reach));
    }
    var six = attribute(0x80, 14, "0019 46 10 fd00000000000000000000000000000100" + T2);
    assertThat(good(update(six + MANDATORY)).attributes().orElseThrow().nextHop())
        .hasToString("fd00::1");
  }

  @Test
  void nextHopThatNoHostHas() {
    for (var nextHop : new String[] {"00000000", "e0000001"}) {
      var reach = attribute(0x80, 14, "0019 46 04" + nextHop + "00" + T2);
      assertTreatedAsWithdrawn(good(update(reach + MANDATORY)), "next hop");
    }
  }

  @Test
  void flagsOfMpReach() {
    var reach = "c0" + reach(T2).substring(2);
    var extended = String.format("%02x", 0xc0 | 0x10) + reach.substring(2);
    assertTreatedAsWithdrawn(good(update(extended + MANDATORY)), "MP_REACH_NLRI: flags d0");
  }

  @Test
  void routeBeyondTheAttribute() {
    fatal(update(reach(T2 + "0221") + MANDATORY), 3, 9);
    fatal(update(reach(T2 + "02") + MANDATORY), 3, 9);
    fatal(update(reach("0224" + T2.substring(4)) + MANDATORY), 3, 9);
    fatal(update(unreach("0224" + T2.substring(4))), 3, 9);
  }

  @ParameterizedTest
  @CsvSource({
    "0220 0001c63364020002 00000000000000000000 00000000 28 02aa000002 00 000064, mac address length",
    "0224 0001c63364020002 00000000000000000000 00000000 30 02aa00000202 18 0a0000 000064, 24 bits",
    "0222 0001c63364020002 00000000000000000000 00000000 30 02aa00000202 00 000064 00, second label",
    "0200, route distinguisher",
    "0318 0001c63364020002 00000000 00 00000000000000000000, originating router",
    "0311 0001c63364020002 00000000 80 c6336402, originating router",
    "0103 000000, route distinguisher",
    "0501 00, neither 34 nor 58",
    "0522 0001c63364020002 00000000000000000000 00000000 21 cb007100 00000000 000384, prefix length"
  })
  void oneBadRouteAmongGoodOnes(String route, String fault) {
    var bad = route.startsWith("0318") ? route.replace("0318", "0317") : route;
    var update = good(update(reach(bad + T2) + MANDATORY));
    assertAnnounced(update);
    assertThat(update.faults()).singleElement().asString().contains(fault).contains("left out");
    var withdrawal = good(update(unreach(bad + T2)));
    assertThat(withdrawal.withdrawn()).hasSize(1);
    assertThat(withdrawal.faults()).hasSize(1);
  }

  @Test
  void nothingButBadRoutesIsNoEndOfRib() {
    var update = good(update(reach("0200") + MANDATORY));
    assertThat(update.endOfRib()).isEmpty();
    assertThat(update.attributes()).isEmpty();
    assertThat(good(update(unreach("0200"))).endOfRib()).isEmpty();
  }

  @Test
  void unknownAttributes() {
    var update = good(update(reach(T2) + MANDATORY + "c0c802abcd" + "80c9011f" + "e0cb00"));
    assertAnnounced(update);
    assertThat(update.faults()).isEmpty();
    assertThat(update.attributes().orElseThrow().unknown())
        .containsExactly(
            new UnknownAttribute(0xe0, 200, Octets.parse("abcd")),
            new UnknownAttribute(0xe0, 203, Octets.EMPTY));
  }

  @Test
  void communitiesTravelAsTheyCame() {
    var update =
        good(
            update(
                reach(T2)
                    + MANDATORY
                    + "d0080004fde80001"
                    + "e0200c000000010000000200000003"
                    + "400600"
                    + "c007080000fde80a000001"));
    assertThat(update.attributes().orElseThrow().unknown())
        .containsExactly(
            new UnknownAttribute(0x40, 6, Octets.EMPTY),
            new UnknownAttribute(0xc0, 7, Octets.parse("0000fde80a000001")));
    assertThat(update.attributes().orElseThrow().communities())
        .containsExactly(Community.of(65000, 1));
    assertThat(update.attributes().orElseThrow().largeCommunities())
        .containsExactly(new LargeCommunity(1, 2, 3));
  }
}
