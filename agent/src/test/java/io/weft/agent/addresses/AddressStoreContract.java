package io.weft.agent.addresses;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpPrefix;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim.Holder;
import io.weft.overlay.ipam.AddressRecord;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.Stored;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What every store of addresses promises; each adapter's test is one of these. */
abstract class AddressStoreContract {
  private static final long TIMEOUT_NANOS = 30_000_000_000L;

  /** One more process at the same store. */
  abstract AddressStore open() throws IOException;

  /** What a store says after a while: it need not know at once what another has written. */
  static AddressState await(AddressStore store, Predicate<AddressState> condition)
      throws Exception {
    long until = System.nanoTime() + TIMEOUT_NANOS;
    var state = store.read();
    while (!condition.test(state)) {
      assertThat(System.nanoTime()).as("%s", state).isLessThan(until);
      if (store.mayHaveChanged()) {
        state = store.read();
      } else {
        Thread.sleep(5);
      }
    }
    return state;
  }

  static Optional<Stored<? extends AddressRecord>> find(AddressState state, AddressRecord record) {
    return Optional.ofNullable(
        record instanceof AddressBlock
            ? state.blocks().get(record.name())
            : state.claims().get(record.name()));
  }

  /** What a store says of a record that it has written. */
  static Stored<? extends AddressRecord> own(AddressStore store, AddressRecord record)
      throws IOException {
    return find(store.read(), record).orElseThrow();
  }

  @Test
  void whatIsWrittenIsReadAtOnceAndByOthersSoon() throws Exception {
    var block = StoreWriter.block(1, "n1");
    var six = new AddressBlock("web", IpPrefix.parse("fd00:1::/112"), "n1");
    var claim =
        StoreWriter.claim(1)
            .with(new Holder("n1", "a"))
            .with(new Holder("n2", "b"))
            .activate(new Holder("n2", "b"));
    try (var one = open();
        var two = open()) {
      two.read();
      for (var record : List.of(block, six, claim)) {
        assertThat(one.write(new AddressWrite.Create(record))).isTrue();
        assertThat(own(one, record).record()).isEqualTo(record);
      }
      var seen = await(two, state -> state.blocks().size() == 2 && state.claims().size() == 1);
      for (var record : List.of(block, six, claim)) {
        assertThat(find(seen, record).orElseThrow().record()).isEqualTo(record);
      }
    }
  }

  @Test
  void aRecordIsCreatedOnceAndReplacedOnlyInTheVersionThatWasSeen() throws Exception {
    var first = StoreWriter.claim(1);
    var held = first.with(new Holder("n1", "a"));
    var other = first.with(new Holder("n2", "b"));
    try (var one = open();
        var two = open()) {
      assertThat(one.write(new AddressWrite.Create(first))).isTrue();
      assertThat(one.write(new AddressWrite.Create(first))).isFalse();
      assertThat(two.write(new AddressWrite.Create(other))).isFalse();
      assertThat(own(two, first).record()).as("why it was refused").isEqualTo(first);
      var seen = own(one, first).version();
      assertThat(one.write(new AddressWrite.Replace(held, "1"))).isFalse();
      assertThat(one.write(new AddressWrite.Replace(held, seen))).isTrue();
      assertThat(two.write(new AddressWrite.Replace(other, seen))).isFalse();
      assertThat(own(two, first).record()).as("why it was refused").isEqualTo(held);
      assertThat(two.write(new AddressWrite.Remove(first, seen))).isFalse();
      var next = own(two, first);
      assertThat(two.write(new AddressWrite.Replace(first, next.version()))).isTrue();
      assertThat(one.write(new AddressWrite.Remove(first, next.version()))).isFalse();
      var last = own(one, first);
      assertThat(last.record()).as("no holder any more").isEqualTo(first);
      assertThat(one.write(new AddressWrite.Remove(first, last.version()))).isTrue();
      assertThat(find(one.read(), first)).isEmpty();
      assertThat(two.write(new AddressWrite.Remove(first, last.version()))).isFalse();
      assertThat(find(two.read(), first)).as("why it was refused").isEmpty();
      // The same content again is another version: nobody mistakes it for what he saw.
      assertThat(one.write(new AddressWrite.Create(first))).isTrue();
      assertThat(two.write(new AddressWrite.Remove(first, last.version()))).isFalse();
      assertThat(own(two, first).version()).isNotEqualTo(last.version());
    }
  }

