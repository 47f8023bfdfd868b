package io.weft.overlay.forwarding;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingNeighbour;
import io.weft.overlay.forwarding.ForwardingObject.SendingPort;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ForwardingPlanTest {
  private static final Vni VNI = new Vni(100);
  private static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:01");
  private static final IpAddress VTEP = IpAddress.parse("10.0.0.2");
  private static final TenantNamespace SPACE = new TenantNamespace("weft-red");
  private static final Bridge BRIDGE = new Bridge("weft-red", VNI, MAC, 1450, false);
  private static final VxlanPort VXLAN =
      new VxlanPort("weft-red", VNI, IpAddress.parse("10.0.0.1"), MAC, 1450);
  private static final VxlanFdbEntry FDB = new VxlanFdbEntry("weft-red", VNI, MAC, VTEP, VNI);
  private static final FloodEntry FLOOD = new FloodEntry("weft-red", VNI, VTEP, VNI);

  private final ForwardingPlan plan = new ForwardingPlan();

  private void realize(long now) {
    plan.nextBatch(now);
    plan.applied(now, List.of());
  }

  private static KernelChange put(ForwardingObject object) {
    return new KernelChange.Put(object);
  }

  private static KernelChange remove(ForwardingObject object) {
    return new KernelChange.Remove(object);
  }

  @Test
  void aBatchIsDesiredMinusRealized() {
    plan.observeAll(List.of(SPACE, FLOOD));
    plan.desire(SPACE);
    plan.desire(BRIDGE);
    assertThat(plan.nextBatch(0)).containsExactly(remove(FLOOD), put(BRIDGE));
    plan.applied(0, List.of());
    assertThat(plan.realized()).containsExactly(SPACE, BRIDGE);
    assertThat(plan.pending()).isZero();
    assertThat(plan.nextBatch(0)).isEmpty();
  }

  @Test
  void removalsGoFromTheTopDownAndCreationsFromTheBottomUp() {
    for (var object : List.of(FLOOD, FDB, VXLAN, BRIDGE, SPACE)) {
      plan.desire(object);
    }
    assertThat(plan.nextBatch(0))
        .containsExactly(put(SPACE), put(BRIDGE), put(VXLAN), put(FDB), put(FLOOD));
    plan.applied(0, List.of());
    for (var object : List.of(SPACE, VXLAN, FLOOD, BRIDGE, FDB)) {
      plan.undesire(object.key());
    }
    assertThat(plan.nextBatch(0))
        .containsExactly(remove(FLOOD), remove(FDB), remove(VXLAN), remove(BRIDGE), remove(SPACE));
  }

  @Test
  void whatARouteLedOverGoesOnceTheRouteLeadsElsewhere() {
    var stays = IpAddress.parse("10.0.0.3");
    var other = MacAddress.parse("02:00:00:00:00:03");
    var leaving = new NeighbourEntry("weft-red", VNI, VTEP, MAC);
    var behind = new BridgeFdbEntry("weft-red", VNI, MAC);
    var both = route(TenantHop.over(VNI, VTEP), TenantHop.over(VNI, stays));
    var unused = new NeighbourEntry("weft-red", VNI, IpAddress.parse("10.0.0.4"), other);
    for (var object : List.of(SPACE, VXLAN, FDB, behind, leaving, unused, both)) {
      plan.desire(object);
    }
    realize(0);
    List.of(FDB, behind, leaving, unused).forEach(row -> plan.undesire(row.key()));
    var one = route(TenantHop.over(VNI, stays));
    plan.desire(one);
    assertThat(plan.nextBatch(0))
        .containsExactly(remove(unused), put(one), remove(leaving), remove(behind), remove(FDB));
  }

  @Test
  void aDeviceThatOnlySendsGoesOnceTheRouteLeadsElsewhere() {
    var foreign = new Vni(7000);
    var device =
        new SendingPort("weft-red", foreign, foreign, IpAddress.parse("10.0.0.1"), MAC, 1450);
    var row = new SendingFdbEntry("weft-red", foreign, MAC, VTEP);
    var neighbour = new SendingNeighbour("weft-red", foreign, VTEP, MAC);
    for (var object :
        List.of(SPACE, device, row, neighbour, route(TenantHop.sending(foreign, VTEP)))) {
      plan.desire(object);
    }
    realize(0);
    List.of(device, row, neighbour).forEach(object -> plan.undesire(object.key()));
    var now = route(TenantHop.over(VNI, VTEP));
    var next = new NeighbourEntry("weft-red", VNI, VTEP, MAC);
    plan.desire(now);
    plan.desire(next);
    assertThat(plan.nextBatch(0))
        .containsExactly(put(next), put(now), remove(neighbour), remove(row), remove(device));
  }

  /** The rows go with their device, which no route that is left wants. */
  @Test
  void whatARouteLedOverGoesBeforeTheDeviceThatItStandsOn() {
    var led = new NeighbourEntry("weft-red", VNI, VTEP, MAC);
    for (var object : List.of(SPACE, VXLAN, FDB, led, route(TenantHop.over(VNI, VTEP)))) {
      plan.desire(object);
    }
    realize(0);
    List.of(VXLAN, FDB, led).forEach(object -> plan.undesire(object.key()));
    var now = route(TenantHop.over(new Vni(200), VTEP));
    plan.desire(now);
    assertThat(plan.nextBatch(0))
        .containsExactly(remove(led), remove(FDB), remove(VXLAN), put(now));
  }

  private static TenantRoute route(TenantHop... hops) {
    return new TenantRoute("weft-red", IpPrefix.parse("172.20.0.0/16"), List.of(hops));
  }

  @Test
  void whatIsTooMuchForOneBatchIsRemovedFromTheTopDownToo() {
    plan.desire(BRIDGE);
    for (int i = 0; i < ForwardingPlan.MAX_BATCH + 10; i++) {
      plan.desire(new VxlanFdbEntry("weft-red", VNI, new MacAddress(i + 1), VTEP, VNI));
    }
    assertThat(plan.nextBatch(0)).hasSize(ForwardingPlan.MAX_BATCH).startsWith(put(BRIDGE));
    plan.applied(0, List.of());
    assertThat(plan.nextBatch(0)).hasSize(11);
    plan.applied(0, List.of());
    plan.desired().stream().map(ForwardingObject::key).toList().forEach(plan::undesire);
    assertThat(plan.nextBatch(0)).hasSize(ForwardingPlan.MAX_BATCH).doesNotContain(remove(BRIDGE));
    plan.applied(0, List.of());
    assertThat(plan.nextBatch(0)).hasSize(11).endsWith(remove(BRIDGE));
  }

  @Test
  void oneBatchIsInFlightAtATime() {
    plan.desire(SPACE);
    assertThat(plan.nextBatch(0)).isNotEmpty();
    plan.desire(BRIDGE);
    assertThat(plan.nextBatch(0)).isEmpty();
    assertThat(plan.isRealized(SPACE.key())).isFalse();
    plan.applied(0, List.of());
    assertThat(plan.isRealized(SPACE.key())).isTrue();
    assertThat(plan.nextBatch(0)).containsExactly(put(BRIDGE));
  }

  @Test
  void aFailureIsTriedAgainAtDoublingIntervalsUpToAMinute() {
    plan.desire(SPACE);
    long now = 0;
    for (long seconds : new long[] {1, 2, 4, 8, 16, 32, 60, 60}) {
      assertThat(plan.nextBatch(now)).containsExactly(put(SPACE));
      plan.applied(now, List.of(new Refusal(SPACE.key(), "full")));
      long due = now + seconds * 1_000_000_000L;
      assertThat(plan.nextRetry()).hasValue(due);
      assertThat(plan.nextBatch(due - 1)).isEmpty();
      now = due;
    }
    assertThat(plan.failures())
        .singleElement()
        .satisfies(f -> assertThat(f.attempts()).isEqualTo(8))
        .satisfies(f -> assertThat(f.reason()).isEqualTo("full"));
    realize(now);
    assertThat(plan.failures()).isEmpty();
    assertThat(plan.nextRetry()).isEmpty();
  }

  @Test
  void aFailureHoldsUpNothingElse() {
    plan.desire(SPACE);
    plan.desire(BRIDGE);
    plan.nextBatch(0);
    plan.applied(0, List.of(new Refusal(BRIDGE.key(), "no")));
    plan.desire(FLOOD);
    assertThat(plan.nextBatch(0)).containsExactly(put(FLOOD));
  }

  @Test
  void anotherWishBeginsWithoutTheFailure() {
    plan.desire(BRIDGE);
    plan.nextBatch(0);
    plan.applied(0, List.of(new Refusal(BRIDGE.key(), "no")));
    var other = new Bridge("weft-red", VNI, MAC, 1400, false);
    plan.desire(other);
    assertThat(plan.nextBatch(0)).containsExactly(put(other));
  }

  @Test
  void whatIsRefusedWhenNobodyWantsItAnyMoreLeavesNoFailure() {
    plan.desire(BRIDGE);
    plan.nextBatch(0);
    plan.undesire(BRIDGE.key());
    plan.applied(0, List.of(new Refusal(BRIDGE.key(), "no")));
    assertThat(plan.failures()).isEmpty();
    assertThat(plan.nextRetry()).as("else the node would wake for ever").isEmpty();
  }

  @Test
  void whatIsRefusedWhenSomethingElseIsWantedIsTriedAtOnce() {
    plan.desire(BRIDGE);
    plan.nextBatch(0);
    var other = new Bridge("weft-red", VNI, MAC, 1400, false);
    plan.desire(other);
    plan.applied(0, List.of(new Refusal(BRIDGE.key(), "no")));
    assertThat(plan.nextBatch(0)).containsExactly(put(other));
  }

  @Test
  void whileHeldRemoteObjectsStayAndLocalOnesGo() {
    plan.observeAll(List.of(SPACE, BRIDGE, VXLAN, FDB, FLOOD));
    plan.holdRemoteRemovals(true);
    plan.desire(SPACE);
    plan.desire(VXLAN);
    assertThat(plan.nextBatch(0)).containsExactly(remove(BRIDGE));
    plan.applied(0, List.of());
    var moved = new VxlanFdbEntry("weft-red", VNI, MAC, IpAddress.parse("10.0.0.3"), VNI);
    plan.desire(moved);
    assertThat(plan.nextBatch(0)).as("a hold is for removals only").containsExactly(put(moved));
    plan.applied(0, List.of());
    plan.holdRemoteRemovals(false);
    assertThat(plan.nextBatch(0)).containsExactly(remove(FLOOD));
  }

  @Test
  void nothingIsHeldWithoutTheDeviceThatItStandsOn() {
    plan.observeAll(List.of(SPACE, BRIDGE, VXLAN, FDB));
    plan.holdRemoteRemovals(true);
    plan.desire(SPACE);
    assertThat(plan.nextBatch(0)).containsExactly(remove(FDB), remove(VXLAN), remove(BRIDGE));
  }

  @Test
  void whatIsHeldFollowsTheWishForItsDevice() {
    plan.observeAll(List.of(VXLAN, FDB, FLOOD));
    plan.holdRemoteRemovals(true);
    assertThat(plan.pending()).isEqualTo(3);
    plan.desire(VXLAN);
    assertThat(plan.pending()).isZero();
    plan.undesire(VXLAN.key());
    assertThat(plan.pending()).isEqualTo(3);
    assertThat(plan.nextBatch(0)).containsExactly(remove(FLOOD), remove(FDB), remove(VXLAN));
  }

  @Test
  void aFullDumpIsTheTruth() {
    plan.desire(SPACE);
    plan.desire(BRIDGE);
    realize(0);
    plan.observeAll(List.of(SPACE, FLOOD));
    assertThat(plan.nextBatch(0)).containsExactly(remove(FLOOD), put(BRIDGE));
  }

  @Test
  void aForeignChangeIsRepaired() {
    plan.desire(SPACE);
    plan.desire(BRIDGE);
    realize(0);
    plan.observe(BRIDGE.key(), Optional.of(new Bridge("weft-red", VNI, MAC, 9000, false)));
    plan.observe(FLOOD.key(), Optional.of(FLOOD));
    assertThat(plan.nextBatch(0)).containsExactly(remove(FLOOD), put(BRIDGE));
    plan.applied(0, List.of());
    plan.observe(SPACE.key(), Optional.empty());
    assertThat(plan.nextBatch(0)).containsExactly(put(SPACE));
  }

  @Test
  void aPortIsTheSameWithAndWithoutWhatOnlyItsMakingNeeds() {
    var pod = new PodInterface("/run/netns/p", "eth0", List.of(24));
    var wanted =
        new EndpointPort(
            "weft-red", "ep1", VNI, "p", "web", MAC, List.of(VTEP), true, 1450, Optional.of(pod));
    plan.desire(wanted);
    assertThat(plan.nextBatch(0)).containsExactly(put(wanted));
    plan.applied(0, List.of());
    plan.observe(wanted.key(), Optional.of(wanted.observable()));
    assertThat(plan.isRealized(wanted.key())).isTrue();
    assertThat(plan.nextBatch(0)).isEmpty();
  }

  @Test
  void goneMeansThatNoChangeUnderWayCanBringItBack() {
    assertThat(plan.isGone(SPACE.key())).isTrue();
    plan.desire(SPACE);
    plan.nextBatch(0);
    plan.undesire(SPACE.key());
    assertThat(plan.isGone(SPACE.key())).isFalse();
    plan.applied(0, List.of());
    assertThat(plan.isGone(SPACE.key())).isFalse();
    realize(0);
    assertThat(plan.isGone(SPACE.key())).isTrue();
  }

  /** Wishes, refusals and foreign changes in any order: in the end the kernel is as desired. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whateverHappensTheKernelEndsAsDesired(long seed) {
    var random = new Random(seed);
    var kernel = new TreeMap<ForwardingKey, ForwardingObject>();
    long now = 0;
    plan.holdRemoteRemovals(random.nextBoolean());
    for (int i = 0; i < 2_000; i++) {
      var kind = Kind.values()[random.nextInt(4)];
      int mtu = 1400 + random.nextInt(2);
      var vni = new Vni(1 + random.nextInt(3));
      ForwardingObject object =
          switch (kind) {
            case NAMESPACE -> new TenantNamespace("weft-" + vni);
            case BRIDGE -> new Bridge("weft-red", vni, MAC, mtu, false);
            case VXLAN -> new VxlanPort("weft-red", vni, VTEP, MAC, mtu);
            default -> new FloodEntry("weft-red", vni, VTEP, vni);
          };
      switch (random.nextInt(5)) {
        case 0 -> plan.desire(object);
        case 1 -> plan.undesire(object.key());
        case 2 -> {
          kernel.remove(object.key());
          plan.observe(object.key(), Optional.empty());
        }
        case 3 -> {
          if (random.nextInt(20) == 0) {
            plan.holdRemoteRemovals(random.nextBoolean());
          }
          now += random.nextLong(2_000_000_000L);
        }
        default -> apply(now, kernel, random.nextInt(4));
      }
    }
    plan.holdRemoteRemovals(false);
    for (int i = 0; i < 5; i++) {
      now += ForwardingPlan.LAST_RETRY_NANOS;
      apply(now, kernel, 1);
    }
    assertThat(kernel.values()).containsExactlyElementsOf(plan.desired());
    assertThat(plan.failures()).isEmpty();
    assertThat(plan.nextRetry()).isEmpty();
  }

  private void apply(long now, TreeMap<ForwardingKey, ForwardingObject> kernel, int refusedOf) {
    var batch = plan.nextBatch(now);
    if (batch.isEmpty()) {
      return;
    }
    boolean refuse = refusedOf == 0;
    if (!refuse) {
      for (var change : batch) {
        switch (change) {
          case KernelChange.Put(var object) -> kernel.put(object.key(), object);
          case KernelChange.Remove(var object) -> kernel.remove(object.key());
        }
      }
    }
    plan.applied(
        now, refuse ? batch.stream().map(c -> new Refusal(c.key(), "no")).toList() : List.of());
  }
}
