package io.weft.overlay.forwarding;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.overlay.forwarding.ForwardingKey.Kind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an object of the kernel is known by. */
final class ForwardingKeyTest {
  @ParameterizedTest
  @CsvSource({
    "UNDERLAY_ROUTE, '', 10.0.0.2/32, true",
    "EGRESS_FILTER, '', '', true",
    "EGRESS_FILTER, weft-red, '', false",
    "EGRESS_PORT, '', weft0000001, false",
    "EGRESS_ROUTE, '', 10.1.0.0/24, false",
    "NAMESPACE, weft-red, '', false",
    "VXLAN, weft-red, '', false",
    "PORT, weft-red, ep1, false",
  })
  void whatIsNoTenantsAlone(Kind kind, String namespace, String discriminator, boolean all) {
    var key = new ForwardingKey(kind, namespace, 0, discriminator);
    assertThat(key.isOfAllTenants()).isEqualTo(all);
  }
}
