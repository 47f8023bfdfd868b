package io.weft.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Values that any hash which is known beforehand could be made to confuse. */
class SecretHashTest {
  private static final int MANY = 65_536;

  /** As likely as a one in 2^32 for each pair, many pairs, and room: 0.5 are to be expected. */
  private static final int MOST_ALIKE = 40;

  @Test
  void valuesThatHashAlikeByTheirHalvesDoNot() {
    // Long.hashCode of each is the same: the upper half is in the lower one, too.
    assertApart(i -> new MacAddress(i << 32 | i));
    assertApart(i -> new RouteDistinguisher(i << 32 | i));
    assertApart(i -> new RouteTarget(0x2L << 48 | i << 32 | i));
    assertApart(i -> new Esi(i << 32 | i, 7));
    assertApart(i -> new Ipv6Address(i, i, ""));
    assertApart(i -> new Ipv6Address(0x2001_0db8_0000_0000L, i << 32 | i, ""));
  }

  @Test
  void octetsThatHashAlikeByTheSumOfTheirPowersDoNot() {
    // Each pair of octets adds as much to 31 times the one and the other.
    assertApart(
        i -> {
          var octets = new byte[32];
          for (int bit = 0; bit < 16; bit++) {
            boolean one = (i >> bit & 1) != 0;
            octets[2 * bit] = (byte) (one ? 1 : 0);
            octets[2 * bit + 1] = (byte) (one ? 0 : 31);
          }
          return Octets.of(octets);
        });
  }

  @Test
  void valuesInARowLieApart() {
    assertApart(MacAddress::new);
    assertApart(i -> new Ipv4Address((int) i));
    assertApart(i -> Octets.of(ByteBuffer.allocate(8).putLong(i).array()));
    assertApart(i -> new IpPrefix(new Ipv4Address((int) i), 32));
  }

  @Test
  void isOfTheValueAlone() {
    assertThat(new MacAddress(5)).hasSameHashCodeAs(MacAddress.parse("00:00:00:00:00:05"));
    assertThat(Octets.parse("0102030405")).hasSameHashCodeAs(Octets.of(new byte[] {1, 2, 3, 4, 5}));
    assertThat(SecretHash.of(new byte[] {9, 1, 2, 9}, 1, 3))
        .isEqualTo(SecretHash.of(new byte[] {1, 2}, 0, 2))
        .isNotEqualTo(SecretHash.of(new byte[] {2, 1}, 0, 2));
  }

  /** In full, and by the lowest bits, by which tables are filled. */
  private static void assertApart(LongFunction<Object> value) {
    var hashes = new HashSet<Integer>();
    var low = new HashSet<Integer>();
    LongStream.range(0, MANY)
        .mapToObj(value)
        .forEach(
            each -> {
              int hash = each.hashCode();
              hashes.add(hash);
              low.add((hash ^ hash >>> 16) & (MANY - 1));
            });
    assertThat(hashes).hasSizeGreaterThan(MANY - MOST_ALIKE);
    // By chance 63 % of all places are taken.
    assertThat(low).hasSizeBetween(MANY * 3 / 5, MANY);
  }
}
