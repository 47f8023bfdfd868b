package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What waits is bounded, and what comes of it at the limit. */
final class QueuesTest {
  private static final Queues TIGHT = new Queues(4, 8, 1 << 20);

  private final Model model = new Model();

  private static World.Builder world(Queues queues) {
    return World.builder(3).nodes(3).reflectors(1).network(Model.RED).queues(queues);
  }

  private void attach(World world, int node, int from, int to) {
    for (int i = from; i < to; i++) {
      model.attach(world, node, Model.RED, "p" + i, "192.168.1." + (10 + i));
      world.run(Duration.ofMillis(200));
    }
  }

  /** As {@code WriteQueue} of the agent has it. */
  @Test
  void aPeerThatReadsMayLetFourTimesAsMuchWait() {
    long stall = Queues.STALL.toNanos();
    var unread = new Queues.Unread(new Queues(1, 2, 1 << 20));
    assertThat(unread.put(0, some(100))).isEmpty(); // what one step says fits
    assertThat(unread.put(1, some(1))).get().asString().contains("100 messages wait");
    for (int i = 0; i < 92; i++) {
      unread.read(stall, new Message.Keepalive());
    }
    assertThat(unread.messages()).isEqualTo(8);
    assertThat(unread.put(2 * stall - 1, some(1))).isEmpty();
    unread.read(stall, new Message.Keepalive());
    assertThat(unread.put(2 * stall, some(1))).isPresent(); // it reads no more
    for (int i = 0; i < 6; i++) {
      unread.read(stall, new Message.Keepalive());
    }
    assertThat(unread.put(2 * stall, some(1))).isEmpty();
    assertThat(unread.put(stall + Queues.SEND_HOLD.toNanos(), some(1))).isPresent();
  }

  private static List<Message> some(int count) {
    return Collections.nCopies(count, new Message.Keepalive());
  }

  @Test
  void aReflectorThatStandsStillIsCutOff() {
    var world = world(TIGHT).build();
    world.run(Duration.ofSeconds(10));
    attach(world, 1, 0, 1);
    attach(world, 2, 1, 2);
    world.pause("r1");
    attach(world, 1, 2, 40); // 7.6 s
    assertThat(world.links().cutOff()).isOne(); // long before the hold time
    assertThat(world.links().mostUnread()).isLessThan(4 * TIGHT.messages());
    assertThat(world.trace()).anyMatch(line -> line.contains("cuts r1 off: the peer does not"));
    assertThat(Leftovers.of(world))
        .contains("r1 has not taken " + world.machine("r1").waiting() + " events");
    world.resume("r1");
    world.run(Duration.ofMinutes(5));
    assertThat(Leftovers.of(world)).isEmpty();
    model.check(world);
  }

  /** A brain has no more before it than fits, and gets all of it. */
  @Test
  void whatComesToASlowBrainWaitsInTcp() {
    var world = world(new Queues(4, 10_000, 1 << 30)).build();
    world.run(Duration.ofSeconds(10));
    attach(world, 1, 0, 1);
    attach(world, 2, 1, 2);
    world.slow("n2", Duration.ofSeconds(3));
    attach(world, 1, 2, 20);
    var slow = world.machine("n2");
    assertThat(slow.queued()).isEqualTo(4);
    assertThat(slow.waiting()).isGreaterThan(4);
    assertThat(world.links().unread(Duration.ZERO)).hasSize(1);
    world.slow("n2", Duration.ZERO);
    world.run(Duration.ofSeconds(20));
    assertThat(slow.waiting()).isZero();
    assertThat(world.links().cutOff()).isZero();
    model.check(world);
  }

  /** Where little may wait, every fault makes more of them: peers are cut off all the time. */
  @Test
  void aFabricGetsOverItWithEveryFault() {
    long cutOff = 0;
    for (long seed = 1; seed <= 6; seed++) {
      var size =
          new FabricSize(5, 4, 6, 2, 2, 2, true, 0, faults(), Duration.ofSeconds(60))
              .dual(seed % 2 == 0);
      var run = new FabricRun(size, seed, builder -> builder.queues(TIGHT));
      while (run.advance()) {}
      assertThat(run.report().violations()).as("seed %d", seed).isEmpty();
      cutOff += run.cutOff();
    }
    assertThat(cutOff).isPositive();
  }

  private static TreeSet<Fault> faults() {
    return new TreeSet<>(EnumSet.allOf(Fault.class));
  }
}
