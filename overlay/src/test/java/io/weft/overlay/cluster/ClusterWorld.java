package io.weft.overlay.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.Vni;
import io.weft.net.VniRange;
import io.weft.overlay.cluster.CallOutcome.Done;
import io.weft.overlay.cluster.CallOutcome.LeaseFound;
import io.weft.overlay.cluster.CallOutcome.Owner;
import io.weft.overlay.cluster.CallOutcome.OwnerFound;
import io.weft.overlay.cluster.CallOutcome.Refused;
import io.weft.overlay.cluster.CallOutcome.Written;
import io.weft.overlay.cluster.VniCall.AdoptClaim;
import io.weft.overlay.cluster.VniCall.MakeClaim;
import io.weft.overlay.cluster.VniCall.Release;
import io.weft.overlay.cluster.VniCall.RemoveClaim;
import io.weft.overlay.cluster.VniCall.SetStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/** An API server in virtual time, which compares versions before it writes. */
final class ClusterWorld {
  static final VniRange POOL = new VniRange(new Vni(10), new Vni(17));
  private static final Verdict GOOD = new Verdict(Optional.empty(), true, "a segment");

  final TreeMap<String, ClusterObject> objects = new TreeMap<>();
  final TreeMap<Vni, VniClaim> claims = new TreeMap<>();
  final List<String> events = new ArrayList<>();
  Optional<LeaseRecord> lease = Optional.empty();
  int writes;
  int refusals;

  /** Its CustomResourceDefinitions do not know conditions. */
  boolean isForgetful;

  private long millis = 1_000_000_000;
  private int versions;

  /** Who had a VNI in its status last, and when: others must not have it for 600 s after. */
  private record Use(String owner, long until) {}

  private final TreeMap<Vni, Use> uses = new TreeMap<>();

  /** What was given to an object, by its uid, while its spec gives none. */
  private final TreeMap<String, Vni> kept = new TreeMap<>();

  Moment now() {
    return new Moment(millis * 1_000_000, Instant.ofEpochMilli(millis));
  }

  void pass(long more) {
    millis += more;
  }

  private String next() {
    return String.valueOf(++versions);
  }

  /** Makes or changes an object. */
  void put(String name, Optional<Vni> given) {
    put(name, given, GOOD);
  }

  void put(String name, Optional<Vni> given, Verdict verdict) {
    var subject = "Network/" + name;
    var old = Optional.ofNullable(objects.get(subject));
    var uid = old.map(ClusterObject::uid).orElseGet(this::next);
    kept.remove(uid);
    store(
        subject,
        uid,
        old.map(ClusterObject::generation).orElse(0L) + 1,
        given,
        verdict,
        old.flatMap(ClusterObject::vni),
        old.map(ClusterObject::conditions).orElse(List.of()));
  }

  private void store(
      String subject,
      String uid,
      long generation,
      Optional<Vni> given,
      Verdict verdict,
      Optional<Vni> status,
      List<Condition> conditions) {
    var version = next();
    var owner =
        new VniOwner(
            subject,
            uid,
            version,
            given,
            POOL,
            new Vni(10 + Math.floorMod(subject.hashCode(), 3)),
            status);
    var words = subject.split("/", -1);
    objects.put(
        subject,
        new ClusterObject(
            words[0], words[1], uid, version, generation, Optional.of(owner), verdict, conditions));
  }

  void remove(String name) {
    objects.remove("Network/" + name);
  }

  ControllerEvent.ClusterSeen seen() {
    return new ControllerEvent.ClusterSeen(
        List.copyOf(objects.values()), List.copyOf(claims.values()));
  }

  int vni(String name) {
    return objects.get("Network/" + name).vni().map(Vni::value).orElse(0);
  }

  /** Carries a call out as the server would. */
  CallOutcome carryOut(ClusterCall call) {
    var outcome = answer(call);
    refusals += outcome instanceof Refused ? 1 : 0;
    writes +=
        outcome instanceof Written || outcome instanceof Done && !(call instanceof ClusterCall.Tell)
            ? 1
            : 0;
    check();
    return outcome;
  }

