package io.weft.lab.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class VxlanFrameTest {
  /** RFC 7348 §5, laid out by hand around a small ARP frame. */
  private static final byte[] FRAME =
      HexFormat.of()
          .parseHex(
              ("""
               020000000001 020000000002 0800
               45 00 0040 0000 4000 40 11 0000 0aff0001 0aff0003
               c001 12b5 002c 0000
               08 000000 014f40 00
               0a0000000001 0a0000000002 0806
               000102030405060708090a0b0c0d
               """)
                  .replaceAll("\\s", ""));

  @Test
  void decodesTheLayoutOfTheRfc() {
    assertThat(VxlanFrame.decode(FRAME))
        .contains(
            new VxlanFrame(
                50,
                Ipv4Address.parse("10.255.0.1"),
                Ipv4Address.parse("10.255.0.3"),
                4789,
                85824,
                MacAddress.parse("0a:00:00:00:00:01"),
                MacAddress.parse("0a:00:00:00:00:02"),
                VxlanFrame.ARP,
                28));
  }

  @Test
  void takesNothingElse() {
    assertThat(VxlanFrame.decode(with(12, 0x86))).as("IPv6").isEmpty();
    assertThat(VxlanFrame.decode(with(23, 6))).as("TCP").isEmpty();
    assertThat(VxlanFrame.decode(with(37, 0xb6))).as("another port").isEmpty();
    assertThat(VxlanFrame.decode(with(42, 0))).as("no VNI flag").isEmpty();
    assertThat(VxlanFrame.decode(with(17, 0x41))).as("another IP length").isEmpty();
    assertThat(VxlanFrame.decode(with(39, 0x2d))).as("another UDP length").isEmpty();
  }

  @Test
  void isEmptyForEveryShorterFrame() {
    for (int length = 0; length < FRAME.length; length++) {
      assertThat(VxlanFrame.decode(Arrays.copyOf(FRAME, length))).isEmpty();
    }
  }

  private static byte[] with(int index, int octet) {
    var frame = FRAME.clone();
    frame[index] = (byte) octet;
    return frame;
  }
}
