package io.weft.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "10.0.0.1", "127.0.0.1", "192.0.2.255", "255.255.255.255"})
  void ipv4TextBothWays(String text) {
    assertThat(IpAddress.parse(text)).hasToString(text).isInstanceOf(Ipv4Address.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "256.0.0.1",
        "01.2.3.4",
        "1.2.3.",
        ".1.2.3",
        "1.2.3.4 ",
        "-1.2.3.4",
        "+1.2.3.4",
        "1..2.3",
        "a.b.c.d",
        "1.2.3.4/8",
        "1.2.3.1000",
        "１.2.3.4"
      })
  void noIpv4(String text) {
    assertThatThrownBy(() -> IpAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }

  /** Left what may be written, right what RFC 5952 §4 and §5 want; most are from its text. */
  @ParameterizedTest
  @CsvSource({
    "::, ::",
    "0:0:0:0:0:0:0:0, ::",
    "::1, ::1",
    "0:0:0:0:0:0:0:1, ::1",
    "1::, 1::",
    "2001:0db8::0001, 2001:db8::1",
    "2001:db8:0:0:0:0:2:1, 2001:db8::2:1",
    "2001:db8::1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:DB8:AAAA:bbbb:CcCc:dddd:eeee:1, 2001:db8:aaaa:bbbb:cccc:dddd:eeee:1",
    "0:0:0:1:0:0:0:0, 0:0:0:1::",
    "1:0:0:0:0:0:0:0, 1::",
    "0:0:1:1:1:1:1:1, ::1:1:1:1:1:1",
    "1:1:1:1:1:1:0:0, 1:1:1:1:1:1::",
    "0:1:1:1:1:1:1:1, 0:1:1:1:1:1:1:1",
    "1:1:1:1:1:1:1:0, 1:1:1:1:1:1:1:0",
    "1:0:1:0:1:0:1:0, 1:0:1:0:1:0:1:0",
    "fe80::1, fe80::1",
    "::ffff:192.0.2.1, ::ffff:c000:201",
    "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
    "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
    "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
  })
  void ipv6TextAsRfc5952WritesIt(String text, String canonical) {
    assertThat(IpAddress.parse(text)).hasToString(canonical).isInstanceOf(Ipv6Address.class);
    assertThat(IpAddress.parse(canonical)).isEqualTo(IpAddress.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ":",
        ":::",
        "1",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        "::12345",
        "::g",
        "fe80::1%eth0",
        "1:2:3:4:5:6:7::8",
        ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:",
        "::1.2.3",
        "::1.2.3.256",
        "1.2.3.4::",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        "[::1]",
        " ::1",
        "::-1",
        "::+1",
        ":::1",
        "1:::2"
      })
  void noIpv6(String text) {
    assertThatThrownBy(() -> IpAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @Test
  void textAndOctetsOfAnyAddressBothWays() {
    var random = new SplittableRandom(5);
    for (int i = 0; i < 20_000; i++) {
      var octets = new byte[random.nextBoolean() ? 4 : 16];
      random.nextBytes(octets);
      for (int group = 0; group < octets.length; group += 2) { // zeros often, for the gaps
        if (random.nextInt(3) > 0) {
          octets[group] = 0;
          octets[group + 1] = (byte) (octets[group + 1] & (random.nextBoolean() ? 0 : 0xf));
        }
      }
      var address = IpAddress.of(octets);
      assertThat(address.octets()).isEqualTo(octets);
      assertThat(IpAddress.parse(address.toString())).isEqualTo(address);
    }
  }

  @Test
  void arithmeticAgreesWithBigIntegers() {
    var random = new SplittableRandom(6);
    for (int i = 0; i < 20_000; i++) {
      var octets = new byte[random.nextBoolean() ? 4 : 16];
      random.nextBytes(octets);
      if (random.nextInt(4) == 0) { // near a carry
        java.util.Arrays.fill(octets, octets.length / 2, octets.length, (byte) -random.nextInt(2));
      }
      var address = IpAddress.of(octets);
      var number = new BigInteger(1, octets);
      var modulus = BigInteger.ONE.shiftLeft(address.bits());
      long offset = random.nextBoolean() ? random.nextLong() : random.nextLong(-5, 6);
      assertThat(number(address.plus(offset)))
          .as("%s + %d", address, offset)
          .isEqualTo(number.add(BigInteger.valueOf(offset)).mod(modulus));
      int length = random.nextInt(address.bits() + 1);
      int host = address.bits() - length;
      assertThat(number(address.masked(length)))
          .as("%s/%d", address, length)
          .isEqualTo(number.shiftRight(host).shiftLeft(host));
      int bit = random.nextInt(address.bits());
      assertThat(address.bit(bit)).isEqualTo(number.testBit(address.bits() - 1 - bit));
    }
  }

  private static BigInteger number(IpAddress address) {
    return new BigInteger(1, address.octets());
  }

  @Test
  void orderIsIpv4FirstThenUnsigned() {
    var ordered =
        List.of(
            "0.0.0.0",
            "127.255.255.255",
            "128.0.0.0",
            "255.255.255.255",
            "::",
            "::1",
            "0:0:0:1::",
            "7fff::",
            "8000::",
            "ffff::");
    for (int i = 0; i < ordered.size(); i++) {
      for (int j = 0; j < ordered.size(); j++) {
        int order = IpAddress.parse(ordered.get(i)).compareTo(IpAddress.parse(ordered.get(j)));
        assertThat(Integer.signum(order)).isEqualTo(Integer.compare(i, j));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "224.0.0.0, true, false, false",
    "239.255.255.255, true, false, false",
    "240.0.0.0, false, false, false",
    "223.255.255.255, false, false, false",
    "127.0.0.1, false, true, false",
    "127.255.255.255, false, true, false",
    "0.0.0.0, false, false, true",
    "ff02::1, true, false, false",
    "fe80::1, false, false, false",
    "::1, false, true, false",
    "::, false, false, true"
  })
  void kinds(String text, boolean multicast, boolean loopback, boolean unspecified) {
    var address = IpAddress.parse(text);
    assertThat(address.isMulticast()).isEqualTo(multicast);
    assertThat(address.isLoopback()).isEqualTo(loopback);
    assertThat(address.isUnspecified()).isEqualTo(unspecified);
  }

  @Test
  void aLinkLocalAddressMayHaveAZone() {
    var here = IpAddress.parseWithZone("fe80::1%eth0");
    assertThat(here).hasToString("fe80::1%eth0").isNotEqualTo(IpAddress.parse("fe80::1"));
    assertThat(here.linkName()).contains("eth0");
    assertThat(here.isLinkLocal()).isTrue();
    assertThat(here.octets()).isEqualTo(IpAddress.parse("fe80::1").octets());
    assertThat(here.withoutZone()).isEqualTo(IpAddress.parse("fe80::1"));
    assertThat(IpAddress.parseWithZone("febf::1%a.100").linkName()).contains("a.100");
    assertThat(IpAddress.parseWithZone("10.0.0.1")).isEqualTo(IpAddress.parse("10.0.0.1"));
    assertThat(IpAddress.parse("fe80::1").linkName()).isEmpty();
  }

  @Test
  void zonesTellLinksApartAndPrefixesHaveNone() {
    var ordered =
        List.of("fe80::1", "fe80::1%eth0", "fe80::1%eth1", "fe80::2", "fe80::2%eth0").stream()
            .map(IpAddress::parseWithZone)
            .toList();
    assertThat(ordered.reversed().stream().sorted()).isEqualTo(ordered);
    var here = IpAddress.parseWithZone("fe80::1%eth0");
    assertThat(IpPrefix.parse("fe80::/10").contains(here)).isTrue();
    assertThat(new IpPrefix(here, 128).contains(here)).isTrue();
    assertThat(new IpPrefix(here, 128).contains(IpAddress.parseWithZone("fe80::1%eth1"))).isFalse();
    assertThat(here.masked(64)).hasToString("fe80::");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fe80::1%",
        "2001:db8::1%eth0",
        "::1%lo",
        "fec0::1%eth0",
        "10.0.0.1%eth0",
        "fe80::1%a/b",
        "fe80::1%a b",
        "fe80::1%a:b",
        "fe80::1%a%b",
        "fe80::1%sixteencharacter"
      })
  void otherZonesAreRefused(String text) {
    assertThatThrownBy(() -> IpAddress.parseWithZone(text))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void onlyFourOrSixteenOctets() {
    for (int length : new int[] {0, 3, 5, 15, 17}) {
      assertThatThrownBy(() -> IpAddress.of(new byte[length]))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(HexFormat.of().formatHex(IpAddress.parse("192.0.2.1").octets()))
        .isEqualTo("c0000201");
  }
}
