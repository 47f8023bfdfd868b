package io.weft.overlay.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Vni;
import io.weft.net.VniRange;
import io.weft.overlay.cluster.VniCall.AdoptClaim;
import io.weft.overlay.cluster.VniCall.MakeClaim;
import io.weft.overlay.cluster.VniCall.Release;
import io.weft.overlay.cluster.VniCall.RemoveClaim;
import io.weft.overlay.cluster.VniCall.SetStatus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** VNIs are kept, and never two's, whatever controllers there are and wherever they crash. */
final class VniAllocatorTest {
  private static final VniRange POOL = new VniRange(new Vni(10), new Vni(17));

  /** An API server that keeps owners and claims, and compares versions before it writes. */
  private static final class World {
    final TreeMap<String, VniOwner> owners = new TreeMap<>();
    final TreeMap<Vni, VniClaim> claims = new TreeMap<>();
    long now = 1_000_000;
    private int versions;

    private String next() {
      return String.valueOf(++versions);
    }

    void put(String name, Optional<Vni> given) {
      var old = Optional.ofNullable(owners.get(name));
      owners.put(
          name,
          new VniOwner(
              name,
              old.map(VniOwner::uid).orElseGet(this::next),
              next(),
              given,
              POOL,
              new Vni(10 + Math.floorMod(name.hashCode(), 3)),
              old.flatMap(VniOwner::status)));
    }

    /** False when it is refused. */
    boolean carryOut(VniCall call) {
      switch (call) {
        case MakeClaim(var vni, var owner) -> {
          return claims.putIfAbsent(vni, claim(vni, owner)) == null;
        }
        case AdoptClaim(var claim, var owner) -> {
          return claims.replace(claim.vni(), claim, claim(claim.vni(), owner));
        }
        case SetStatus(var seen, var vni) -> {
          return owners.replace(seen.name(), seen, withStatus(seen, vni));
        }
        case Release(var claim, var since) -> {
          var released =
              new VniClaim(claim.vni(), claim.owner(), claim.uid(), next(), OptionalLong.of(since));
          return claims.replace(claim.vni(), claim, released);
        }
        case RemoveClaim(var claim) -> {
          return claims.remove(claim.vni(), claim);
        }
      }
    }

    private VniClaim claim(Vni vni, VniOwner owner) {
      return new VniClaim(vni, owner.name(), owner.uid(), next(), OptionalLong.empty());
    }

    private VniOwner withStatus(VniOwner seen, Vni vni) {
      return new VniOwner(
          seen.name(),
          seen.uid(),
          next(),
          seen.given(),
          seen.pool(),
          seen.preferred(),
          Optional.of(vni));
    }

    VniAllocator.Decision decide() {
      return VniAllocator.decide(owners.values(), claims.values(), now);
    }

    /** One controller that nobody disturbs, until there is nothing to do. */
    VniAllocator.Decision settle() {
      for (int i = 0; i < 100; i++) {
        var decision = decide();
        if (decision.calls().isEmpty()) {
          return decision;
        }
        decision.calls().forEach(this::carryOut);
      }
      throw new AssertionError("it does not come to an end: " + decide());
    }

    int vni(String name) {
      return owners.get(name).status().map(Vni::value).orElse(0);
    }
  }

  private static Optional<Vni> given(int vni) {
    return Optional.of(new Vni(vni));
  }

  @Test
  void aClaimComesBeforeTheStatusAndGoesLongAfterTheOwner() {
    var world = new World();
    world.put("a", Optional.empty());
    assertThat(world.decide().calls()).singleElement().isInstanceOf(MakeClaim.class);
    world.settle();
    int vni = world.vni("a");
    assertThat(vni).isBetween(10, 17);

    world.owners.remove("a");
    world.settle();
    assertThat(world.claims.get(new Vni(vni)).released()).hasValue(world.now);
    world.put("other", given(vni));
    assertThat(world.settle().refused())
        .singleElement()
        .satisfies(
            refused ->
                assertThat(refused.reason())
                    .isEqualTo(
                        "VNI "
                            + vni
                            + " was that of a and is kept from others for 600 s after it; give"
                            + " another"));
    world.now += VniAllocator.KEPT_SECONDS;
    assertThat(world.settle().refused()).isEmpty();
    assertThat(world.vni("other")).isEqualTo(vni);
  }

