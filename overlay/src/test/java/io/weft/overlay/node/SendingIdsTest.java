package io.weft.overlay.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Vni;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class SendingIdsTest {
  private final SendingIds ids = new SendingIds();

  @Test
  void aTenantAndAVniHaveOneNumberOnEveryNodeAndInEveryRun() {
    var first = ids.of("weft-red", new Vni(6001));
    assertThat(first).isPresent().isEqualTo(ids.of("weft-red", new Vni(6001)));
    assertThat(new SendingIds().of("weft-red", new Vni(6001))).isEqualTo(first);
    assertThat(ids.of("weft-blue", new Vni(6001))).isPresent().isNotEqualTo(first);
    assertThat(ids.of("weft-red", new Vni(6002))).isPresent().isNotEqualTo(first);
  }

  @Test
  void numbersThatClashAreNextToEachOther() {
    var seen = new TreeMap<Vni, Vni>();
    var vni = new Vni(1);
    while (!seen.containsKey(alone(vni))) {
      seen.put(alone(vni), vni);
      vni = new Vni(vni.value() + 1);
    }
    var wanted = alone(vni);
    var other = seen.getOrDefault(wanted, vni);
    assertThat(ids.of("weft-red", other)).contains(wanted);
    var next = new Vni(wanted.value() % Vni.MAX + 1);
    assertThat(ids.of("weft-red", vni)).contains(next);
    ids.retain("weft-red", List.of(vni));
    assertThat(ids.of("weft-red", vni)).as("it keeps what it has").contains(next);
  }

  private static Vni alone(Vni vni) {
    return new SendingIds().of("weft-red", vni).orElseThrow();
  }

  @Test
  void theLimitHoldsUntilOneIsReleased() {
    for (int i = 1; i <= SendingIds.MAX; i++) {
      assertThat(ids.of("weft-red", new Vni(i))).isPresent();
    }
    assertThat(ids.of("weft-red", new Vni(SendingIds.MAX + 1))).isEmpty();
    assertThat(ids.of("weft-red", new Vni(7))).as("a known one").isPresent();
    ids.retain("weft-blue", List.of());
    assertThat(ids.of("weft-blue", new Vni(1))).isEmpty();
    ids.retain("weft-red", List.of(new Vni(1), new Vni(2)));
    assertThat(ids.of("weft-blue", new Vni(1))).isPresent();
  }
}
