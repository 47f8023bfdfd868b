package io.weft.agent.bgp;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When a peer is cut off: by what waits, and by how long it has read nothing. */
class WriteQueueTest {
  private static final Message KEEPALIVE = new Message.Keepalive();
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final WriteQueue queue = new WriteQueue();

  private static List<Message> messages(int count) {
    return Collections.nCopies(count, KEEPALIVE);
  }

  /** More than may wait, in messages or octets, whichever is less on this heap. */
  private static int tooMany() {
    return (int) Math.min(WriteQueue.MAX_MESSAGES, WriteQueue.MAX_OCTETS / 128) + 1;
  }

  @Test
  void whatOneStepSaysGoesInWhateverItsSize() {
    assertThat(queue.put(0, messages(10 * tooMany()))).isEmpty();
  }

  @Test
  void muchMayWaitAsLongAsThePeerReads() {
    assertThat(queue.put(0, messages(tooMany()))).isEmpty();
    assertThat(queue.put(4 * SECOND, messages(1))).as("not long enough").isEmpty();
    queue.progress(4 * SECOND);
    assertThat(queue.put(8 * SECOND, messages(2 * tooMany()))).as("it reads").isEmpty();
    assertThat(queue.put(10 * SECOND, messages(1)))
        .get()
        .asString()
        .startsWith("the peer does not read: " + (3 * tooMany() + 1) + " messages, about ")
        .endsWith(" KiB, wait to be written; it took something last 6 s ago");
    queue.progress(10 * SECOND);
    assertThat(queue.put(10 * SECOND, messages(tooMany()))).isEmpty();
    assertThat(queue.put(10 * SECOND, messages(1))).as("it reads, but too slowly").isPresent();
  }

  @Test
  void whatHasLeftDoesNotCount() {
    queue.put(0, messages(tooMany()));
    for (int i = 0; i < tooMany(); i++) {
      assertThat(queue.poll()).isPresent();
    }
    assertThat(queue.poll()).isEmpty();
    assertThat(queue.isEmpty()).isTrue();
    assertThat(queue.put(60 * SECOND, messages(1))).isEmpty();
    assertThat(queue.put(64 * SECOND, messages(tooMany()))).isEmpty();
  }

  @Test
  void aPeerThatReadsNothingIsGoneHoweverLittleWaits() {
    assertThat(queue.put(0, messages(1))).isEmpty();
    assertThat(queue.put(Duration.ofMinutes(7).toNanos(), messages(1))).isEmpty();
    assertThat(queue.put(Duration.ofMinutes(8).toNanos(), messages(1))).isPresent();
  }
}
