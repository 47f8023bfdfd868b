package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is equal is one object, but not all that ever was is kept. */
final class SharedTest {
  private static final int PLACES = 1 << 12;
  private static final int MANY = 100_000;

  private static Ipv4Address address(int number) {
    return new Ipv4Address(number);
  }

  private static NeighbourEntry neighbour(int number) {
    return new NeighbourEntry("t1", new Vni(100), address(number), new MacAddress(1));
  }

  @Test
  void whatIsEqualIsOneObject() {
    var shared = new Shared();
    var first = shared.of(address(1));
    assertThat(shared.of(address(1))).isSameAs(first);
    var row = shared.row(neighbour(1).key(), neighbour(1));
    assertThat(shared.row(neighbour(1).key(), neighbour(1))).isSameAs(row);
  }

  @Test
  void valuesDoNotPileUp() {
    var shared = new Shared(PLACES);
    var first = shared.of(address(0));
    for (int i = 1; i < MANY; i++) {
      var value = shared.of(address(i));
      assertThat(shared.of(address(i))).isSameAs(value);
    }
    assertThat(shared.of(address(0))).isEqualTo(first).isNotSameAs(first);
  }

  /** There are more places where many come, so that most of them keep theirs. */
  @Test
  void mostOfManyAreFoundAgain() {
    var shared = new Shared();
    var values = IntStream.range(0, MANY).mapToObj(i -> shared.of(address(i))).toList();
    int again = 0;
    for (int i = 0; i < MANY; i++) {
      again += shared.of(address(i)) == values.get(i) ? 1 : 0;
    }
    assertThat(again).isGreaterThan(MANY / 10 * 9);
  }

  @Test
  void rowsDoNotPileUp() {
    var shared = new Shared(PLACES);
    var first = shared.row(neighbour(0).key(), neighbour(0));
    for (int i = 1; i < MANY; i++) {
      var row = shared.row(neighbour(i).key(), neighbour(i));
      assertThat(shared.row(neighbour(i).key(), neighbour(i))).isSameAs(row);
    }
    assertThat(shared.row(neighbour(0).key(), neighbour(0))).isEqualTo(first).isNotSameAs(first);
  }
}
