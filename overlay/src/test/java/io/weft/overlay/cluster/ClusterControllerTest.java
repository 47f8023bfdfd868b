package io.weft.overlay.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Vni;
import io.weft.overlay.cluster.CallOutcome.Failed;
import io.weft.overlay.cluster.ClusterCall.AskOwner;
import io.weft.overlay.cluster.ClusterCall.OfClaim;
import io.weft.overlay.cluster.ControllerEvent.CallEnded;
import io.weft.overlay.cluster.ControllerEvent.ClusterSeen;
import io.weft.overlay.cluster.ControllerEvent.DeadlineReached;
import io.weft.overlay.cluster.ControllerEvent.SightChanged;
import io.weft.overlay.cluster.ControllerEvent.Stopping;
import io.weft.overlay.cluster.Verdict.Complaint;
import io.weft.overlay.cluster.VniCall.RemoveClaim;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The controller under an API server that fails in every way a server can. */
final class ClusterControllerTest {
  private final ClusterWorld world = new ClusterWorld();
  private int replicas;

  /** A process: its brain, what it sees, and its calls that are on their way. */
  private final class Replica {
    final ClusterController brain = new ClusterController("replica-" + ++replicas, world.now());
    final List<ControllerEffect.Call> wire = new ArrayList<>();
    final List<CallEnded> answers = new ArrayList<>();
    ClusterSeen objects = world.seen();
    ClusterSeen claims = world.seen();

    void step(ControllerEvent event) {
      for (var effect : brain.step(world.now(), event)) {
        if (effect instanceof ControllerEffect.Call call) {
          wire.add(call);
        }
      }
    }

    /** What was seen of the one and of the other, at different times. */
    void look() {
      step(new ClusterSeen(objects.objects(), claims.claims()));
    }

    boolean isDue() {
      var deadline = brain.nextDeadline();
      return deadline.isPresent() && deadline.getAsLong() <= world.now().nanos();
    }

    /** All calls are carried out and answered, until there are none. */
    void settle() {
      for (int i = 0; i < 300; i++) {
        if (wire.isEmpty()) {
          int before = world.writes;
          step(world.seen());
          if (wire.isEmpty() && world.writes == before) {
            return;
          }
        } else {
          var call = wire.removeFirst();
          step(new CallEnded(call.id(), world.carryOut(call.call())));
        }
      }
      throw new AssertionError("it does not come to an end: " + wire);
    }

    void pass(long millis) {
      world.pass(millis);
      step(new DeadlineReached());
      settle();
    }
  }

  private Replica leader() {
    var replica = new Replica();
    replica.step(new DeadlineReached());
    replica.settle();
    assertThat(replica.brain.view().leads()).isTrue();
    return replica;
  }

  private Condition condition(String name, String type) {
    return world.objects.get("Network/" + name).conditions().stream()
        .filter(each -> each.type().equals(type))
        .findFirst()
        .orElseThrow();
  }

  private static Optional<Vni> given(int vni) {
    return Optional.of(new Vni(vni));
  }

  @Test
  void aVniComesWithItsConditionsInOneWriteAndIsToldOnce() {
    var leader = leader();
    world.put("a", Optional.empty());
    leader.settle();
    assertThat(world.vni("a")).isBetween(10, 17);
    assertThat(world.writes).as("the claim, and the status").isEqualTo(2);
    assertThat(condition("a", Condition.READY).message()).isEqualTo("VNI " + world.vni("a"));
    assertThat(world.events).singleElement().asString().contains("VniAllocated: it has VNI");

    leader.pass(60_000);
    world.put("a", Optional.empty()); // another generation
    leader.settle();
    assertThat(condition("a", Condition.READY).generation()).isEqualTo(2);
    assertThat(condition("a", Condition.READY).since())
        .as("it was ready all the time")
        .isBefore(world.now().wall().minusSeconds(59));
    assertThat(world.events).hasSize(1);
  }

  @Test
  void aComplaintIsToldWhenItComesAndNotWhenItStays() {
    var leader = leader();
    var bad = new Verdict(Optional.of(new Complaint("Invalid", "mend it")), false, "a segment");
    world.put("a", Optional.empty(), bad);
    leader.settle();
    assertThat(condition("a", Condition.ACCEPTED).reason()).isEqualTo("Invalid");
    world.put("a", Optional.empty(), bad);
    leader.settle();
    assertThat(condition("a", Condition.ACCEPTED).generation()).isEqualTo(2);
    assertThat(world.events.stream().filter(each -> each.contains("Invalid: mend it"))).hasSize(1);
    world.put("a", Optional.empty());
    leader.settle();
    assertThat(condition("a", Condition.READY).holds()).isTrue();
  }