  @Test
  void whatIsMadeAgainGetsItsVniBack() {
    var world = new World();
    world.put("a", Optional.empty());
    world.settle();
    int vni = world.vni("a");
    world.owners.remove("a");
    world.settle();
    world.put("b", Optional.empty());
    world.put("a", Optional.empty());
    world.settle();
    assertThat(world.vni("a")).isEqualTo(vni);
    assertThat(world.vni("b")).isNotEqualTo(vni).isBetween(10, 17);
  }

  @Test
  void aGivenVniIsNobodyElsesAndAFullPoolIsSaid() {
    var world = new World();
    world.put("fixed", given(12));
    world.put("same", given(12));
    for (int i = 0; i < 8; i++) {
      world.put("n" + i, Optional.empty());
    }
    var refused = world.settle().refused();
    assertThat(world.vni("fixed") + world.vni("same")).as("one of the two").isEqualTo(12);
    assertThat(refused)
        .extracting(VniAllocator.Refused::reason)
        .containsExactlyInAnyOrder(
            "VNI 12 is that of fixed; give another",
            "the pool 10-17 has no free VNI; enlarge vniPools of the Fabric");
  }

  @Test
  void aNewGivenVniTakesThePlaceOfTheOldOne() {
    var world = new World();
    world.put("a", Optional.empty());
    world.settle();
    int old = world.vni("a");
    world.put("a", given(500));
    world.settle();
    assertThat(world.vni("a")).isEqualTo(500);
    assertThat(world.claims.get(new Vni(old)).released()).isPresent();
    world.put("a", Optional.empty());
    world.settle();
    assertThat(world.vni("a")).as("what it has it keeps").isEqualTo(500);
  }

  /** Sees what was, some time ago; its calls arrive late, or never. */
  private static final class Controller {
    Collection<VniOwner> owners = List.of();
    Collection<VniClaim> claims = List.of();
    final List<VniCall> pending = new ArrayList<>();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void controllersThatSeeOldThingsAndCrashNeverGiveOneVniToTwo(long seed) {
    var random = new Random(seed);
    var world = new World();
    var controllers = List.of(new Controller(), new Controller(), new Controller());
    var kept = new TreeMap<String, Vni>(); // by uid, of those without a given one
    int refusals = 0;
    for (int step = 0; step < 20_000; step++) {
      world.now += random.nextInt(4);
      var name = "n" + random.nextInt(6);
      switch (random.nextInt(60)) {
        case 0 -> world.owners.remove(name);
        case 1, 2 -> world.put(name, Optional.empty());
        case 3 -> {
          world.put(name, given(10 + random.nextInt(8)));
          kept.remove(world.owners.get(name).uid());
        }
        default -> {}
      }
      var controller = controllers.get(random.nextInt(controllers.size()));
      switch (random.nextInt(8)) {
        case 0, 1 -> controller.owners = List.copyOf(world.owners.values());
        case 2, 3 -> controller.claims = List.copyOf(world.claims.values());
        case 4 -> {
          controller.pending.clear(); // a crash; or calls that wait no longer
          controller.pending.addAll(
              VniAllocator.decide(controller.owners, controller.claims, world.now).calls());
        }
        default -> {
          if (!controller.pending.isEmpty()) {
            var call = controller.pending.remove(random.nextInt(controller.pending.size()));
            refusals += world.carryOut(call) ? 0 : 1;
          }
        }
      }
      var seen = new HashSet<Vni>();
      for (var owner : world.owners.values()) {
        owner
            .status()
            .ifPresent(vni -> assertThat(seen.add(vni)).as("%s of seed %d", owner, seed).isTrue());
        if (owner.given().isEmpty() && owner.status().isPresent()) {
          var before = kept.putIfAbsent(owner.uid(), owner.status().get());
          assertThat(before == null ? owner.status().get() : before)
              .as("kept by %s", owner)
              .isEqualTo(owner.status().get());
        }
      }
    }
    assertThat(refusals).as("the controllers were in each other's way").isPositive();
    world.owners.replaceAll((_, owner) -> owner);
    world.owners.keySet().forEach(each -> world.put(each, Optional.empty()));
    world.settle();
    world.now += VniAllocator.KEPT_SECONDS;
    assertThat(world.settle().refused()).isEmpty();
    assertThat(world.owners.values()).allMatch(owner -> owner.status().isPresent());
    assertThat(world.claims).hasSameSizeAs(world.owners);
  }
}
