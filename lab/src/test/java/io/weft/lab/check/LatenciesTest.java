package io.weft.lab.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class LatenciesTest {
  @Test
  void takesTheNearestRank() {
    var hundred = LongStream.rangeClosed(1, 100).map(i -> i * 1_000_000).boxed().toList();
    assertThat(Latencies.of(hundred.reversed())).isEqualTo(new Latencies(50, 99, 100, 100));
    assertThat(Latencies.of(List.of(2_500_000L))).isEqualTo(new Latencies(2.5, 2.5, 2.5, 1));
  }
}
