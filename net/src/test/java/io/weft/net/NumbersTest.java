package io.weft.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** MAC addresses, segments, VNIs, AS numbers, distinguishers and targets. */
class NumbersTest {
  private static void refused(Runnable making) {
    assertThatThrownBy(making::run).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void macAddressTextAndOctetsBothWays() {
    var random = new SplittableRandom(1);
    for (int i = 0; i < 5_000; i++) {
      var mac = new MacAddress(random.nextLong() & 0xffff_ffff_ffffL);
      assertThat(MacAddress.parse(mac.toString())).isEqualTo(mac);
      assertThat(MacAddress.of(mac.octets())).isEqualTo(mac);
    }
    assertThat(MacAddress.parse("02:AB:cd:00:00:01")).hasToString("02:ab:cd:00:00:01");
    assertThat(MacAddress.parse("ff:ff:ff:ff:ff:ff").isMulticast()).isTrue();
    assertThat(MacAddress.parse("01:00:5e:00:00:01").isMulticast()).isTrue();
    assertThat(MacAddress.parse("02:00:5e:00:00:01").isMulticast()).isFalse();
    assertThat(MacAddress.ZERO.isZero()).isTrue();
    assertThat(MacAddress.parse("80:00:00:00:00:00"))
        .isGreaterThan(MacAddress.parse("7f:00:00:00:00:00"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "02:00:00:00:00",
        "02:00:00:00:00:00:00",
        "02-00-00-00-00-01",
        "2:0:0:0:0:1",
        "020000000001",
        "02:00:00:00:00:0g",
        " 02:00:00:00:00:01"
      })
  void noMacAddress(String text) {
    assertThatThrownBy(() -> MacAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @Test
  void bounds() {
    refused(() -> new MacAddress(-1));
    refused(() -> new MacAddress(1L << 48));
    refused(() -> MacAddress.of(new byte[5]));
    refused(() -> new Vni(0));
    refused(() -> new Vni(0x1000000));
    refused(() -> new AutonomousSystem(0));
    refused(() -> new AutonomousSystem(0x1_0000_0000L));
    refused(() -> new Esi(0, -1));
    refused(() -> new Esi(0, 0x10000));
    refused(() -> RouteDistinguisher.of(Ipv4Address.UNSPECIFIED, 0x10000));
    refused(() -> RouteDistinguisher.of(Ipv4Address.UNSPECIFIED, -1));
    refused(() -> RouteTarget.ofTwoOctetAs(0x10000, 1));
    refused(() -> RouteTarget.ofTwoOctetAs(1, 0x1_0000_0000L));
    refused(() -> RouteTarget.ofFourOctetAs(1, 0x10000));
    refused(() -> RouteTarget.ofIpv4(Ipv4Address.UNSPECIFIED, -1));
    refused(() -> new RouteTarget(0x030c_0000_0000_0008L));
    assertThat(new Vni(Vni.MAX)).hasToString("16777215");
    assertThat(new AutonomousSystem(0xffff_ffffL)).hasToString("4294967295");
  }

  @Test
  void autonomousSystemInTwoOctets() {
    assertThat(new AutonomousSystem(65535).twoOctets()).isEqualTo(65535);
    assertThat(new AutonomousSystem(65536).twoOctets()).isEqualTo(23456);
  }

  @Test
  void segmentText() {
    assertThat(Esi.ZERO.isZero()).isTrue();
    assertThat(new Esi(0x01aa_bbcc_ddee_ff00L, 0x6400))
        .hasToString("01:aa:bb:cc:dd:ee:ff:00:64:00");
    assertThat(new Esi(-1L, 0xffff)).hasToString("ff:ff:ff:ff:ff:ff:ff:ff:ff:ff");
    assertThat(new Esi(0, 1).isZero()).isFalse();
  }

  @Test
  void distinguisherText() {
    var rd = RouteDistinguisher.of(Ipv4Address.parse("198.51.100.2"), 2);
    assertThat(rd).hasToString("198.51.100.2:2");
    assertThat(rd.value()).isEqualTo(0x0001_c633_6402_0002L);
    assertThat(rd.type()).isEqualTo(1);
    assertThat(RouteDistinguisher.of(Ipv4Address.parse("255.255.255.255"), 0xffff))
        .hasToString("255.255.255.255:65535");
    assertThat(new RouteDistinguisher(0x0000_fde8_0000_0064L)).hasToString("65000:100");
    assertThat(new RouteDistinguisher(0x0002_fa56_ea00_0064L)).hasToString("4200000000:100");
    assertThat(new RouteDistinguisher(0xffff_0000_0000_0001L)).hasToString("0xffff000000000001");
    assertThat(new RouteDistinguisher(-1)).isGreaterThan(rd);
  }

  @ParameterizedTest
  @CsvSource({
    "65000:100, 0002fde800000064",
    "0:0, 0002000000000000",
    "65535:4294967295, 0002ffffffffffff",
    "4200000000:100, 0202fa56ea000064",
    "65000L:100, 02020000fde80064",
    "10.0.0.1:65535, 01020a000001ffff"
  })
  void routeTargetTextBothWays(String text, String value) {
    var target = RouteTarget.parse(text);
    assertThat(target).hasToString(text);
    assertThat(String.format("%016x", target.value())).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "65000",
        "65000:",
        ":100",
        "65000:-1",
        "65536:65536",
        "65000L:65536",
        "10.0.0.1:65536",
        "10.0.0:1",
        "65000:4294967296",
        "4294967296:1",
        "65000LL:1",
        "L:1",
        "a:1"
      })
  void noRouteTarget(String text) {
    assertThatThrownBy(() -> RouteTarget.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "65000:100, 65000:100, true",
    "65000:100, 65000L:100, false",
    "65000:100, 65001:100, false",
    "*:100, 65000:100, true",
    "*:100, 1:100, true",
    "*:100, 4200000000:100, true",
    "*:100, 65000L:100, true",
    "*:100, 65000:101, false",
    "*:100, 10.0.0.1:100, false",
    "*:70000, 65000:70000, true",
    "*:70000, 4200000000:4464, false",
    "*:4294967295, 65000:4294967295, true",
    "10.0.0.1:7, 10.0.0.1:7, true"
  })
  void importTargetsMatch(String imported, String carried, boolean matches) {
    var target = ImportTarget.parse(imported);
    assertThat(target).hasToString(imported);
    assertThat(target.matches(RouteTarget.parse(carried))).isEqualTo(matches);
    var ofAnyAs = ImportTarget.anyAsOf(RouteTarget.parse(carried));
    assertThat(ofAnyAs.filter(target::equals).isPresent())
        .isEqualTo(matches && target instanceof AnyAsTarget);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"*", "*:", "*:-1", "*:4294967296", "**:1", "*1:1", "*:1x", "*:12345678901"})
  void noImportTarget(String text) {
    assertThatThrownBy(() -> ImportTarget.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void importTargetsAreInOrder() {
    var targets = new TreeSet<ImportTarget>();
    for (var text : List.of("*:2", "*:1", "65000:2", "4200000000:1", "65000:1")) {
      targets.add(ImportTarget.parse(text));
    }
    assertThat(targets.toString()).isEqualTo("[65000:1, 65000:2, 4200000000:1, *:1, *:2]");
  }

  @Test
  void automaticRouteTargets() {
    var vni = new Vni(100);
    assertThat(RouteTarget.automatic(new AutonomousSystem(65000), vni)).hasToString("65000:100");
    assertThat(RouteTarget.automatic(new AutonomousSystem(0x1_0005L), vni)).hasToString("5:100");
    assertThat(RouteTarget.automaticRfc8365(new AutonomousSystem(65000), vni).value())
        .isEqualTo(0x0002_fde8_1000_0064L);
    assertThat(RouteTarget.isRouteTarget(0x4002_fde8_0000_0064L)).isFalse();
    assertThat(RouteTarget.isRouteTarget(0x8002_fde8_0000_0064L)).isFalse();
  }

  @Test
  void vniRanges() {
    var range = VniRange.parse("10000-99999");
    assertThat(range).hasToString("10000-99999");
    assertThat(range.size()).isEqualTo(90_000);
    assertThat(range.contains(new Vni(10000))).isTrue();
    assertThat(range.contains(new Vni(99999))).isTrue();
    assertThat(range.contains(new Vni(9999))).isFalse();
    assertThat(range.contains(new Vni(100000))).isFalse();
    for (var bad : new String[] {"", "1", "1-", "-1", "2-1", "0-5", "1-16777216", "1-2-3", "a-b"}) {
      refused(() -> VniRange.parse(bad));
    }
  }
}
