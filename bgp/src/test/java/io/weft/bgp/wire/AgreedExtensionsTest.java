package io.weft.bgp.wire;

import static io.weft.bgp.wire.Wire.MANDATORY;
import static io.weft.bgp.wire.Wire.T2;
import static io.weft.bgp.wire.Wire.attribute;
import static io.weft.bgp.wire.Wire.good;
import static io.weft.bgp.wire.Wire.reach;
import static io.weft.bgp.wire.Wire.unreach;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.bgp.wire.Capability.AddPathFamily;
import io.weft.bgp.wire.Capability.NextHopFamily;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Message.Update;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Octets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What two OPENs may agree on beyond EVPN: IPv4 unicast, its next hops, path ids, long messages.
 */
class AgreedExtensionsTest {
  private static final Capability UNICAST = new Capability.Multiprotocol(Family.IPV4_UNICAST);
  private static final Capability OVER_IPV6 =
      new Capability.ExtendedNextHop(List.of(new NextHopFamily(Family.IPV4_UNICAST, 2)));
  private static final String NEXT_HOP = "400304 0a000002";
  private static final UnicastRoute TEN = new UnicastRoute(IpPrefix.parse("10.0.0.0/24"));

  private static Open open(Capability... more) {
    var plain = Wire.open(65000, true);
    var capabilities = new ArrayList<>(plain.capabilities());
    capabilities.addAll(List.of(more));
    return new Open(plain.as(), plain.holdSeconds(), plain.routerId(), capabilities);
  }

  private static MessageCodec both(Capability... more) {
    return Wire.codec(open(more), open(more));
  }

  @ParameterizedTest
  @CsvSource({
    "0019 01 46 00, 7, 1",
    "0019 02, 7, 1",
    "0019 00 46 00, 1, 2",
    "0019 03 46 00, 1, 2",
    "0019, 1, 2",
    "'', 1, 2",
  })
  void markOfARefreshThatIsTooLongOrShortIsAFaultOfItsOwn(String body, int code, int subcode) {
    var message = Wire.message(5, body);
    var agreed = both(new Capability.EnhancedRouteRefresh());
    assertThat(agreed.frameLength(message)).isEqualTo(message.length);
    var fault = (Decoded.Fatal) agreed.decode(message);
    assertThat(fault.notification().code()).isEqualTo(code);
    assertThat(fault.notification().subcode()).isEqualTo(subcode);
    if (code == 7) {
      assertThat(fault.notification().data()).isEqualTo(Octets.of(message)); // RFC 7313 §5
    }
    var plain = (Decoded.Fatal) both().decode(message);
    assertThat(plain.notification().code()).isEqualTo(1);
  }

  private static byte[] outer(String withdrawn, String attributes, String routes) {
    var head = withdrawn.replace(" ", "");
    var block = attributes.replace(" ", "");
    return Wire.message(
        2,
        String.format("%04x%s%04x%s", head.length() / 2, head, block.length() / 2, block) + routes);
  }

  private static PathAttributes by(String nextHop) {
    return PathAttributes.originated(IpAddress.parse(nextHop), List.of(), Optional.empty());
  }

