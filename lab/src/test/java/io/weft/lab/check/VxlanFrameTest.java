package io.weft.lab.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
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

  /** The same in IPv6 (RFC 8200 §3), with a checksum of UDP as its §8.1 demands. */
  private static final byte[] IPV6 =
      HexFormat.of()
          .parseHex(
              ("""
               020000000001 020000000002 86dd
               60 0a1b2c 002c 11 40
               fd000255000000000000000000000001 fd000255000000000000000000000003
               c001 12b5 002c beef
               08 000000 014f40 00
               0a0000000001 0a0000000002 0806
               000102030405060708090a0b0c0d
               """)
                  .replaceAll("\\s", ""));

  @Test
  void decodesAnOuterHeaderOfIpv6() {
    assertThat(VxlanFrame.decode(IPV6))
        .contains(
            new VxlanFrame(
                70,
                IpAddress.parse("fd00:255::1"),
                IpAddress.parse("fd00:255::3"),
                4789,
                85824,
                MacAddress.parse("0a:00:00:00:00:01"),
                MacAddress.parse("0a:00:00:00:00:02"),
                VxlanFrame.ARP,
                28));
  }

  @Test
  void takesNoOtherIpv6() {
    assertThat(VxlanFrame.decode(with(IPV6, 14, 0x40))).as("another version").isEmpty();
    assertThat(VxlanFrame.decode(with(IPV6, 19, 0x2d))).as("another length").isEmpty();
    assertThat(VxlanFrame.decode(with(IPV6, 20, 6))).as("TCP").isEmpty();
    assertThat(VxlanFrame.decode(with(IPV6, 59, 0x2d))).as("another UDP length").isEmpty();
    assertThat(VxlanFrame.decode(with(IPV6, 62, 0))).as("no VNI flag").isEmpty();
  }

  @Test
  void knowsPingsOfBothFamiliesByTheirSize() {
    var ipv4 = IpAddress.parse("10.0.0.1");
    var ipv6 = IpAddress.parse("fd00::1");
    assertThat(VxlanFrame.pingLength(ipv4, 100)).isEqualTo(14 + 20 + 8 + 100);
    assertThat(VxlanFrame.pingLength(ipv6, 100)).isEqualTo(14 + 40 + 8 + 100);
    assertThat(VxlanFrame.decode(FRAME).orElseThrow().isPing(ipv4, 0)).as("ARP").isFalse();
  }

  @Test
  void takesNothingElse() {
    assertThat(VxlanFrame.decode(with(FRAME, 12, 0x86))).as("IPv6").isEmpty();
    assertThat(VxlanFrame.decode(with(FRAME, 23, 6))).as("TCP").isEmpty();
    assertThat(VxlanFrame.decode(with(FRAME, 37, 0xb6))).as("another port").isEmpty();
    assertThat(VxlanFrame.decode(with(FRAME, 42, 0))).as("no VNI flag").isEmpty();
    assertThat(VxlanFrame.decode(with(FRAME, 17, 0x41))).as("another IP length").isEmpty();
    assertThat(VxlanFrame.decode(with(FRAME, 39, 0x2d))).as("another UDP length").isEmpty();
  }

  @Test
  void isEmptyForEveryShorterFrame() {
    for (var frame : new byte[][] {FRAME, IPV6}) {
      for (int length = 0; length < frame.length; length++) {
        assertThat(VxlanFrame.decode(Arrays.copyOf(frame, length))).isEmpty();
      }
    }
  }

  private static byte[] with(byte[] good, int index, int octet) {
    var frame = good.clone();
    frame[index] = (byte) octet;
    return frame;
  }
}