  @Test
  void aChangeByAnotherIsSeen() throws Exception {
    var block = StoreWriter.block(1, "n1");
    try (var one = open();
        var two = open()) {
      one.read();
      assertThat(two.write(new AddressWrite.Create(block))).isTrue();
      await(one, state -> state.blocks().size() == 1);
      assertThat(two.write(new AddressWrite.Remove(block, own(two, block).version()))).isTrue();
      await(one, state -> state.blocks().isEmpty());
    }
  }

  @Test
  void oneOfManyCreatesARecordAndAllComeToSayWho() throws Exception {
    int count = 4;
    try (var threads = Executors.newFixedThreadPool(count)) {
      var start = new CountDownLatch(1);
      var winners = new ArrayList<Future<Boolean>>();
      for (int i = 0; i < count; i++) {
        var block = StoreWriter.block(1, "n" + i);
        winners.add(
            threads.submit(
                () -> {
                  try (var store = open()) {
                    store.read();
                    start.await();
                    boolean won = store.write(new AddressWrite.Create(block));
                    boolean mine = own(store, block).record().equals(block);
                    assertThat(mine).as("who wins, knows").isEqualTo(won);
                    return won;
                  }
                }));
      }
      start.countDown();
      int won = 0;
      for (var winner : winners) {
        won += winner.get() ? 1 : 0;
      }
      assertThat(won).isEqualTo(1);
    }
  }

  /** Trouble for those who write at the same time; none when there is nothing to be troubled. */
  void trouble(Random random) {}

  @Test
  void whatOneHasWrittenIsWhatHeReadsWhateverHappens() throws Exception {
    int writers = 3;
    try (var threads = Executors.newFixedThreadPool(writers)) {
      var ended = new ArrayList<Future<Integer>>();
      for (int i = 0; i < writers; i++) {
        int number = i;
        ended.add(threads.submit(() -> writeOwn(number)));
      }
      var random = new Random(7);
      while (!ended.stream().allMatch(Future::isDone)) {
        trouble(random);
        Thread.sleep(3);
      }
      for (var each : ended) {
        assertThat(each.get()).isGreaterThan(100);
      }
    }
  }

  /** Nobody else writes these records: so what they are is known at each moment. */
  private int writeOwn(int number) throws IOException {
    var node = "n" + number;
    var random = new Random(number);
    int done = 0;
    try (var store = open()) {
      var expected = new ArrayList<Optional<AddressRecord>>();
      for (int i = 0; i < 4; i++) {
        expected.add(Optional.empty());
      }
      for (int step = 0; step < 200; step++) {
        int which = random.nextInt(expected.size());
        var block = StoreWriter.block(number * 10 + which, node);
        var there = find(store.read(), block);
        assertThat(there.<AddressRecord>map(Stored::record))
            .as("%s at step %d", block.name(), step)
            .isEqualTo(expected.get(which));
        if (there.isEmpty()) {
          assertThat(store.write(new AddressWrite.Create(block))).isTrue();
          expected.set(which, Optional.of(block));
        } else if (random.nextBoolean()) {
          var other = StoreWriter.block(number * 10 + which, node + "-" + step);
          assertThat(store.write(new AddressWrite.Replace(other, there.get().version()))).isTrue();
          expected.set(which, Optional.of(other));
        } else {
          assertThat(store.write(new AddressWrite.Remove(block, there.get().version()))).isTrue();
          expected.set(which, Optional.empty());
        }
        done++;
      }
    }
    return done;
  }
}
