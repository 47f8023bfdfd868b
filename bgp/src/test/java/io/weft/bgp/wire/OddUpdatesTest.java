package io.weft.bgp.wire;

import static io.weft.bgp.wire.Wire.AS_PATH;
import static io.weft.bgp.wire.Wire.ESI_ZERO;
import static io.weft.bgp.wire.Wire.LOCAL_PREF;
import static io.weft.bgp.wire.Wire.MANDATORY;
import static io.weft.bgp.wire.Wire.ORIGIN;
import static io.weft.bgp.wire.Wire.RD;
import static io.weft.bgp.wire.Wire.T2;
import static io.weft.bgp.wire.Wire.attribute;
import static io.weft.bgp.wire.Wire.reach;
import static io.weft.bgp.wire.Wire.unreach;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message.Update;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The odd UPDATEs that were sent to five other speakers, on which no two of them agree: here with
 * what RFC 7606 and the RFC of each attribute ask for, on iBGP.
 */
class OddUpdatesTest {
  private static final String RT = "c01008 0002fde800000064";
  private static final String MAC_IP =
      RD + ESI_ZERO + "00000000 30 02aa00000201 20 0a000001 000064";

  /** What must come out: routes announced, routes withdrawn, faults; or a reset. */
  private record Row(
      String name, String attributes, int announced, int withdrawn, int faults, int reset) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Row reflects(String name, String attributes) {
    return new Row(name, attributes, 1, 0, 0, 0);
  }

  private static Row keeps(String name, String attributes, int faults) {
    return new Row(name, attributes, 1, 0, faults, 0);
  }

  private static Row withdraws(String name, String attributes) {
    return new Row(name, attributes, 0, 1, 1, 0);
  }

  private static Row leavesOut(String name, String attributes) {
    return new Row(name, attributes, 0, 0, 1, 0);
  }

  private static Row resets(String name, String attributes, int subcode) {
    return new Row(name, attributes, 0, 0, 0, subcode);
  }

  private static Row with(String name, String attribute) {
    return reflects(name, reach(T2) + MANDATORY + attribute);
  }

  private static Row badly(String name, String attribute) {
    return withdraws(name, reach(T2) + MANDATORY + attribute);
  }

  private static String reachBy(String nextHop) {
    return attribute(0x80, 14, "0019 46" + nextHop + "00" + T2);
  }

  static Stream<Row> rows() {
    return Stream.of(
        with("baseline good T2", RT),
        reflects(
            "EVPN route type 6 (SMET)",
            reach("0618" + RD + "00000000 00 20 ef010101 20 c6336402 04") + MANDATORY),
        reflects("unknown EVPN route type 200", reach("c803 010203") + MANDATORY),
        reflects("T2 two labels (40 B)", reach("0228" + MAC_IP + "000384") + MANDATORY),
        leavesOut(
            "T2 MAC length 40 bits",
            reach("0220" + RD + ESI_ZERO + "00000000 28 02aa000002 00 000064") + MANDATORY),
        leavesOut(
            "T2 IP length 24",
            reach("0224" + RD + ESI_ZERO + "00000000 30 02aa00000201 18 0a0000 000064")
                + MANDATORY),
        resets(
            "T2 NLRI length 36 for 37-byte body then junk", reach("0224" + MAC_IP) + MANDATORY, 9),
        resets("NLRI length overruns attribute", reach("0240" + MAC_IP) + MANDATORY, 9),
        withdraws("no LOCAL_PREF on iBGP", reach(T2) + ORIGIN + AS_PATH),
        withdraws("no ORIGIN", reach(T2) + AS_PATH + LOCAL_PREF),
        withdraws("no AS_PATH", reach(T2) + ORIGIN + LOCAL_PREF),
        with("no extended communities (no RT)", ""),
        withdraws("ORIGIN value 3", reach(T2) + "40010103" + AS_PATH + LOCAL_PREF),
        withdraws("ORIGIN flags 0xc0 (optional)", reach(T2) + "c0010100" + AS_PATH + LOCAL_PREF),
        badly("EXTCOMM length 12 (not /8)", "c0100c 0002fde80000006400000000"),
        keeps("EXTCOMM twice", reach(T2) + MANDATORY + RT + RT, 1),
        resets("MP_REACH twice", reach(T2) + reach(T2) + MANDATORY, 1),
        withdraws("LOCAL_PREF length 3", reach(T2) + ORIGIN + AS_PATH + "400503 000064"),
        badly("PMSI length 4", "c01604 00060000"),
        badly("PMSI type 6 with 3-byte tunnel id", "c01608 0006000064c63364"),
        badly("PMSI unknown tunnel type 0x55", "c01609 0055000064c6336402"),
        with("unknown optional transitive attr 200", "c0c802 abcd"),
        with("unknown optional non-transitive attr 201", "80c902 abcd"),
        badly("unknown WELL-KNOWN attr 202", "40ca02 abcd"),
        reflects("IPv6 next hop (16 B)", reachBy("10 fd" + "00".repeat(14) + "01") + MANDATORY),
        reflects("next hop 127.0.0.9", reachBy("04 7f000009") + MANDATORY),
        resets("next hop length 5", reachBy("05 c633640200") + MANDATORY, 9),
        reflects(
            "MP_REACH in non-extended-length form",
            "800e2c 0019 46 04 c6336402 00" + T2 + MANDATORY),
        badly("ORIGINATOR_ID len 3", "800903 0a0000"),
        // The import rule of the RIB refuses it: the message is sound (RFC 4456 §8).
        with("CLUSTER_LIST contains DUT cluster id", "800a04 0a000001"),
        badly("COMMUNITY length 5", "c00805 0000000000"),
        with("MAC mobility ext comm seq 4294967295", "c01008 06000000ffffffff"),
        new Row(
            "withdraw with different label (000000 vs 000064)",
            unreach(T2.substring(0, T2.length() - 6) + "000000"),
            0,
            1,
            0,
            0),
        badly("attributes overrun total length", "c01040 0002"),
        new Row("duplicate NLRI twice in one MP_REACH", reach(T2 + T2) + MANDATORY, 2, 0, 0, 0));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void asTheRfcsAsk(Row row) {
    var message = Wire.update(row.attributes());
    if (row.reset() != 0) {
      Wire.fatal(message, 3, row.reset());
      return;
    }
    var codec = Wire.internal();
    var update = Wire.good(codec, message);
    assertThat(update.announced()).hasSize(row.announced());
    assertThat(update.announced().stream().map(Route::key).distinct().count())
        .isEqualTo(Math.min(1, row.announced()));
    assertThat(update.withdrawn()).hasSize(row.withdrawn());
    assertThat(update.faults()).hasSize(row.faults());
    assertThat(update.endOfRib()).isEmpty();
    if (row.announced() + row.withdrawn() > 0) {
      var again = Wire.good(codec, codec.encode(update));
      assertThat(again.faults()).isEmpty();
      assertThat(again)
          .isEqualTo(
              new Update(
                  update.withdrawn(),
                  update.announced(),
                  update.attributes(),
                  update.endOfRib(),
                  List.of()));
    }
  }
}
