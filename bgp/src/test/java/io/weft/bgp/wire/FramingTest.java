package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message.Keepalive;
import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.Message.RouteRefresh;
import io.weft.bgp.wire.Message.Update;
import io.weft.net.Octets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FramingTest {
  private static final String MARKER = "ff".repeat(16);

  @Test
  void frameLengthIsThatOfTheHeaderOrNegative() {
    assertThat(new MessageCodec().frameLength(Wire.octets(MARKER + "0013 04"))).isEqualTo(19);
    assertThat(new MessageCodec().frameLength(Wire.octets(MARKER + "1000 02"))).isEqualTo(4096);
    assertThat(new MessageCodec().frameLength(Wire.octets(MARKER + "1001 02"))).isNegative();
    assertThat(new MessageCodec().frameLength(Wire.octets(MARKER + "0012 04"))).isNegative();
    assertThat(new MessageCodec().frameLength(Wire.octets("00" + MARKER.substring(2) + "0013 04")))
        .isNegative();
    assertThat(new MessageCodec().frameLength(new byte[3])).isNegative();
  }

  @Test
  void whatIsNoHeaderGivesItsFault() {
    Wire.fatal(Wire.octets("00" + MARKER.substring(2) + "0013 04"), 1, 1);
    var tooLong = Wire.fatal(Wire.octets(MARKER + "1001 02"), 1, 2);
    assertThat(tooLong.notification().data()).isEqualTo(Octets.parse("1001"));
    Wire.fatal(Wire.octets(MARKER + "0012 04"), 1, 2);
    var type = Wire.fatal(Wire.octets(MARKER + "0013 09"), 1, 3);
    assertThat(type.notification().data()).isEqualTo(Octets.parse("09"));
    Wire.fatal(new byte[0], 1, 2);
    Wire.fatal(new byte[18], 1, 2);
  }

  @Test
  void eachTypeHasItsLengths() {
    Wire.fatal(Wire.message(1, "04 fde8 005a 0a000001"), 1, 2);
    Wire.fatal(Wire.message(2, "0000 00"), 1, 2);
    Wire.fatal(Wire.message(3, "06"), 1, 2);
    Wire.fatal(Wire.message(4, "00"), 1, 2);
    Wire.fatal(Wire.message(5, "0019 00"), 1, 2);
    Wire.fatal(Wire.message(5, "0019 00 46 00"), 1, 2);
  }

  @Test
  void lengthFieldAndOctetsMustAgree() {
    var keepalive = Wire.message(4, "");
    Wire.fatal(Arrays.copyOf(keepalive, 20), 1, 2);
    var refresh = Wire.message(5, "0019 00 46");
    Wire.fatal(Arrays.copyOf(refresh, 22), 1, 2);
  }

  @Test
  void smallMessagesBothWays() {
    var codec = new MessageCodec();
    for (var message :
        List.of(
            new Keepalive(),
            new Notification(6, 2, Octets.parse("0568656c6c6f")),
            new Notification(4, 0, Octets.EMPTY),
            new RouteRefresh(Family.L2VPN_EVPN, 0),
            new RouteRefresh(Family.L2VPN_EVPN, 2),
            Update.endOfRib(Family.IPV4_UNICAST),
            Update.endOfRib(Family.L2VPN_EVPN),
            Update.endOfRib(new Family(1, 128)))) {
      assertThat(codec.decode(codec.encode(message))).isEqualTo(new Decoded.Good(message));
    }
    assertThat(codec.encode(new Keepalive())).isEqualTo(Wire.message(4, ""));
    assertThat(codec.encode(new RouteRefresh(Family.L2VPN_EVPN, 1)))
        .isEqualTo(Wire.message(5, "0019 01 46"));
    assertThat(codec.encode(Update.endOfRib(Family.IPV4_UNICAST)))
        .isEqualTo(Wire.message(2, "0000 0000"));
  }
}
