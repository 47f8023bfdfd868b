package io.weft.lab.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ProbeTest {
  private static final IpAddress ONE = IpAddress.parse("10.20.0.6");
  private static final IpAddress TWO = IpAddress.parse("10.20.0.107");

  /** Two tenants have the same subnet, and a pod that pings got the address that it asks for. */
  @Test
  void whatThePodsThatPingHaveThemselvesIsNoOtherNetworks() {
    assertThat(Probe.foreign(Set.of(ONE), Set.of(ONE, TWO))).isEmpty();
    assertThat(Probe.foreign(Set.of(ONE, TWO), Set.of(TWO))).containsExactly(ONE);
    assertThat(Probe.foreign(Set.of(ONE), Set.of())).containsExactly(ONE);
  }

  /** A check of borders that has asked nobody is no success. */
  @Test
  void whereEveryAnswerIsExcusedNothingIsSaidOfBorders() {
    assertThat(Probe.unasked(3, 0)).contains("nothing can be said of 3 ways");
    assertThat(Probe.unasked(3, 1)).isEmpty();
    assertThat(Probe.unasked(0, 0)).isEmpty();
  }
}
