package io.weft.overlay.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpPrefix;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject.Ipv6Routing;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.node.ForeignView.Count;
import io.weft.overlay.node.ForeignView.Deed;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ForeignChangesTest {
  private static final TenantNamespace RED = new TenantNamespace("weft-red");
  private static final Ipv6Routing ROUTING = new Ipv6Routing("weft-red", "br100");

  private final ForwardingPlan plan = new ForwardingPlan();
  private final Effects effects = new Effects();
  private final ForeignChanges foreign = new ForeignChanges(plan, effects);

  @BeforeEach
  void stands() {
    plan.desire(RED);
    plan.desire(ROUTING);
    plan.observeAll(List.of(RED, ROUTING));
  }

  private void see(long now, Observation... seen) {
    foreign.see(now, List.of(seen));
    for (var each : seen) {
      plan.observe(each.key(), each.object());
    }
    foreign.settle(now);
  }

  private void mend(long now) {
    plan.nextBatch(now);
    plan.applied(now, List.of());
    foreign.settle(now);
  }

  private static Observation gone(ForwardingKey key) {
    return new Observation(key, Optional.empty());
  }

  @Test
  void aDeletedObjectIsCountedSaidAndMended() {
    see(1_000, gone(ROUTING.key()));
    assertThat(foreign.view().open())
        .singleElement()
        .matches(change -> change.sinceNanos() == 1_000 && change.deed() == Deed.DELETED);
    assertThat(effects.drain().toString()).contains("someone else deleted", "br100");
    mend(5_000);
    var view = foreign.view();
    assertThat(view.counts())
        .containsExactly(new Count(ForwardingKey.Kind.IPV6_ROUTING, Deed.DELETED, 1));
    assertThat(view.mended()).isEqualTo(1);
    assertThat(view.slowestNanos()).isEqualTo(4_000);
    assertThat(view.open()).isEmpty();
    assertThat(view.recent()).singleElement().matches(c -> c.mendedAtNanos().getAsLong() == 5_000);
  }

  @Test
  void whatNobodyWantsIsAddedAndGoes() {
    var end = new DeadEnd("weft-red", IpPrefix.parse("10.0.0.0/8"));
    see(1, new Observation(end.key(), Optional.of(end)));
    assertThat(foreign.view().open()).singleElement().matches(c -> c.deed() == Deed.ADDED);
    mend(2);
    assertThat(foreign.view().mended()).isEqualTo(1);
  }

  @Test
  void ourOwnDoingIsNone() {
    see(1, new Observation(ROUTING.key(), Optional.empty(), true));
    plan.undesire(ROUTING.key());
    see(2, gone(ROUTING.key()));
    assertThat(foreign.view().counts()).isEmpty();
    assertThat(effects.drain()).isEmpty();
  }

  @Test
  void whatIsGivenUpIsNotMended() {
    see(1, gone(ROUTING.key()));
    plan.undesire(ROUTING.key());
    foreign.settle(2);
    assertThat(foreign.view().open()).isEmpty();
    assertThat(foreign.view().mended()).isZero();
  }

  @Test
  void aFloodOfThemFillsNeitherLogNorMemory() {
    var ends =
        IntStream.range(0, 10_000)
            .mapToObj(
                i ->
                    new DeadEnd(
                        "weft-red", IpPrefix.parse("10.%d.%d.0/24".formatted(i / 256, i % 256))))
            .toList();
    see(
        1,
        ends.stream()
            .map(end -> new Observation(end.key(), Optional.of(end)))
            .toArray(Observation[]::new));
    assertThat(foreign.view().open()).hasSize(ForeignChanges.MAX_OPEN);
    assertThat(effects.drain()).hasSize(ForeignChanges.MAX_LINES);
    while (plan.pending() > 0) {
      mend(2);
    }
    assertThat(foreign.view().recent()).hasSize(ForeignChanges.MAX_RECENT);
    assertThat(foreign.view().counts())
        .containsExactly(new Count(ForwardingKey.Kind.DEAD_END, Deed.ADDED, 10_000));
    see(ForeignChanges.PERIOD.toNanos() + 1, gone(ROUTING.key()));
    assertThat(effects.drain().toString()).contains("9980 lines");
  }
}