  @Test
  void ipv4RoutesStandInTheOuterFields() {
    var codec = both(UNICAST);
    var update = good(codec, outer("18 0a0001", MANDATORY + NEXT_HOP, "18 0a0000 00"));
    assertThat(update.faults()).isEmpty();
    assertThat(update.withdrawn()).extracting(Route::toString).containsExactly("10.0.1.0/24");
    assertThat(update.announced())
        .extracting(Route::toString)
        .containsExactly("10.0.0.0/24", "0.0.0.0/0");
    assertThat(update.attributes().orElseThrow().nextHop()).hasToString("10.0.0.2");
    assertThat(good(codec, codec.encode(update))).isEqualTo(update);
    var written = codec.encode(Update.announce(by("10.0.0.2"), List.of(TEN)));
    assertThat(Wire.hex(written)).contains("4003040a000002").endsWith("180a0000");
    assertThat(Wire.hex(codec.encode(Update.withdraw(List.of(TEN))))).endsWith("0004180a00000000");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "400303 0a0000",
        "400305 0a00000200",
        "400304 00000000",
        "400304 e0000001",
        "400304 f0000001",
        "c00304 0a000002"
      })
  void withoutUsableNextHopTheyAreWithdrawn(String nextHop) {
    var update = good(both(UNICAST), outer("", MANDATORY + nextHop, "180a0000"));
    assertThat(update.announced()).isEmpty();
    assertThat(update.withdrawn()).containsExactly(TEN);
    assertThat(update.faults()).last().asString().contains("NEXT_HOP").contains("RFC");
  }

  @ParameterizedTest
  @CsvSource({"21 0a000000 00", "ff", "18 0a00", "20"})
  void prefixThatIsTooLongOrCutShortEndsTheSession(String prefix) {
    for (var message :
        List.of(outer("", MANDATORY + NEXT_HOP, prefix), outer(prefix.replace(" ", ""), "", ""))) {
      var decoded = both(UNICAST).decode(message);
      assertThat(decoded).isInstanceOf(Decoded.Fatal.class);
      assertThat(((Decoded.Fatal) decoded).notification().subcode()).isEqualTo(10);
    }
  }

  @Test
  void faultsOfAttributesWithdrawThemToo() {
    var bad = MANDATORY + NEXT_HOP + "c01040 0002";
    var update = good(both(UNICAST), outer("", bad, "180a0000"));
    assertThat(update.withdrawn()).containsExactly(TEN);
  }

  @Test
  void bothPlacesInOneMessage() {
    var codec = both(UNICAST);
    var same = reach(T2) + MANDATORY + "400304 c6336402";
    var update = good(codec, outer("", same, "180a0000"));
    assertThat(update.announced()).hasSize(2);
    assertThat(good(codec, codec.encode(update))).isEqualTo(update);
    var differing = good(codec, outer("", reach(T2) + MANDATORY + NEXT_HOP, "180a0000"));
    assertThat(differing.announced()).hasSize(1);
    assertThat(differing.withdrawn()).containsExactly(TEN);
    assertThat(differing.faults()).singleElement().asString().contains("RFC 7606 §5.1");
  }

  @Test
  void ipv6NextHopOnlyWhereBothTakeIt() {
    var agreed = both(UNICAST, OVER_IPV6);
    var announced = Update.announce(by("fd00::1"), List.of(TEN));
    var octets = agreed.encode(announced);
    assertThat(Wire.hex(octets)).contains("00010110fd00").doesNotContain("400304");
    assertThat(good(agreed, octets)).isEqualTo(announced);
    for (var codec :
        List.of(
            both(UNICAST),
            Wire.codec(open(UNICAST, OVER_IPV6), open(UNICAST)),
            Wire.codec(open(UNICAST), open(UNICAST, OVER_IPV6)))) {
      assertThatThrownBy(() -> codec.encode(announced)).hasMessageContaining("RFC 8950");
      assertThat(codec.decode(octets)).isInstanceOf(Decoded.Fatal.class);
    }
    var classical = attribute(0x80, 14, "0001 01 04 0a000002 00 180a0000");
    assertThat(good(both(UNICAST), Wire.update(classical + MANDATORY)).announced())
        .containsExactly(TEN);
  }

  @Test
  void endOfRibOfEachFamily() {
    var codec = both(UNICAST);
    for (var family :
        List.of(Family.IPV4_UNICAST, Family.IPV6_UNICAST, Family.ROUTE_TARGET, Family.L2VPN_EVPN)) {
      var octets = codec.encode(Update.endOfRib(family));
      assertThat(octets).hasSize(family.equals(Family.IPV4_UNICAST) ? 23 : 29);
      assertThat(good(codec, octets)).isEqualTo(Update.endOfRib(family));
      assertThat(good(codec, octets)).as("twice").isEqualTo(Update.endOfRib(family));
    }
  }

  @Test
  void pathIdentifiersInTheDirectionAgreedOn() {
    var sender =
        open(new Capability.AddPath(List.of(new AddPathFamily(Family.L2VPN_EVPN, false, true))));
    var receiver =
        open(new Capability.AddPath(List.of(new AddPathFamily(Family.L2VPN_EVPN, true, false))));
    var to = Wire.codec(sender, receiver);
    var from = Wire.codec(receiver, sender);
    var numbered = reach("00000007" + T2 + "ffffffff" + T2) + MANDATORY;
    var update = good(from, Wire.update(numbered));
    assertThat(update.announcedPathIds()).containsExactly(7L, 0xffff_ffffL);
    assertThat(update.announced()).hasSize(2);
    assertThat(Wire.hex(to.encode(update))).contains("00000007" + T2.replace(" ", "") + "ffffffff");
    assertThat(good(from, to.encode(update))).isEqualTo(update);
    assertThat(good(from, Wire.update(unreach("00000007" + T2))).withdrawnPathIds())
        .containsExactly(7L);
    var withdrawn = good(from, Wire.update(reach("00000007" + T2) + "40010103"));
    assertThat(withdrawn.withdrawnPathIds()).containsExactly(7L);
    var plain = good(to, Wire.update(reach(T2) + MANDATORY));
    assertThat(plain.announcedPathIds()).isEmpty();
    assertThat(good(to, from.encode(plain))).isEqualTo(plain);
    var packed = UpdatePacking.announce(by("10.0.0.1"), update.announced(), List.of(7L, 8L), 4096);
    assertThat(((Update) packed.getFirst()).announcedPathIds()).containsExactly(7L, 8L);
    assertThat(UpdatePacking.withdraw(update.announced(), List.of(7L, 8L), 4096)).hasSize(1);
  }

  @Test
  void longMessagesInTheDirectionAgreedOn() {
    var large = open(new Capability.ExtendedMessage());
    var small = open();
    var route = good(Wire.update(reach(T2) + MANDATORY)).announced().getFirst();
    var many = Update.withdraw(java.util.Collections.nCopies(1_800, route.key()));
    var taker = Wire.codec(large, small); // takes long ones, must not send them
    var giver = Wire.codec(small, large);
    var octets = giver.encode(many);
    assertThat(octets).hasSizeBetween(60_000, 65_535);
    assertThat(taker.frameLength(Arrays.copyOf(octets, 19))).isEqualTo(octets.length);
    assertThat(good(taker, octets)).isEqualTo(many);
    assertThat(giver.frameLength(octets)).isNegative();
    assertThat(giver.decode(octets)).isInstanceOf(Decoded.Fatal.class);
    assertThatThrownBy(() -> taker.encode(many)).hasMessageContaining("4096");
    assertThat(taker.frameLength(Wire.octets("ff".repeat(16) + "1001 01"))).isNegative();
    assertThat(taker.frameLength(Wire.octets("ff".repeat(16) + "1001 04"))).isNegative();
    var said = new Message.Notification(3, 9, Octets.of(new byte[60_000]));
    assertThat(taker.encode(said)).hasSize(4096);
    var packed = UpdatePacking.withdraw(many.withdrawn(), List.of(), large.longestTaken());
    assertThat(packed).hasSize(1);
    assertThat(UpdatePacking.withdraw(many.withdrawn()).size()).isGreaterThan(15);
  }

  @Test
  void everyLongMessageUpToTheLastOctet() {
    var codec = both(new Capability.ExtendedMessage());
    var route = good(Wire.update(reach(T2) + MANDATORY)).announced().getFirst();
    int fullest = 0;
    for (int length = 300; length < 340; length++) {
      var attributes =
          by("10.0.0.1")
              .withUnknown(
                  List.of(
                      new PathAttributes.UnknownAttribute(0xe0, 200, Octets.of(new byte[length]))));
      var routes = java.util.Collections.nCopies(2_000, route);
      for (var message : UpdatePacking.announce(attributes, routes, List.of(), 65_535)) {
        fullest = Math.max(fullest, codec.encode(message).length);
      }
    }
    assertThat(fullest).isEqualTo(65_535);
  }
}
