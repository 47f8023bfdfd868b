package io.weft.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpPrefixTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0/0",
        "10.0.0.0/8",
        "192.0.2.128/25",
        "192.0.2.1/32",
        "::/0",
        "2001:db8::/32",
        "fd00:0:0:1::/64",
        "::1/128",
        "8000::/1"
      })
  void textBothWays(String text) {
    assertThat(IpPrefix.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "::/129",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "10.0.0.0/1000",
        "/8",
        "10.0.0.0/ 8"
      })
  void noPrefix(String text) {
    assertThatThrownBy(() -> IpPrefix.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void hostBitsAreRefusedWithAdvice() {
    assertThatThrownBy(() -> IpPrefix.parse("10.0.0.5/24"))
        .hasMessageContaining("the prefix is 10.0.0.0/24");
    assertThatThrownBy(() -> IpPrefix.parse("fd00::1/64")).hasMessageContaining("fd00::/64");
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.0.0/16, 10.1.255.255, true",
    "10.1.0.0/16, 10.2.0.0, false",
    "0.0.0.0/0, 255.255.255.255, true",
    "0.0.0.0/0, ::1, false",
    "::/0, 10.0.0.1, false",
    "fd00::/64, fd00::ffff:ffff:ffff:ffff, true",
    "fd00::/64, fd00:0:0:1::, false"
  })
  void contains(String prefix, String address, boolean contained) {
    assertThat(IpPrefix.parse(prefix).contains(IpAddress.parse(address))).isEqualTo(contained);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.1.0.0/16, true",
    "10.1.0.0/16, 10.0.0.0/8, true",
    "10.0.0.0/16, 10.1.0.0/16, false",
    "0.0.0.0/0, ::/0, false"
  })
  void overlaps(String one, String other, boolean overlap) {
    assertThat(IpPrefix.parse(one).overlaps(IpPrefix.parse(other))).isEqualTo(overlap);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.1.0.0/16, true",
    "10.0.0.0/8, 10.0.0.0/8, true",
    "10.0.0.0/16, 10.0.0.0/8, false",
    "10.0.0.0/16, 10.1.0.0/24, false",
    "0.0.0.0/0, ::/0, false"
  })
  void containsOthers(String outer, String inner, boolean contained) {
    assertThat(IpPrefix.parse(outer).contains(IpPrefix.parse(inner))).isEqualTo(contained);
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.0/24, 192.0.2.0, false", // the network
    "192.0.2.0/24, 192.0.2.1, true",
    "192.0.2.0/24, 192.0.2.254, true",
    "192.0.2.0/24, 192.0.2.255, false", // the broadcast address
    "192.0.2.0/24, 192.0.3.1, false",
    "192.0.2.0/30, 192.0.2.0, false",
    "192.0.2.0/30, 192.0.2.2, true",
    "192.0.2.0/30, 192.0.2.3, false",
    "192.0.2.0/31, 192.0.2.0, true", // RFC 3021
    "192.0.2.0/31, 192.0.2.1, true",
    "192.0.2.1/32, 192.0.2.1, true",
    "192.0.2.1/32, 192.0.2.2, false",
    "0.0.0.0/0, 255.255.255.255, false",
    "0.0.0.0/0, 0.0.0.0, false",
    "0.0.0.0/0, 10.0.0.255, true",
    "fd00::/64, fd00::, false", // subnet-router anycast
    "fd00::/64, fd00::1, true",
    "fd00::/64, fd00::ffff:ffff:ffff:ffff, true", // IPv6 knows no broadcast
    "fd00::/126, fd00::, false",
    "fd00::/127, fd00::, true", // RFC 6164
    "fd00::1/128, fd00::1, true",
    "fd00::/64, 10.0.0.1, false"
  })
  void isHostAddress(String prefix, String address, boolean host) {
    assertThat(IpPrefix.parse(prefix).isHostAddress(IpAddress.parse(address))).isEqualTo(host);
  }

  @Test
  void orderIsByAddressThenLength() {
    assertThat(IpPrefix.parse("10.0.0.0/8")).isLessThan(IpPrefix.parse("10.0.0.0/9"));
    assertThat(IpPrefix.parse("10.0.0.0/9")).isLessThan(IpPrefix.parse("10.1.0.0/16"));
    assertThat(IpPrefix.parse("255.0.0.0/8")).isLessThan(IpPrefix.parse("::/0"));
  }
}
