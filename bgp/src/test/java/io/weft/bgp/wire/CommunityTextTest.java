package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.MacAddress;
import io.weft.net.RouteTarget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Communities of all three kinds: octets, meaning, text. */
class CommunityTextTest {
  @ParameterizedTest
  @CsvSource({
    "ffff0000, graceful-shutdown",
    "ffff0001, accept-own",
    "ffff0006, llgr-stale",
    "ffff0007, no-llgr",
    "ffff029a, blackhole",
    "ffffff01, no-export",
    "ffffff02, no-advertise",
    "ffffff03, no-export-subconfed",
    "ffffff04, no-peer",
    "ffff0005, 65535:5",
    "fde80001, 65000:1",
    "00000000, 0:0"
  })
  void standard(String hex, String text) {
    assertThat(new Community(Long.parseLong(hex, 16))).hasToString(text);
  }

  @Test
  void largeOnesHaveThreeParts() {
    assertThat(new LargeCommunity(4200000000L, 0, 7)).hasToString("4200000000:0:7");
  }

  @ParameterizedTest
  @CsvSource({
    "0002fde800000064, rt:65000:100",
    "0003fde800000064, soo:65000:100",
    "01030a0000010007, soo:10.0.0.1:7",
    "0203fa56ea000007, soo:4200000000:7",
    "4004fde849742400, link-bandwidth:65000:1000000.0",
    "0004fde849742400, link-bandwidth:65000:1000000.0",
    "030c000000000008, encapsulation:vxlan",
    "030c00000000000a, encapsulation:mpls",
    "030c000000000013, encapsulation:geneve",
    "030c000000000063, encapsulation:99",
    "030d000000000000, default-gateway",
    "0600010000000000, mac-mobility:0:sticky",
    "0601010000000064, esi-label:100:single-active",
    "0601000000000064, esi-label:100",
    "0602aabbccddeeff, es-import:aa:bb:cc:dd:ee:ff",
    "060302000000000a, router-mac:02:00:00:00:00:0a",
    "06080b0000000000, nd-flags:ROI",
    "0609000000000000, 0x0609000000000000"
  })
  void extended(String hex, String text) {
    assertThat(new ExtendedCommunity(Long.parseUnsignedLong(hex, 16))).hasToString(text);
  }

  @Test
  void factoriesWriteTheRegisteredOctets() {
    var mac = MacAddress.parse("aa:bb:cc:dd:ee:ff");
    assertThat(ExtendedCommunity.esImport(mac).value()).isEqualTo(0x0602aabbccddeeffL);
    assertThat(ExtendedCommunity.esiLabel(true, 100).value()).isEqualTo(0x0601010000000064L);
    assertThat(ExtendedCommunity.defaultGateway().value()).isEqualTo(0x030dL << 48);
    assertThat(ExtendedCommunity.neighbourFlags(true, true, true).value())
        .isEqualTo(0x06080b0000000000L);
    var proxy = ExtendedCommunity.multicastFlags(true, true);
    assertThat(proxy.value()).isEqualTo(0x0609000300000000L);
    assertThat(proxy).hasToString("multicast-flags:IM");
    assertThat(ExtendedCommunity.multicastFlags(false, true).isIgmpProxy()).isFalse();
    assertThat(ExtendedCommunity.encapsulation(8)).isEqualTo(ExtendedCommunity.ENCAPSULATION_VXLAN);
    assertThat(ExtendedCommunity.siteOfOrigin(RouteTarget.parse("65000:100")).value())
        .isEqualTo(0x0003fde800000064L);
    var bandwidth = ExtendedCommunity.linkBandwidth(65000, 1e6f);
    assertThat(bandwidth.value()).isEqualTo(0x4004fde849742400L);
    assertThat(bandwidth.isTransitive()).isFalse();
    assertThat(bandwidth.bandwidth()).isEqualTo(1e6f);
  }
}
