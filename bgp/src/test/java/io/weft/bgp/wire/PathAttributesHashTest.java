package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Ipv4Address;
import io.weft.net.Octets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tables have attributes as keys, which a peer chooses: were the hashes of many equal, each route
 * would cost as much as there are others.
 */
class PathAttributesHashTest {
  private static final int SETS = 50_000;
  private static final int MOST_OF_ONE_HASH = 16;

  private static final PathAttributes PLAIN =
      PathAttributes.originated(new Ipv4Address(0x0a00_0001), List.of(), Optional.empty());

  private static Octets octets(int number) {
    return Octets.of(
        new byte[] {
          (byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8), (byte) number
        });
  }

  private static Arguments part(String name, IntFunction<PathAttributes> set) {
    return Arguments.of(name, set);
  }

  static Stream<Arguments> parts() {
    return Stream.of(
        part("MED", i -> PLAIN.withMed(OptionalLong.of(i))),
        part("LOCAL_PREF", i -> PLAIN.withLocalPreference(OptionalLong.of(i))),
        part("next hop", i -> PLAIN.withNextHop(new Ipv4Address(i))),
        part("ORIGINATOR_ID", i -> PLAIN.withOriginatorId(Optional.of(new Ipv4Address(i)))),
        part("CLUSTER_LIST", i -> PLAIN.withClusterList(List.of(new Ipv4Address(i)))),
        part("community", i -> PLAIN.withCommunities(List.of(new Community(i)))),
        part(
            "extended community",
            i -> PLAIN.withExtendedCommunities(List.of(new ExtendedCommunity(i)))),
        part(
            "large community",
            i -> PLAIN.withLargeCommunities(List.of(new LargeCommunity(64_512, 1, i)))),
        part(
            "PMSI tunnel",
            i ->
                PLAIN.withPmsiTunnel(
                    Optional.of(new PmsiTunnel(0, PmsiTunnel.INGRESS_REPLICATION, i, octets(0))))),
        part(
            "unknown attribute",
            i ->
                PLAIN.withUnknown(
                    List.of(new PathAttributes.UnknownAttribute(0xe0, 99, octets(i))))));
  }

  /** Of those that differ in one part only. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("parts")
  void fewHaveOneHash(String name, IntFunction<PathAttributes> set) {
    var counts = new HashMap<Integer, Integer>();
    for (int i = 0; i < SETS; i++) {
      counts.merge(set.apply(i).hashCode(), 1, Integer::sum);
    }
    assertThat(Collections.max(counts.values())).as(name).isLessThanOrEqualTo(MOST_OF_ONE_HASH);
  }

  @Test
  void equalOnesHaveOneHash() {
    var one = PLAIN.withMed(OptionalLong.of(7)).withUnknown(List.of());
    var other = PLAIN.withMed(OptionalLong.of(7));
    assertThat(one).isEqualTo(other).hasSameHashCodeAs(other);
  }
}