  /** A tenant that is applied together with its network may be seen a moment later. */
  @Test
  void whatMayPassIsToldOnceItHasStoodForAMoment() {
    var leader = leader();
    var complaint = new Complaint("Unresolved", "there is no Tenant 'red'", true);
    var lost = new Verdict(Optional.of(complaint), true, "a segment");
    world.put("a", Optional.empty(), lost);
    world.put("b", Optional.empty(), lost);
    world.put("c", Optional.empty());
    leader.settle();
    assertThat(condition("c", Condition.READY).holds()).isTrue();
    world.pass(900);
    world.put("a", Optional.empty());
    leader.settle();
    assertThat(condition("a", Condition.READY).holds()).isTrue();
    assertThat(world.objects.get("Network/b").conditions()).isEmpty();
    assertThat(leader.isDue()).isFalse();
    world.pass(100);
    assertThat(leader.isDue()).isTrue();
    leader.step(new DeadlineReached());
    leader.settle();
    assertThat(condition("b", Condition.ACCEPTED).reason()).isEqualTo("Unresolved");
    assertThat(world.events.stream().filter(each -> each.contains("Unresolved: there is no")))
        .hasSize(1);
    world.put("b", Optional.empty());
    leader.settle();
    assertThat(condition("b", Condition.ACCEPTED).holds()).isTrue();
  }

  @Test
  void aClaimIsRemovedOnlyWhenTheServerSaysThatItsOwnerHasGone() {
    var leader = leader();
    world.put("a", Optional.empty());
    leader.settle();
    var vni = new Vni(world.vni("a"));
    world.remove("a");
    leader.settle();
    var withoutOwner = world.seen();
    world.pass(VniAllocator.KEPT_SECONDS * 1000);
    leader.step(withoutOwner);
    while (leader.wire.getFirst().call().subject().equals("lease")) {
      var lease = leader.wire.removeFirst(); // it hung for so long, and leads again
      leader.step(new CallEnded(lease.id(), world.carryOut(lease.call())));
    }
    assertThat(leader.wire)
        .singleElement()
        .satisfies(call -> assertThat(call.call()).isInstanceOf(AskOwner.class));
    world.put("a", Optional.empty()); // made again meanwhile, which it has not seen
    var ask = leader.wire.removeFirst();
    leader.step(new CallEnded(ask.id(), world.carryOut(ask.call())));
    assertThat(leader.wire)
        .extracting(ControllerEffect.Call::call)
        .doesNotContain(new OfClaim(new RemoveClaim(world.claims.get(vni))));
    leader.settle();
    assertThat(world.vni("a")).isEqualTo(vni.value());

    world.remove("a");
    leader.settle();
    leader.pass(VniAllocator.KEPT_SECONDS * 1000);
    assertThat(world.claims).isEmpty();
  }

  @Test
  void whatFailsIsTriedAgainEverLaterAndSaidOnce() {
    var leader = leader();
    world.put("a", Optional.empty());
    leader.step(world.seen());
    int tries = 0;
    for (int i = 0; i < 120; i++) {
      for (var call : List.copyOf(leader.wire)) {
        leader.wire.remove(call);
        boolean isLease = call.call().subject().equals("lease");
        tries += isLease ? 0 : 1;
        leader.step(
            new CallEnded(
                call.id(), isLease ? world.carryOut(call.call()) : new Failed("no answer")));
      }
      world.pass(1000);
      leader.step(new DeadlineReached());
    }
    assertThat(tries).as("after 0, 1, 3, 7, 15, 31, 63, 95 s").isBetween(6, 9);
    assertThat(leader.brain.view().problems()).singleElement().isEqualTo("Network/a: no answer");
    leader.pass(40_000);
    leader.pass(3_000); // it hung for so long that it asks first who leads
    assertThat(world.vni("a")).isBetween(10, 17);
    assertThat(leader.brain.view().problems()).isEmpty();
  }

