package io.weft.agent.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EventLoopTest {
  private final BlockingQueue<String> effects = new LinkedBlockingQueue<>();

  /** Says each event back, fails at "fail", and has one deadline after "later". */
  private static final class Echo implements Brain<String, String> {
    private OptionalLong deadline = OptionalLong.empty();
    private int steps;

    @Override
    public List<String> step(long nowNanos, String event) {
      steps++;
      switch (event) {
        case "fail" -> throw new IllegalStateException("a defect");
        case "later" -> deadline = OptionalLong.of(nowNanos + 20_000_000);
        case "due" -> deadline = OptionalLong.empty();
        default -> {}
      }
      return List.of(event);
    }

    @Override
    public OptionalLong nextDeadline() {
      return deadline;
    }

    @Override
    public String deadlineReached() {
      return "due";
    }
  }

  private final Echo brain = new Echo();
  private final EventLoop<String, String> loop = new EventLoop<>("test", brain, effects::add);

  private String next() throws InterruptedException {
    return effects.poll(60, TimeUnit.SECONDS);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  @Test
  void eventsAndQuestionsAreAnsweredInTheirOrder() throws Exception {
    loop.put("a");
    var before = loop.ask(() -> brain.steps);
    loop.put("b");
    var after = loop.ask(() -> brain.steps);
    loop.start();
    assertThat(get(before)).isEqualTo(1);
    assertThat(get(after)).isEqualTo(2);
    assertThat(next()).isEqualTo("a");
    assertThat(next()).isEqualTo("b");
    loop.close();
    get(loop.ended());
  }

  @Test
  void theDeadlineComesByItself() throws Exception {
    loop.start();
    loop.put("later");
    assertThat(next()).isEqualTo("later");
    assertThat(next()).isEqualTo("due");
    assertThat(effects.poll(50, TimeUnit.MILLISECONDS)).isNull();
    loop.close();
  }

  @Test
  void questionsWithoutAPauseDoNotKeepADeadlineWaiting() throws Exception {
    loop.put("later");
    for (int i = 0; i < 100; i++) {
      var unused = loop.ask(EventLoopTest::dawdle);
    }
    var deadline = loop.ask(() -> brain.deadline);
    loop.start();
    assertThat(get(deadline)).as("reached before the last question").isEmpty();
    loop.close();
  }

  private static boolean dawdle() {
    LockSupport.parkNanos(1_000_000);
    return true;
  }

  @Test
  void aDefectOfTheBrainEndsTheLoopAndIsTold() {
    loop.put("fail");
    var waiting = loop.ask(() -> brain.steps);
    loop.start();
    assertThatThrownBy(() -> get(loop.ended()))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("a defect");
    assertThatThrownBy(() -> get(waiting)).hasMessageContaining("the agent is stopping");
    assertThatThrownBy(() -> get(loop.ask(() -> brain.steps)))
        .hasMessageContaining("the agent is stopping");
    loop.put("dropped");
    assertThat(effects).isEmpty();
  }

  @Test
  void aFailingQuestionHurtsOnlyWhoAsks() throws Exception {
    loop.start();
    var failing =
        loop.ask(
            () -> {
              throw new IllegalArgumentException("no such view");
            });
    assertThatThrownBy(() -> get(failing)).hasRootCauseMessage("no such view");
    loop.put("a");
    assertThat(next()).isEqualTo("a");
    loop.close();
  }

  @Test
  void aClosedLoopRefusesQuestions() throws Exception {
    loop.start();
    loop.close();
    get(loop.ended());
    assertThatThrownBy(() -> get(loop.ask(() -> 1))).hasMessageContaining("stopping");
  }

  @Test
  void whoBringsMoreThanTheQueueHoldsWaits() throws Exception {
    var full = new CountDownLatch(1);
    var started = new AtomicBoolean();
    var done = new CompletableFuture<Boolean>();
    Thread.ofVirtual()
        .start(
            () -> {
              IntStream.range(0, EventLoop.QUEUE_CAPACITY).forEach(i -> loop.put("e" + i));
              full.countDown();
              loop.put("one more");
              done.complete(started.get());
            });
    assertThat(full.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(done.isDone()).isFalse();
    started.set(true);
    loop.start();
    assertThat(get(done)).as("waited until the loop took something").isTrue();
    var last = loop.ask(() -> brain.steps);
    assertThat(get(last)).isEqualTo(EventLoop.QUEUE_CAPACITY + 1);
    loop.close();
  }

  @Test
  void whatComesTogetherStaysInOrderAndKeepsTheBound() throws Exception {
    var events = IntStream.range(0, 2 * EventLoop.QUEUE_CAPACITY).mapToObj(i -> "e" + i).toList();
    var done = new CompletableFuture<Boolean>();
    Thread.ofVirtual()
        .start(
            () -> {
              loop.putAll(events);
              done.complete(true);
            });
    Thread.sleep(50);
    assertThat(done.isDone()).as("waits for room").isFalse();
    loop.start();
    assertThat(get(done)).isTrue();
    for (var event : events) {
      assertThat(next()).isEqualTo(event);
    }
    loop.close();
  }

  @Test
  void eventsAndOtherQuestionsComeBetweenTheSlicesOfALongOne() throws Exception {
    loop.start();
    var slices = new AtomicInteger();
    var answer =
        loop.askInSlices(
            () -> {
              slices.incrementAndGet();
              return brain.steps == 2 ? Optional.of("two events came") : Optional.empty();
            });
    loop.put("a");
    assertThat(get(loop.ask(() -> answer.isDone()))).isFalse();
    loop.put("b");
    assertThat(get(answer)).isEqualTo("two events came");
    assertThat(slices.get()).isGreaterThan(1);

    var unwanted =
        loop.askInSlices(
            () -> {
              slices.incrementAndGet();
              return Optional.empty();
            });
    unwanted.cancel(false);
    int last = get(loop.ask(slices::get));
    assertThat(get(loop.ask(slices::get))).as("nobody wants it any more").isEqualTo(last);
    var endless = loop.askInSlices(Optional::empty);
    loop.close();
    assertThatThrownBy(() -> get(endless)).hasMessageContaining("stopping");
  }
}
