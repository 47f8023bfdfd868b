package io.weft.kubernetes.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The order of versions. */
final class ResourceVersionsTest {
  @Test
  void versionsAreNumbers() {
    assertThat(ResourceVersions.compare("9", "10")).isNegative();
    assertThat(ResourceVersions.compare("10", "10")).isZero();
    assertThat(ResourceVersions.compare("101", "99")).isPositive();
    assertThat(List.of("2", "10", "1").stream().sorted(ResourceVersions::compare))
        .containsExactly("1", "2", "10");
  }
}
