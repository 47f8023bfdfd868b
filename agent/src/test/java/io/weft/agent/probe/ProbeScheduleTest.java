package io.weft.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.overlay.node.Tunnel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProbeScheduleTest {
  private static final long SECOND = 1_000_000_000L;
  private static final ProbeSchedule.Pace PACE =
      new ProbeSchedule.Pace(
          Duration.ofSeconds(3), Duration.ofSeconds(300), Duration.ofSeconds(30));
  private static final Tunnel A = tunnel(1, 1450);
  private static final Tunnel B = tunnel(2, 1450);

  private final ProbeSchedule schedule = new ProbeSchedule(PACE, 100);

  private static Tunnel tunnel(int number, int mtu) {
    return new Tunnel(IpAddress.parse("10.0.0.1"), IpAddress.parse("10.0.1." + number), mtu);
  }

  @Test
  void aTunnelIsLookedAtOnceItHasSettled() {
    schedule.tunnels(0, List.of(A));
    assertThat(schedule.due(3 * SECOND - 1)).isEmpty();
    assertThat(schedule.due(3 * SECOND)).contains(A);
    assertThat(schedule.view()).isEqualTo(new ProbeView(List.of(), 1, 0));
  }

  @Test
  void aGoodPathRestsFiveMinutesAndADoubtfulOneHalfAMinute() {
    schedule.tunnels(0, List.of(A, B));
    schedule.found(10 * SECOND, new PathState.Passes(A));
    schedule.found(10 * SECOND, new PathState.Unknown(B, "silent"));
    assertThat(schedule.due(40 * SECOND)).contains(B);
    schedule.found(40 * SECOND, new PathState.Passes(B));
    assertThat(schedule.due(279 * SECOND)).isEmpty();
    assertThat(schedule.due(310 * SECOND)).contains(A);
  }

  @Test
  void anotherMtuIsLookedAtAnewAndTheOldResultIsForgotten() {
    schedule.tunnels(0, List.of(A));
    schedule.found(5 * SECOND, new PathState.Passes(A));
    schedule.tunnels(6 * SECOND, List.of(A));
    assertThat(schedule.due(20 * SECOND)).isEmpty();
    schedule.tunnels(20 * SECOND, List.of(tunnel(1, 8950)));
    assertThat(schedule.view().found()).isEmpty();
    assertThat(schedule.due(23 * SECOND)).contains(tunnel(1, 8950));
    assertThat(schedule.found(24 * SECOND, new PathState.Passes(A)))
        .as("of what no longer is")
        .isEqualTo(Optional.empty());
    assertThat(schedule.view().found()).isEmpty();
  }

  @Test
  void whatIsNoLongerUsedIsForgotten() {
    schedule.tunnels(0, List.of(A, B));
    schedule.found(5 * SECOND, new PathState.TooNarrow(A, 1400, new PathState.Place.Silent()));
    assertThat(schedule.guess(A)).hasValue(1400);
    assertThat(schedule.guess(B)).as("what one path takes, another may").hasValue(1400);
    schedule.tunnels(6 * SECOND, List.of(B));
    assertThat(schedule.view()).isEqualTo(new ProbeView(List.of(), 1, 0));
  }

  @Test
  void beyondTheLimitTheyAreCounted() {
    schedule.tunnels(
        0, IntStream.rangeClosed(1, 120).mapToObj(number -> tunnel(number, 1450)).toList());
    assertThat(schedule.view()).isEqualTo(new ProbeView(List.of(), 100, 20));
  }
}