  @Test
  void aServerThatDoesNotKeepAStatusIsNotAskedWithoutEnd() {
    var leader = leader();
    world.isForgetful = true;
    world.put("a", Optional.empty());
    leader.settle();
    for (int i = 0; i < 120; i++) {
      leader.pass(1000);
    }
    assertThat(world.writes).as("the claim, and ever fewer writes of the status").isLessThan(12);
    assertThat(leader.brain.view().problems())
        .containsExactly(
            "Network/a: the status was written, and the server does not keep it; apply"
                + " deploy/crds");
    world.isForgetful = false;
    for (int i = 0; i < 40; i++) {
      leader.pass(1000);
    }
    assertThat(leader.brain.view().problems()).isEmpty();
    assertThat(condition("a", Condition.READY).holds()).isTrue();
  }

  /** As when a watch has fallen behind: what was written is there, and nobody has seen it yet. */
  @Test
  void aStatusThatIsNotSeenForLongIsNoStatusThatIsNotKept() {
    var leader = leader();
    world.put("a", given(1000));
    leader.settle();
    world.put("a", given(1000)); // another generation
    var old = world.seen();
    leader.step(old);
    var write = leader.wire.removeFirst();
    leader.step(new CallEnded(write.id(), world.carryOut(write.call())));
    int before = world.refusals;
    for (int second = 0; second < 60; second++) {
      world.pass(1000);
      leader.step(old);
      leader.step(new DeadlineReached());
      for (var call : List.copyOf(leader.wire)) {
        leader.wire.remove(call);
        leader.step(new CallEnded(call.id(), world.carryOut(call.call())));
      }
      assertThat(leader.brain.view().problems()).isEmpty();
    }
    assertThat(world.refusals - before).as("one try in 10 s").isLessThan(7);
    leader.settle();
    assertThat(condition("a", Condition.READY).generation()).isEqualTo(2);
  }

  /** A write that changes nothing is no new version: the server knows no such status. */
  @Test
  void aServerThatLeavesTheVersionKeepsNothing() {
    var leader = leader();
    world.put("a", given(1000));
    leader.step(world.seen());
    while (!(leader.wire.getFirst().call() instanceof ClusterCall.WriteStatus)) {
      var call = leader.wire.removeFirst();
      leader.step(new CallEnded(call.id(), world.carryOut(call.call())));
      leader.step(world.seen());
    }
    var write = leader.wire.removeFirst();
    var version =
        write.call() instanceof ClusterCall.WriteStatus status ? status.object().version() : "";
    leader.step(new CallEnded(write.id(), new CallOutcome.Written(version)));
    assertThat(leader.brain.view().problems())
        .singleElement()
        .asString()
        .contains("the server does not keep it");
  }

  @Test
  void nothingIsDecidedOnOldSight() {
    var leader = leader();
    world.put("a", Optional.empty());
    leader.step(new SightChanged(false));
    leader.step(new DeadlineReached());
    assertThat(leader.wire).isEmpty();
    leader.settle();
    assertThat(world.vni("a")).isPositive();
  }

  @Test
  void callsAreFewAtATimeAndOneForEachObject() {
    var leader = leader();
    for (int i = 0; i < 100; i++) {
      world.put("n" + i, given(1000 + i));
    }
    leader.step(world.seen());
    leader.step(world.seen());
    assertThat(leader.wire).hasSize(ClusterController.CALLS_AT_ONCE);
    assertThat(leader.wire.stream().map(each -> each.call().subject())).doesNotHaveDuplicates();
  }

  @Test
  void aLeaseIsHeldRenewedLostAndTakenOver() {
    var first = leader();
    var second = new Replica();
    second.step(new DeadlineReached());
    second.settle();
    assertThat(second.brain.view().leads()).isFalse();
    world.put("a", Optional.empty());
    second.settle();
    assertThat(world.vni("a")).as("it only looks").isZero();
    for (int i = 0; i < 30; i++) {
      first.pass(1000);
      second.pass(0);
    }
    assertThat(first.brain.view().leads()).isTrue();
    assertThat(second.brain.view().leads()).isFalse();

    // The first hangs. The second takes over after 15 s, not before.
    for (int i = 0; i < 14; i++) {
      second.pass(1000);
      assertThat(second.brain.view().leads()).as("after %s s", i).isFalse();
    }
    for (int i = 0; i < 4; i++) {
      second.pass(1000);
    }
    assertThat(second.brain.view().leads()).isTrue();
    assertThat(world.lease.orElseThrow().transitions()).isEqualTo(1);
    first.step(new DeadlineReached());
    assertThat(first.brain.view().leads()).as("it finds out by its own clock").isFalse();
    first.settle();
    assertThat(first.brain.view().holder()).isEqualTo("replica-2");
  }

