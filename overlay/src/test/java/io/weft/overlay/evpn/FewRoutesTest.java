package io.weft.overlay.evpn;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.Route;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FewRoutesTest {
  private static final int ROUTES = 2 * FewRoutes.SEVERAL;

  private record Said(Route key, int what) {}

  private final FewRoutes<Said> few = new FewRoutes<>(Said::key);

  private static Route key(int number) {
    var address = new Ipv4Address(number);
    return new InclusiveMulticast(RouteDistinguisher.of(address, 1), 0, address);
  }

  @Test
  void oneIsTheEntryItself() {
    var said = new Said(key(1), 1);
    assertThat(few.with(null, said)).isSameAs(said);
    assertThat(few.without(few.with(said, new Said(key(2), 2)), key(2))).isSameAs(said);
    assertThat(few.without(said, key(1))).isNull();
    assertThat(few.said(null)).isEmpty();
    assertThat(few.find(null, key(1))).isNull();
  }

  /** Who is replaced keeps its place; few become many, and the other way round. */
  @Test
  void keepsTheOrderOfArrival() {
    var random = new Random(5);
    var model = new LinkedHashMap<Route, Said>();
    @Nullable Object entry = null;
    int most = 0;
    for (int i = 0; i < 20_000; i++) {
      var key = key(random.nextInt(ROUTES));
      boolean grows = i / 1_000 % 2 == 0;
      if (random.nextInt(10) < (grows ? 7 : 3)) {
        var said = new Said(key, i);
        model.put(key, said);
        entry = few.with(entry, said);
      } else {
        model.remove(key);
        entry = few.without(entry, key);
      }
      assertThat(List.copyOf(few.said(entry))).isEqualTo(new ArrayList<>(model.values()));
      var other = key(random.nextInt(ROUTES));
      assertThat(few.find(entry, other)).isEqualTo(model.get(other));
      if (entry != null) {
        assertThat(few.first(entry)).isEqualTo(model.firstEntry().getValue());
      }
      most = Math.max(most, model.size());
    }
    assertThat(most).isGreaterThan(FewRoutes.SEVERAL + 2);
  }
}
