package io.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.simulation.Crew;
import io.weft.simulation.FabricRun;
import io.weft.simulation.FabricSize;
import io.weft.simulation.Fault;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ThinkingCrewTest {
  /** Each is done once, by whoever comes first, and what it wrote is seen once it is joined. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void whatIsJoinedIsDone(int threads) {
    try (var crew = new ThinkingCrew(threads)) {
      var begun = new ArrayDeque<Crew.Begun>();
      var written = new int[20_000];
      for (int i = 0; i < written.length; i++) {
        int here = i;
        begun.add(crew.begin(() -> written[here]++));
        if (begun.size() > 5) {
          begun.remove().join();
          assertThat(written[i - 5]).isEqualTo(1);
        }
      }
      begun.forEach(Crew.Begun::join);
      assertThat(written).containsOnly(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void whatWorkThrowsIsThrownToWhoJoins(int threads) {
    try (var crew = new ThinkingCrew(threads)) {
      var begun =
          crew.begin(
              () -> {
                throw new IllegalStateException("broken");
              });
      assertThatThrownBy(begun::join).isInstanceOf(IllegalStateException.class);
    }
  }

  /** Who closes it may look at all that its threads have touched. */
  @Test
  void closingWaitsForWhatIsUnderWay() throws InterruptedException {
    var started = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    var done = new AtomicBoolean();
    var crew = new ThinkingCrew(2);
    var _ =
        crew.begin(
            () -> {
              started.countDown();
              await(goOn);
              done.set(true);
            });
    started.await();
    var closer = new Thread(crew::close);
    closer.start();
    while (closer.getState() != Thread.State.WAITING) {
      assertThat(closer.isAlive()).as("it waits").isTrue();
      Thread.sleep(1);
    }
    assertThat(done).isFalse();
    goOn.countDown();
    closer.join();
    assertThat(done).isTrue();
  }

  /** So many machines are under way at once that their order would show. */
  @Test
  void oneSeedIsOneTraceWithAnyNumberOfThreads() {
    var size =
        new FabricSize(
            20,
            10,
            8,
            2,
            3,
            2,
            true,
            5,
            new TreeSet<>(EnumSet.allOf(Fault.class)),
            Duration.ofMinutes(1));
    var alone = trace(1, size);
    assertThat(alone).hasSize(64);
    for (int threads : new int[] {2, 2, 3}) {
      assertThat(trace(threads, size)).as("with %d threads", threads).isEqualTo(alone);
    }
  }

  private static String trace(int threads, FabricSize size) {
    try (var crew = new ThinkingCrew(threads)) {
      var run = FabricRun.by(crew, size, 3);
      boolean goesOn = true;
      while (goesOn) {
        goesOn = run.advance();
      }
      return run.report().traceSha256();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
