package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.Octets;
import io.weft.net.RouteTarget;
import io.weft.net.RouteTargets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Lists that a peer makes so that they hash alike as lists do, whatever their values hash to: a row
 * of Thue and Morse and its complement, of 64 values each, one behind the other as the bits of a
 * number say. Where all have one hash, each is compared with all before.
 */
final class HostileAttributesTest {
  private static final int MANY = 1_024;
  private static final PathAttributes GIVEN =
      PathAttributes.originated(IpAddress.parse("10.0.0.1"), List.of(), Optional.empty());

  /** The row of 64 or its complement for each bit. */
  private static <T> List<T> row(int number, T zero, T one) {
    var row = new ArrayList<T>();
    for (int bits = number | MANY; bits > 1; bits >>= 1) {
      for (int i = 0; i < 64; i++) {
        row.add((Integer.bitCount(i) + bits & 1) == 0 ? zero : one);
      }
    }
    return row;
  }

  private static void assertApart(Function<Integer, ?> value) {
    var hashes = new HashSet<Integer>();
    for (int i = 0; i < MANY; i++) {
      hashes.add(value.apply(i).hashCode());
    }
    assertThat(hashes).hasSizeGreaterThan(MANY - 8); // two of them by chance: 1 in 8,000
  }

  @Test
  void listsThemselvesHashAlike() {
    var hashes = new HashSet<Integer>();
    for (int i = 0; i < MANY; i++) {
      hashes.add(row(i, new Community(7), new Community(8)).hashCode());
    }
    assertThat(hashes).hasSize(1);
  }

  @Test
  void attributesWithThemDoNot() {
    assertApart(i -> GIVEN.withCommunities(row(i, new Community(7), new Community(8))));
    assertApart(
        i ->
            GIVEN.withExtendedCommunities(
                row(i, new ExtendedCommunity(7), new ExtendedCommunity(8))));
    assertApart(
        i -> {
          var numbers = new AsPath.Segment(false, List.of(7L));
          return new AsPath(row(i, numbers, new AsPath.Segment(true, List.of(8L))));
        });
    assertApart(
        i ->
            GIVEN.withClusterList(
                row(i, Ipv4Address.parse("10.0.0.1"), Ipv4Address.parse("10.0.0.2"))));
    assertApart(
        i ->
            GIVEN.withLargeCommunities(
                row(i, new LargeCommunity(1, 2, 3), new LargeCommunity(1, 2, 4))));
    assertApart(i -> new AsPath.Segment(false, row(i, 7L, 8L)));
    assertApart(
        i -> {
          var one = new PathAttributes.UnknownAttribute(0xc0, 99, Octets.parse("01"));
          var other = new PathAttributes.UnknownAttribute(0xc0, 99, Octets.parse("02"));
          return GIVEN.withUnknown(row(i, one, other));
        });
  }

  @Test
  void targetsOfRoutesDoNot() {
    assertApart(
        i -> new RouteTargets(row(i, RouteTarget.parse("65000:7"), RouteTarget.parse("65000:8"))));
  }
}