  private CallOutcome answer(ClusterCall call) {
    return switch (call) {
      case ClusterCall.OfClaim(var ofClaim) -> answer(ofClaim);
      case ClusterCall.WriteStatus(var seen, var vni, var conditions, _) -> {
        if (!isAsSeen(seen)) {
          yield new Refused("another version");
        }
        store(
            seen.subject(),
            seen.uid(),
            seen.generation(),
            seen.owner().flatMap(VniOwner::given),
            seen.verdict(),
            vni.or(seen::vni),
            isForgetful ? List.of() : conditions);
        yield new Written(Optional.ofNullable(objects.get(seen.subject())).orElseThrow().version());
      }
      case ClusterCall.AskOwner(var claim) ->
          new OwnerFound(
              Optional.ofNullable(objects.get(claim.owner()))
                  .flatMap(ClusterObject::owner)
                  .map(owner -> new Owner(owner.given(), owner.status())));
      case ClusterCall.Tell(var note) -> {
        var said = note.about().uid() + " " + note.reason() + ": " + note.message();
        if (events.contains(said)) {
          yield new Refused("it is there already");
        }
        events.add(said);
        yield new Done();
      }
      case ClusterCall.ReadLease() -> new LeaseFound(lease);
      case ClusterCall.WriteLease(var seen, var next) -> {
        if (!seen.equals(lease)) {
          yield new Refused("another version");
        }
        lease = Optional.of(next.withVersion(next()));
        yield new LeaseFound(lease);
      }
    };
  }

  private boolean isAsSeen(ClusterObject seen) {
    return Optional.ofNullable(objects.get(seen.subject()))
        .filter(object -> object.version().equals(seen.version()))
        .isPresent();
  }

  private CallOutcome answer(VniCall call) {
    boolean done =
        switch (call) {
          case MakeClaim(var vni, var owner) ->
              claims.putIfAbsent(vni, claim(vni, owner, OptionalLong.empty())) == null;
          case AdoptClaim(var claim, var owner) ->
              claims.replace(claim.vni(), claim, claim(claim.vni(), owner, OptionalLong.empty()));
          case SetStatus _ -> throw new AssertionError("written with the conditions");
          case Release(var claim, var since) ->
              claims.replace(
                  claim.vni(),
                  claim,
                  new VniClaim(
                      claim.vni(), claim.owner(), claim.uid(), next(), OptionalLong.of(since)));
          case RemoveClaim(var claim) -> claims.remove(claim.vni(), claim);
        };
    return done ? new Done() : new Refused("another version");
  }

  private VniClaim claim(Vni vni, VniOwner owner, OptionalLong released) {
    return new VniClaim(vni, owner.name(), owner.uid(), next(), released);
  }

  /** No VNI is two's, none changes, and none is another's before 600 s have passed. */
  void check() {
    var seen = new HashSet<Vni>();
    for (var object : objects.values()) {
      object.vni().ifPresent(vni -> check(object, vni, seen));
    }
  }

  private void check(ClusterObject object, Vni vni, HashSet<Vni> seen) {
    assertThat(seen.add(vni)).as("VNI %s is two's: %s", vni, objects.values()).isTrue();
    if (object.owner().flatMap(VniOwner::given).isEmpty()) {
      var before = kept.putIfAbsent(object.uid(), vni);
      assertThat(before == null ? vni : before).as("kept by %s", object).isEqualTo(vni);
    }
    var last = uses.put(vni, new Use(object.subject(), millis));
    if (last != null && !last.owner().equals(object.subject())) {
      assertThat(millis - last.until())
          .as("VNI %s of %s is %s's so soon", vni, last.owner(), object.subject())
          .isGreaterThanOrEqualTo(VniAllocator.KEPT_SECONDS * 1000 - 1000);
    }
  }
}
