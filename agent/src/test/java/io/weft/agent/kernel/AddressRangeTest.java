package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What of a prefix is left beside the links of a tenant. */
class AddressRangeTest {
  private static List<String> left(String prefix, String... links) {
    return AddressRange.without(
            IpPrefix.parse(prefix), List.of(links).stream().map(IpPrefix::parse).toList())
        .stream()
        .map(
            range ->
                IpAddress.of(range.first().toArray()) + "-" + IpAddress.of(range.last().toArray()))
        .toList();
  }

  @Test
  void linksAreCutOutOfAPrefix() {
    assertThat(left("0.0.0.0/0", "192.168.1.0/24", "10.0.0.0/8", "fd00::/64"))
        .containsExactly(
            "0.0.0.0-9.255.255.255", "11.0.0.0-192.168.0.255", "192.168.2.0-255.255.255.255");
    assertThat(left("fd00::/63", "fd00::/64"))
        .containsExactly("fd00:0:0:1::-fd00::1:ffff:ffff:ffff:ffff");
  }

  @Test
  void nothingIsLeftOfAPartOfALink() {
    assertThat(left("192.168.1.11/32", "192.168.1.0/24")).isEmpty();
    assertThat(left("192.168.1.0/24", "192.168.1.0/24")).isEmpty();
    assertThat(left("10.9.0.0/16", "192.168.1.0/24")).containsExactly("10.9.0.0-10.9.255.255");
  }
}
