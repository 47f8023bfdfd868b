package io.weft.lab.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class NeighbourQuestionTest {
  /** RFC 7348 §5 by hand; the lengths are those of the inner frame and 16, 36. */
  private static byte[] vxlan(String inner) {
    var octets = HexFormat.of().parseHex(inner.replaceAll("\\s", ""));
    int udp = octets.length + 16;
    return HexFormat.of()
        .parseHex(
            ("020000000001 020000000002 0800 45 00 %04x 0000 4000 40 11 0000 0aff0001 0aff0003"
                        .formatted(udp + 20)
                    + " c001 12b5 %04x 0000 08 000000 000064 00 ".formatted(udp)
                    + HexFormat.of().formatHex(octets))
                .replaceAll("\\s", ""));
  }

  private static final byte[] ARP =
      vxlan(
          """
          ffffffffffff 0a0000000002 0806
          0001 0800 0604 0001 0a0000000002 c0a8010a 000000000000 c0a80114
          """);

  private static final byte[] SOLICITATION =
      vxlan(
          """
          3333ff000014 0a0000000002 86dd
          60000000 0020 3a ff fd00000100000000000000000000000a ff0200000000000000000001ff000014
          87 00 0000 00000000 fd000001000000000000000000000014 0101 0a0000000002
          """);

  @Test
  void asksForAnAddress() {
    var one = Ipv4Address.parse("10.255.0.1");
    var other = Ipv4Address.parse("10.255.0.3");
    assertThat(NeighbourQuestion.decode(ARP))
        .contains(new NeighbourQuestion(one, other, 100, IpAddress.parse("192.168.1.20")));
    assertThat(NeighbourQuestion.decode(SOLICITATION))
        .contains(new NeighbourQuestion(one, other, 100, IpAddress.parse("fd00:1::14")));
  }

  @Test
  void anAnswerIsNoQuestion() {
    var reply = ARP.clone();
    reply[50 + 21] = 2;
    assertThat(NeighbourQuestion.decode(reply)).isEmpty();
    var advertisement = SOLICITATION.clone();
    advertisement[50 + 54] = (byte) 136;
    assertThat(NeighbourQuestion.decode(advertisement)).isEmpty();
  }

  @Test
  void isEmptyForEveryShorterFrame() {
    for (var frame : new byte[][] {ARP, SOLICITATION}) {
      for (int length = 0; length < frame.length; length++) {
        assertThat(NeighbourQuestion.decode(Arrays.copyOf(frame, length))).isEmpty();
      }
    }
  }
}
