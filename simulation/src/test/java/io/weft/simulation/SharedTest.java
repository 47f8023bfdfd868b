package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import org.junit.jupiter.api.Test;

/** What is equal is one object, but not all that ever was is kept. */
final class SharedTest {
  private static final int MOST_IN_PART = 100;
  private static final int MANY = 64 * MOST_IN_PART * 2;

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
    var shared = new Shared(MOST_IN_PART);
    var first = shared.of(address(0));
    for (int i = 1; i < MANY; i++) {
      var value = shared.of(address(i));
      assertThat(shared.of(address(i))).isSameAs(value);
    }
    assertThat(shared.of(address(0))).isEqualTo(first).isNotSameAs(first);
  }

  @Test
  void rowsDoNotPileUp() {
    var shared = new Shared(MOST_IN_PART);
    var first = shared.row(neighbour(0).key(), neighbour(0));
    for (int i = 1; i < MANY; i++) {
      var row = shared.row(neighbour(i).key(), neighbour(i));
      assertThat(shared.row(neighbour(i).key(), neighbour(i))).isSameAs(row);
    }
    assertThat(shared.row(neighbour(0).key(), neighbour(0))).isEqualTo(first).isNotSameAs(first);
  }
}
