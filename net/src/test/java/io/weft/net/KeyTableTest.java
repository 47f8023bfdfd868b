package io.weft.net;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyTableTest {
  /** Of which many have one hash. */
  private record Key(int number, int hashes) implements Comparable<Key> {
    @Override
    public int hashCode() {
      return number % hashes;
    }

    @Override
    public int compareTo(Key other) {
      return Integer.compare(number, other.number);
    }
  }

  private record Thing(Key key, int value) {}

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100, 1_000_000})
  void isTheTableThatASortedOneIs(int hashes) {
    var random = new Random(7);
    var table = new KeyTable<Key, Thing>(Thing::key);
    var model = new TreeMap<Key, Thing>();
    for (int i = 0; i < 20_000; i++) {
      int bound = i < 10_000 ? 300 : 20; // it grows, and shrinks again
      var key = new Key(random.nextInt(300), hashes);
      if (random.nextInt(300) < bound / 2) {
        var thing = new Thing(key, i);
        assertThat(table.put(thing)).isSameAs(model.put(key, thing));
      } else {
        assertThat(table.remove(key)).isSameAs(model.remove(key));
      }
      var other = new Key(random.nextInt(300), hashes);
      assertThat(table.get(other)).isSameAs(model.get(other));
      assertThat(table.has(other)).isEqualTo(model.containsKey(other));
      assertThat(table.size()).isEqualTo(model.size());
      assertThat(table.isEmpty()).isEqualTo(model.isEmpty());
      if (i % 500 == 0) {
        assertThat(table.sorted(comparing(Thing::key))).isEqualTo(List.copyOf(model.values()));
        assertThat(table.keys(naturalOrder())).isEqualTo(List.copyOf(model.keySet()));
      }
    }
  }

  @Test
  void givesThoseThatAreMeantInTheOrderThatIsWanted() {
    var table = new KeyTable<Integer, Integer>(number -> number);
    for (int i = 0; i < 100; i++) {
      table.put(i);
    }
    assertThat(table.sorted(comparing(number -> -number), number -> number % 25 == 0))
        .containsExactly(75, 50, 25, 0);
  }
}
