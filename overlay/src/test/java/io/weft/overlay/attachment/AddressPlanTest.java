package io.weft.overlay.attachment;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class AddressPlanTest {
  private static final IpPrefix SMALL = IpPrefix.parse("192.168.1.0/29");

  @Test
  void theMacOfAnIpv4AddressHasItInItsLowOctets() {
    var both = List.of(IpAddress.parse("fd00::7"), IpAddress.parse("192.168.1.10"));
    assertThat(AddressPlan.mac("web", "a", both)).isEqualTo(MacAddress.parse("0a:58:c0:a8:01:0a"));
    assertThat(AddressPlan.mac("other", "b", both)).isEqualTo(AddressPlan.mac("web", "a", both));
  }

  @Test
  void withoutIpv4TheNamesGiveALocallyAdministeredUnicastMac() {
    var a = AddressPlan.mac("web", "a", List.of(IpAddress.parse("fd00::7")));
    assertThat(a).isEqualTo(AddressPlan.mac("web", "a", List.of()));
    assertThat(a).isNotEqualTo(AddressPlan.mac("web", "b", List.of()));
    assertThat(a).isNotEqualTo(AddressPlan.mac("db", "a", List.of()));
    assertThat(a.isMulticast()).isFalse();
    assertThat(a.value() >> 41 & 1).isEqualTo(1);
  }

  @Test
  void probingSkipsWhatIsTakenTheGatewayAndWhatNoHostMayHave() {
    var taken = new TreeSet<IpAddress>();
    for (int i = 0; i < 5; i++) {
      taken.add(AddressPlan.choose(SMALL, "pod", taken::contains).orElseThrow());
    }
    assertThat(taken)
        .extracting(IpAddress::toString)
        .containsExactly("192.168.1.2", "192.168.1.3", "192.168.1.4", "192.168.1.5", "192.168.1.6");
    assertThat(AddressPlan.choose(SMALL, "pod", taken::contains)).as("full").isEmpty();
  }

  @Test
  void theSameNameBeginsAtTheSamePlaceAndNamesSpread() {
    var subnet = IpPrefix.parse("10.0.0.0/16");
    var chosen = new TreeSet<IpAddress>();
    for (int i = 0; i < 20; i++) {
      var first = AddressPlan.choose(subnet, "pod-" + i, _ -> false);
      assertThat(AddressPlan.choose(subnet, "pod-" + i, _ -> false)).isEqualTo(first);
      chosen.add(first.orElseThrow());
    }
    assertThat(chosen).hasSize(20);
  }

  @Test
  void pointToPointAndSingleAddressSubnetsAreUsable() {
    assertThat(AddressPlan.choose(IpPrefix.parse("10.0.0.7/32"), "a", _ -> false))
        .contains(IpAddress.parse("10.0.0.7"));
    assertThat(AddressPlan.choose(IpPrefix.parse("10.0.0.6/31"), "a", _ -> false)).isPresent();
    assertThat(AddressPlan.choose(IpPrefix.parse("fd00:1::/64"), "a", _ -> false))
        .hasValueSatisfying(
            ip -> assertThat(IpPrefix.parse("fd00:1::/64").isHostAddress(ip)).isTrue());
  }

  @Test
  void portNamesFitTheKernel() {
    assertThat(AddressPlan.portName("a".repeat(100))).matches("ep[0-9a-f]{12}");
    assertThat(AddressPlan.portName("a")).isNotEqualTo(AddressPlan.portName("b"));
  }
}