  @Test
  void whoEndsWhileItRenewsGivesTheLeaseBackAllTheSame() {
    var leader = leader();
    world.pass(2500);
    leader.step(new DeadlineReached());
    assertThat(leader.wire).as("the renewal").hasSize(1);
    leader.step(new Stopping());
    leader.settle();
    assertThat(world.lease.orElseThrow().holder()).isEmpty();
  }

  @Test
  void whoEndsGivesTheLeaseBack() {
    var first = leader();
    var second = new Replica();
    second.step(new DeadlineReached());
    second.settle();
    first.step(new Stopping());
    first.settle();
    assertThat(first.brain.view().leads()).isFalse();
    second.pass(2000);
    assertThat(second.brain.view().leads()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void replicasThatCrashHangAndSeeOldThingsNeverGiveOneVniToTwo(long seed) {
    var random = new Random(seed);
    var all = new ArrayList<>(List.of(new Replica(), new Replica(), new Replica()));
    var lost = new ArrayList<ControllerEffect.Call>(); // of crashed ones, and still on their way
    for (int step = 0; step < 15_000; step++) {
      world.pass(random.nextInt(400));
      if (random.nextInt(300) == 0) {
        world.pass(700_000); // everything hangs, beyond the time that a claim is kept
      }
      change(random);
      int i = random.nextInt(all.size());
      var replica = all.get(i);
      switch (random.nextInt(12)) {
        case 0, 1 -> replica.objects = world.seen();
        case 2, 3 -> replica.claims = world.seen();
        case 4, 5 -> replica.look();
        case 6 -> {
          if (random.nextInt(40) == 0) {
            lost.addAll(replica.wire);
            all.set(i, new Replica());
          } else if (!lost.isEmpty()) {
            var _ = world.carryOut(lost.remove(random.nextInt(lost.size())).call());
          }
        }
        case 7 -> {
          if (!replica.answers.isEmpty()) {
            replica.step(replica.answers.remove(random.nextInt(replica.answers.size())));
          }
        }
        default -> {
          if (replica.isDue()) {
            replica.step(new DeadlineReached());
          }
          carryOutOne(random, replica);
        }
      }
      world.check();
    }
    assertThat(world.refusals).as("they were in each other's way").isPositive();
    recover(all);
  }

  private void change(Random random) {
    var name = "n" + random.nextInt(6);
    switch (random.nextInt(150)) {
      case 0 -> world.remove(name);
      case 1, 2 -> world.put(name, Optional.empty());
      case 3 -> world.put(name, given(10 + random.nextInt(8)));
      default -> {}
    }
  }

  /** Carried out, or not; answered, or not. */
  private void carryOutOne(Random random, Replica replica) {
    if (replica.wire.isEmpty()) {
      return;
    }
    var call = replica.wire.remove(random.nextInt(replica.wire.size()));
    CallOutcome outcome =
        random.nextInt(10) == 0 ? new Failed("not sent") : world.carryOut(call.call());
    if (random.nextInt(10) == 0) {
      outcome = new Failed("no answer");
    }
    replica.answers.add(new CallEnded(call.id(), outcome));
  }

  /** When nothing fails any more, everybody has a VNI and says so. */
  private void recover(List<Replica> all) {
    world.objects.keySet().stream()
        .map(subject -> subject.split("/", -1)[1])
        .toList()
        .forEach(name -> world.put(name, Optional.empty()));
    for (int i = 0; i < 80; i++) {
      for (var replica : all) {
        for (var answer : List.copyOf(replica.answers)) {
          replica.answers.remove(answer);
          replica.step(answer);
        }
        replica.pass(20_000);
      }
    }
    assertThat(world.objects.values())
        .allMatch(object -> object.vni().isPresent())
        .allMatch(object -> object.conditions().stream().allMatch(Condition::holds));
    assertThat(world.claims).hasSameSizeAs(world.objects);
  }
}
