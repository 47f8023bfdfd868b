package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.VniRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VniAllocationTest {
  /** From the test vectors that the algorithm's authors publish (test_fnv.c). */
  @Test
  void theHashIsFnv1a() {
    assertThat(io.weft.net.StableHash.of("")).isEqualTo(0xcbf29ce484222325L);
    assertThat(io.weft.net.StableHash.of("a")).isEqualTo(0xaf63dc4c8601ec8cL);
    assertThat(io.weft.net.StableHash.of("foobar")).isEqualTo(0x85944171f73967e8L);
  }

  @Test
  void theMixIsThatOfMurmurHash3() {
    assertThat(VniAllocation.mixed(0)).isZero();
    assertThat(VniAllocation.mixed(1)).isEqualTo(0xb456bcfc34c2cb2cL);
  }

  /**
   * What networks in the field have: these values must never change. Calculated by a program of a
   * dozen lines in another language.
   */
  @ParameterizedTest
  @CsvSource({
    "red-web, 10000-99999, 64331",
    "blue-web, 10000-99999, 13938",
    "a, 10000-99999, 78315",
    "production, 10000-99999, 97812",
    "red-web, 5000-5999, 5331",
    "blue-web, 1-16777215, 6194859"
  })
  void goldenValues(String name, String pool, int vni) {
    assertThat(VniAllocation.automatic(name, VniRange.parse(pool)).value()).isEqualTo(vni);
  }

  @Test
  void alwaysInThePool() {
    for (var text : new String[] {"1-1", "7-9", "16777215-16777215", "1-16777215"}) {
      var pool = VniRange.parse(text);
      for (int i = 0; i < 1000; i++) {
        assertThat(pool.contains(VniAllocation.automatic("n" + i, pool))).isTrue();
      }
    }
  }

  @Test
  void namesSpreadOverThePool() {
    var pool = VniRange.parse("10000-99999");
    var seen = new java.util.TreeSet<Integer>();
    for (int i = 0; i < 1000; i++) {
      seen.add(VniAllocation.automatic("network-" + i, pool).value());
    }
    assertThat(seen).hasSizeGreaterThan(980); // by chance about 994 of 1000 differ
  }
}
