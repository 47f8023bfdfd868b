package io.weft.agent.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.cluster.NodeState.Readiness;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is said of a node that changes its mind. */
final class SteadyReadinessTest {
  private static final Readiness UP = new Readiness(true, "Forwards", "");
  private static final Readiness DOWN = new Readiness(false, "NoPeerUp", "");
  private static final Readiness WAITING = new Readiness(false, "WaitingForRoutes", "");

  private static final Readiness ONE_REFUSED = new Readiness(false, "KernelRefusesTenant", "");

  private final SteadyReadiness steady = new SteadyReadiness();

  private Readiness at(double seconds, Readiness now) {
    return steady.see(now, -5 + Math.round(seconds * TimeUnit.SECONDS.toNanos(1)));
  }

  @Test
  void theStartIsSaidAsItIs() {
    assertThat(at(0, DOWN)).isEqualTo(DOWN);
    assertThat(at(1, WAITING)).isEqualTo(WAITING);
    assertThat(at(1.1, UP)).isEqualTo(UP);
  }

  @Test
  void whatTakesPodsIsBetweenBothAndLastsToo() {
    at(0, ONE_REFUSED);
    assertThat(at(1, DOWN)).isEqualTo(ONE_REFUSED);
    assertThat(at(10.9, DOWN)).isEqualTo(ONE_REFUSED);
    assertThat(at(11, UP)).as("better, but not for long").isEqualTo(ONE_REFUSED);
    assertThat(at(13, UP)).isEqualTo(UP);
    assertThat(at(14, ONE_REFUSED)).isEqualTo(UP);
    assertThat(at(24, ONE_REFUSED)).isEqualTo(ONE_REFUSED);
  }

  @Test
  void whatLastsASecondIsNotSaid() {
    at(0, UP);
    for (int second = 1; second < 60; second += 2) {
      assertThat(at(second, DOWN)).isEqualTo(UP);
      assertThat(at(second + 1, UP)).isEqualTo(UP);
    }
  }

  @Test
  void whatLastsIsSaid() {
    at(0, UP);
    assertThat(at(1, DOWN)).isEqualTo(UP);
    assertThat(at(10.9, WAITING)).isEqualTo(UP);
    assertThat(at(11, WAITING)).isEqualTo(WAITING);
    assertThat(at(12, DOWN)).as("another reason").isEqualTo(DOWN);
    assertThat(at(13, UP)).isEqualTo(DOWN);
    assertThat(at(14, DOWN)).isEqualTo(DOWN);
    assertThat(at(14.5, UP)).isEqualTo(DOWN);
    assertThat(at(16.5, UP)).isEqualTo(UP);
  }

  /** An agent that is renewed on a node that forwards. */
  @Test
  void whatAnAgentBeforeSaidLastsLikewise() {
    steady.assume(UP);
    assertThat(at(0, DOWN)).isEqualTo(UP);
    assertThat(at(5, UP)).isEqualTo(UP);
    assertThat(at(6, DOWN)).isEqualTo(UP);
    assertThat(at(16, DOWN)).isEqualTo(DOWN);
  }
}
