package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Message.Update;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.Octets;
import java.util.List;

/** Messages put together by hand from hexadecimal digits; blanks are for the reader. */
final class Wire {
  private static final Capability EVPN_OFFER = new Capability.Multiprotocol(Family.L2VPN_EVPN);

  static final String ORIGIN = "400101 00";
  static final String AS_PATH = "500200 00";
  static final String LOCAL_PREF = "400504 00000064";
  static final String MANDATORY = ORIGIN + AS_PATH + LOCAL_PREF;
  static final String RD = "0001c63364020002";
  static final String ESI_ZERO = "00000000000000000000";

  /** A MAC-only type 2 route, 35 octets. */
  static final String T2 = "0221" + RD + ESI_ZERO + "00000000 30 02aa00000201 00 000064";

  /** The same route as the decoder shows it. */
  static final String T2_TEXT = "[2] 198.51.100.2:2 tag 0 02:aa:00:00:02:01";

  private Wire() {}

  static byte[] octets(String hex) {
    return Octets.parse(hex.replaceAll("\\s", "")).toArray();
  }

  static String hex(byte[] octets) {
    return Octets.of(octets).toString();
  }

  static byte[] message(int type, String body) {
    var digits = body.replaceAll("\\s", "");
    return octets(
        "ff".repeat(16) + String.format("%04x%02x", 19 + digits.length() / 2, type) + digits);
  }

  static byte[] update(String attributes) {
    var digits = attributes.replaceAll("\\s", "");
    return message(2, String.format("0000%04x%s", digits.length() / 2, digits));
  }

  /** An MP_REACH_NLRI of EVPN with an IPv4 next hop. */
  static String reach(String routes) {
    return attribute(0x80, 14, "0019 46 04 c6336402 00" + routes);
  }

  static String unreach(String routes) {
    return attribute(0x80, 15, "0019 46" + routes);
  }

  static String attribute(int flags, int type, String value) {
    var digits = value.replaceAll("\\s", "");
    return String.format("%02x%02x%04x%s", flags | 0x10, type, digits.length() / 2, digits);
  }

  static Open open(long as, boolean fourOctetAs) {
    var number = new AutonomousSystem(as);
    return new Open(
        number,
        90,
        Ipv4Address.parse("10.0.0.1"),
        fourOctetAs
            ? List.of(EVPN_OFFER, new Capability.FourOctetAs(number))
            : List.of(EVPN_OFFER));
  }

  /** A codec that has seen both OPENs. */
  static MessageCodec codec(Open ours, Open theirs) {
    var codec = new MessageCodec();
    codec.encode(ours);
    codec.decode(new MessageCodec().encode(theirs));
    return codec;
  }

  static MessageCodec internal() {
    return codec(open(65000, true), open(65000, true));
  }

  static MessageCodec external() {
    return codec(open(65000, true), open(65001, true));
  }

  static Update good(MessageCodec codec, byte[] message) {
    var decoded = codec.decode(message);
    assertThat(decoded).isInstanceOf(Decoded.Good.class);
    return (Update) ((Decoded.Good) decoded).message();
  }

  static Update good(byte[] message) {
    return good(internal(), message);
  }

  /** Asserts that only ending the session is left. */
  static Decoded.Fatal fatal(byte[] message, int code, int subcode) {
    var decoded = internal().decode(message);
    assertThat(decoded).isInstanceOf(Decoded.Fatal.class);
    var fatal = (Decoded.Fatal) decoded;
    assertThat(fatal.notification().code()).as(fatal.reason()).isEqualTo(code);
    assertThat(fatal.notification().subcode()).as(fatal.reason()).isEqualTo(subcode);
    return fatal;
  }
}
