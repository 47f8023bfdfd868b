package io.weft.overlay.cluster;

import io.weft.net.Vni;
import io.weft.overlay.cluster.ClusterCall.AskOwner;
import io.weft.overlay.cluster.ClusterCall.OfClaim;
import io.weft.overlay.cluster.ClusterCall.ReadLease;
import io.weft.overlay.cluster.ClusterCall.Tell;
import io.weft.overlay.cluster.ClusterCall.WriteLease;
import io.weft.overlay.cluster.ClusterCall.WriteStatus;
import io.weft.overlay.cluster.ControllerEffect.Call;
import io.weft.overlay.cluster.ControllerEffect.Report;
import io.weft.overlay.cluster.VniAllocator.Refused;
import io.weft.overlay.cluster.VniCall.AdoptClaim;
import io.weft.overlay.cluster.VniCall.MakeClaim;
import io.weft.overlay.cluster.VniCall.Release;
import io.weft.overlay.cluster.VniCall.RemoveClaim;
import io.weft.overlay.cluster.VniCall.SetStatus;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * The brain of the cluster's controller, pure: gives VNIs to networks and tenants, and writes
 * conditions into the status of every object. What it sees decides; it remembers only which calls
 * are under way, and who leads. Who does not lead sees everything and calls nothing but for the
 * lease.
 *
 * <p>Limit: {@link #CALLS_AT_ONCE} calls at a time besides that of the lease, one for each object.
 */
public final class ClusterController {
  /** Calls that are under way at most. */
  public static final int CALLS_AT_ONCE = 16;

  /** It looks again after so long, whatever it sees: claims grow old without an event. */
  private static final long LOOK_AGAIN = TimeUnit.SECONDS.toNanos(10);

  private static final long FIRST_WAIT = TimeUnit.SECONDS.toNanos(1);
  private static final int MOST_DOUBLINGS = 5; // 32 s
  private static final String NOT_KEPT =
      "the status was written, and the server does not keep it; apply deploy/crds";
  private static final String LEASE = new ReadLease().subject();

  private final Leadership leadership;
  private final List<ControllerEffect> effects = new ArrayList<>();
  private final TreeMap<Long, ClusterCall> underWay = new TreeMap<>();
  private long lastId;
  private long stepped;

  // What is seen.
  private List<ClusterObject> objects = List.of();
  private List<VniClaim> claims = List.of();
  private boolean isCurrent;

  // What follows from it.
  private final ArrayDeque<ClusterCall> todo = new ArrayDeque<>();
  private final ArrayDeque<Note> notes = new ArrayDeque<>();
  private boolean mustDecide;
  private OptionalLong decideAgain = OptionalLong.empty();
  private long lookAgain;
  private final Patience patience = new Patience();

  /** What a call was about whose outcome has not been seen yet. */
  private final TreeSet<String> unseen = new TreeSet<>();

  private final TreeMap<String, Failure> failures = new TreeMap<>();

  /** What was written into each status last: a server that does not keep it is not asked on. */
  private final TreeMap<String, Written> written = new TreeMap<>();

  /**
   * A status that the server took.
   *
   * @param over the version of the object before
   * @param at when it was, or was last tried again
   */
  private record Written(String over, long at, List<Condition> conditions) {
    private boolean isOver(ClusterObject object) {
      return over.equals(object.version());
    }
  }

  /** Why calls about a subject fail, and when the next try is. */
  private record Failure(int times, long retry, String why) {}

  /**
   * A controller that has seen nothing yet.
   *
   * @param identity of this process, unlike that of any other, also earlier ones of its name
   */
  public ClusterController(String identity, Moment now) {
    leadership = new Leadership(identity, now.nanos());
    lookAgain = now.nanos();
  }

  /** Takes one event; what is to be done, in this order. */
  public List<ControllerEffect> step(Moment now, ControllerEvent event) {
    effects.clear();
    stepped = now.nanos();
    boolean led = leadership.leads();
    switch (event) {
      case ControllerEvent.ClusterSeen(var allObjects, var allClaims) -> {
        objects = allObjects;
        claims = allClaims;
        isCurrent = true;
        see();
      }
      case ControllerEvent.SightChanged(var current) -> {
        isCurrent = current;
        mustDecide = true;
      }
      case ControllerEvent.CallEnded(var id, var outcome) -> ended(now, id, outcome);
      case ControllerEvent.DeadlineReached() -> {}
      case ControllerEvent.Stopping() -> leadership.release(now).ifPresent(this::start);
    }
    leadership.due(now).ifPresent(this::start);
    reportLeader(led);
    if (now.nanos() - lookAgain >= 0) {
      see();
      lookAgain = now.nanos() + LOOK_AGAIN;
    }
    if (!leadership.leads() || !isCurrent) {
      todo.clear();
    } else {
      if (mustDecide || decideAgain.isPresent() && now.nanos() - decideAgain.getAsLong() >= 0) {
        decide(now);
      }
      startWhatMay(now);
    }
    return List.copyOf(effects);
  }

  private void see() {
    unseen.clear();
    mustDecide = true;
  }

  private void reportLeader(boolean led) {
    if (led != leadership.leads()) {
      mustDecide = true;
      effects.add(
          new Report(false, leadership.leads() ? "leads from now on" : "does not lead any more"));
    }
  }

  // ---- Deciding ---------------------------------------------------------------------------

  private void decide(Moment now) {
    mustDecide = false;
    todo.clear();
    patience.see(now.nanos(), objects);
    decideAgain = patience.next(now.nanos());
    var byName = new TreeMap<String, ClusterObject>();
    objects.forEach(object -> byName.put(object.subject(), object));
    var decision =
        VniAllocator.decide(
            objects.stream().flatMap(object -> object.owner().stream()).toList(),
            claims,
            now.wall().getEpochSecond());
    var refused = new TreeMap<String, Refused>();
    decision.refused().forEach(each -> refused.put(each.owner().name(), each));
    var served = new TreeSet<String>();
    for (var call : decision.calls()) {
      served.add(call.subject());
      var object = Optional.ofNullable(byName.get(call.subject()));
      switch (call) {
        case SetStatus(_, var vni) ->
            object
                .filter(o -> !patience.waits(now.nanos(), o.subject()))
                .flatMap(o -> Conditions.write(now.wall(), o, Optional.empty(), Optional.of(vni)))
                .ifPresent(todo::add);
        case RemoveClaim(var claim) -> todo.add(new AskOwner(claim));
        case MakeClaim _, AdoptClaim _, Release _ -> todo.add(new OfClaim(call));
      }
    }
    for (var object : objects) {
      if (!served.contains(object.subject()) && !patience.waits(now.nanos(), object.subject())) {
        Conditions.write(
                now.wall(),
                object,
                Optional.ofNullable(refused.get(object.subject())),
                Optional.empty())
            .ifPresent(todo::add);
      }
    }
    forgetFailures();
  }

  /** Of what is not to be done any more. */
  private void forgetFailures() {
    var subjects = new TreeSet<String>();
    todo.forEach(call -> subjects.add(call.subject()));
    underWay.values().forEach(call -> subjects.add(call.subject()));
    failures.keySet().removeIf(subject -> !subject.equals(LEASE) && !subjects.contains(subject));
    var there = new TreeSet<String>();
    objects.forEach(object -> there.add(object.subject()));
    written.keySet().retainAll(there);
  }

  // ---- Calls ------------------------------------------------------------------------------

  private void startWhatMay(Moment now) {
    int room = CALLS_AT_ONCE - callsUnderWay();
    while (room > 0 && !notes.isEmpty()) {
      start(new Tell(notes.remove()));
      room--;
    }
    if (room <= 0 || todo.isEmpty()) {
      return;
    }
    var busy = new TreeSet<String>();
    underWay.values().forEach(call -> busy.add(call.subject()));
    for (var each = todo.iterator(); each.hasNext() && room > 0; ) {
      var call = each.next();
      var subject = call.subject();
      if (unseen.contains(subject) || isOldSight(now, call)) {
        each.remove(); // what is seen next decides anew
        continue;
      }
      if (isRepeated(call) && !failures.containsKey(subject)) {
        fail(now, call, NOT_KEPT);
      }
      var failure = Optional.ofNullable(failures.get(subject));
      if (!busy.contains(subject) && failure.filter(f -> now.nanos() - f.retry() < 0).isEmpty()) {
        each.remove();
        busy.add(subject);
        start(call);
        room--;
      }
    }
  }

  private Optional<Written> before(WriteStatus write) {
    return Optional.ofNullable(written.get(write.subject()))
        .filter(before -> Conditions.sayTheSame(before.conditions(), write.conditions()));
  }

  /** It was written before, the server took it, and it is gone: it does not keep it. */
  private boolean isRepeated(ClusterCall call) {
    return call instanceof WriteStatus write
        && before(write).filter(before -> !before.isOver(write.object())).isPresent();
  }

  /** What was written is not seen yet. */
  private boolean isOldSight(Moment now, ClusterCall call) {
    return call instanceof WriteStatus write
        && before(write)
            .filter(before -> before.isOver(write.object()))
            .filter(before -> now.nanos() - before.at() < LOOK_AGAIN)
            .isPresent();
  }

  private int callsUnderWay() {
    return (int)
        underWay.values().stream()
            .filter(call -> !(call instanceof ReadLease) && !(call instanceof WriteLease))
            .count();
  }

  private void start(ClusterCall call) {
    underWay.put(++lastId, call);
    effects.add(new Call(lastId, call));
  }

  private void ended(Moment now, long id, CallOutcome outcome) {
    var call = underWay.remove(id);
    if (call == null) {
      return;
    }
    if (call instanceof ReadLease || call instanceof WriteLease) {
      if (outcome instanceof CallOutcome.Failed(var why)) {
        fail(now, call, why);
      } else {
        failures.remove(call.subject());
      }
      leadership.ended(now, call, outcome).ifPresent(this::start);
      return;
    }
    if (call instanceof Tell) {
      if (outcome instanceof CallOutcome.Failed(var why)) { // the conditions say the same
        effects.add(new Report(true, call.subject() + ": it is not told: " + why));
      }
      return;
    }
    switch (outcome) {
      case CallOutcome.Written(var version)
          when isRepeated(call)
              || call instanceof WriteStatus write && version.equals(write.object().version()) ->
          fail(now, call, NOT_KEPT);
      case CallOutcome.Written _, CallOutcome.Done() -> done(now, call);
      case CallOutcome.Refused _ -> { // somebody was faster; what is seen next decides
        failures.remove(call.subject());
        written.computeIfPresent(
            call.subject(),
            (_, before) -> new Written(before.over(), now.nanos(), before.conditions()));
        unseen.add(call.subject());
      }
      case CallOutcome.Failed(var why) -> {
        fail(now, call, why);
        // Who is to be removed is asked for again before.
        todo.add(call instanceof OfClaim(RemoveClaim(var claim)) ? new AskOwner(claim) : call);
      }
      case CallOutcome.OwnerFound(var owner) -> {
        failures.remove(call.subject());
        if (call instanceof AskOwner(var claim)
            && leadership.leads()
            && owner.map(found -> found.isDoneWith(claim.vni())).orElse(true)) {
          start(new OfClaim(new RemoveClaim(claim)));
        }
      }
      case CallOutcome.LeaseFound _ -> {} // of no such call
    }
  }

  private void done(Moment now, ClusterCall call) {
    failures.remove(call.subject());
    unseen.add(call.subject());
    if (call instanceof WriteStatus write) {
      written.put(
          call.subject(), new Written(write.object().version(), now.nanos(), write.conditions()));
      notes.addAll(write.notes());
      write
          .vni()
          .ifPresent(
              vni -> effects.add(new Report(false, call.subject() + ": " + use(write, vni))));
      write.notes().stream()
          .filter(Note::warning)
          .forEach(
              note ->
                  effects.add(
                      new Report(
                          true, call.subject() + ": " + note.reason() + ": " + note.message())));
    } else if (call instanceof OfClaim(Release(var claim, _))) {
      effects.add(
          new Report(
              false,
              call.subject()
                  + ": "
                  + claim.owner()
                  + " has it no more; it is kept from others for "
                  + VniAllocator.KEPT_SECONDS
                  + " s"));
    } else if (call instanceof OfClaim(RemoveClaim _)) {
      effects.add(new Report(false, call.subject() + ": free"));
    }
  }

  private static String use(WriteStatus write, Vni vni) {
    return (write.object().kind().equals("Tenant") ? "has L3 VNI " : "has VNI ") + vni;
  }

  private void fail(Moment now, ClusterCall call, String why) {
    var before = Optional.ofNullable(failures.get(call.subject()));
    int times = before.map(Failure::times).orElse(0);
    failures.put(
        call.subject(),
        new Failure(times + 1, now.nanos() + (FIRST_WAIT << Math.min(times, MOST_DOUBLINGS)), why));
    if (before.filter(known -> known.why().equals(why)).isEmpty()) {
      effects.add(new Report(true, call.subject() + ": " + why + "; it is tried again"));
    }
  }

  // ---- Questions --------------------------------------------------------------------------

  /** When {@link ControllerEvent.DeadlineReached} is due, on the clock of {@link Moment#nanos}. */
  public OptionalLong nextDeadline() {
    long next = lookAgain;
    var lease = leadership.nextDeadline();
    if (lease.isPresent()) {
      next = Math.min(next, lease.getAsLong());
    }
    if (leadership.leads() && isCurrent) {
      if (decideAgain.isPresent() && decideAgain.getAsLong() - stepped > 0) {
        next = Math.min(next, decideAgain.getAsLong());
      }
      for (var failure : failures.values()) {
        if (failure.retry() - stepped > 0) { // else it is under way, or waits for room
          next = Math.min(next, failure.retry());
        }
      }
    }
    return OptionalLong.of(next);
  }

  /** How it stands. */
  public ClusterView view() {
    return new ClusterView(
        leadership.leads(),
        leadership.holder(),
        isCurrent,
        objects.size(),
        claims.size(),
        (int) claims.stream().filter(claim -> claim.released().isPresent()).count(),
        todo.size() + notes.size() + underWay.size(),
        failures.entrySet().stream()
            .map(each -> each.getKey() + ": " + each.getValue().why())
            .toList());
  }
}
