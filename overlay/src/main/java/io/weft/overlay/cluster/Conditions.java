package io.weft.overlay.cluster;

import io.weft.net.Vni;
import io.weft.overlay.cluster.Verdict.Complaint;
import io.weft.overlay.cluster.VniAllocator.Obstacle;
import io.weft.overlay.cluster.VniAllocator.Refused;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Says what an object's conditions should be, and what of it its user is told by Events. */
final class Conditions {
  /** Longer messages are cut: a status is read by every node. */
  private static final int MOST_CHARACTERS = 1024;

  private final ClusterObject object;
  private final Optional<Refused> refused;
  private final Optional<Vni> vni;

  private Conditions(ClusterObject object, Optional<Refused> refused, Optional<Vni> vni) {
    this.object = object;
    this.refused = refused;
    this.vni = vni;
  }

  /**
   * The status to write, if it is another than there is.
   *
   * @param refused why it cannot have a VNI
   * @param given a VNI that it gets by this
   */
  static Optional<ClusterCall.WriteStatus> write(
      Instant now, ClusterObject object, Optional<Refused> refused, Optional<Vni> given) {
    var conditions = new Conditions(object, refused, given.or(object::vni));
    var wanted = List.of(conditions.accepted(now), conditions.ready(now));
    var next = new ArrayList<Condition>();
    for (var old : object.conditions()) {
      if (find(wanted, old.type()).isEmpty()) {
        next.add(old); // of somebody else
      }
    }
    boolean same = given.isEmpty();
    for (var each : wanted) {
      var old = find(object.conditions(), each.type());
      same &= old.filter(each::saysWhat).isPresent();
      next.add(
          old.filter(before -> before.status().equals(each.status()))
              .map(before -> since(each, before.since()))
              .orElse(each));
    }
    return same
        ? Optional.empty()
        : Optional.of(
            new ClusterCall.WriteStatus(object, given, next, conditions.notes(given, wanted)));
  }

  /** True when both say the same, whenever they began to. */
  static boolean sayTheSame(List<Condition> left, List<Condition> right) {
    return left.size() == right.size()
        && right.stream()
            .allMatch(each -> find(left, each.type()).filter(each::saysWhat).isPresent());
  }

  private static Optional<Condition> find(List<Condition> conditions, String type) {
    return conditions.stream().filter(each -> each.type().equals(type)).findFirst();
  }

  private static Condition since(Condition condition, Instant since) {
    return new Condition(
        condition.type(),
        condition.status(),
        condition.reason(),
        condition.message(),
        since,
        condition.generation());
  }

  private Condition accepted(Instant now) {
    return complaint()
        .map(why -> condition(now, Condition.ACCEPTED, false, why.reason(), why.message()))
        .orElseGet(
            () ->
                condition(
                    now, Condition.ACCEPTED, true, "Valid", "valid, and in conflict with nothing"));
  }

  /** What its author must mend. */
  private Optional<Complaint> complaint() {
    return refused
        .filter(each -> each.obstacle() == Obstacle.IN_USE)
        .map(each -> new Complaint("VniInUse", each.reason()))
        .or(() -> object.verdict().complaint());
  }

  private Condition ready(Instant now) {
    boolean waits = object.owner().isPresent() && vni.isEmpty();
    if (waits) {
      var why =
          complaint()
              .or(() -> refused.map(each -> new Complaint("PoolExhausted", each.reason())))
              .orElse(new Complaint("WaitingForVni", "its VNI is about to be given"));
      return condition(now, Condition.READY, false, why.reason(), why.message());
    }
    boolean served = refused.isEmpty() && object.verdict().inForce();
    if (served) {
      return condition(now, Condition.READY, true, "InForce", use());
    }
    return condition(
        now,
        Condition.READY,
        false,
        complaint().map(Complaint::reason).orElse("NotInForce"),
        complaint().map(Complaint::message).orElse("it is not carried out as it is")
            + "; nodes that carried out an earlier version go on with that");
  }

  private String use() {
    var name = object.kind().equals("Tenant") ? "L3 VNI " : "VNI ";
    return vni.map(each -> name + each).orElse(object.verdict().use());
  }

  private Condition condition(
      Instant now, String type, boolean holds, String reason, String message) {
    var text =
        message.length() > MOST_CHARACTERS
            ? message.substring(0, MOST_CHARACTERS - 3) + "..."
            : message;
    return new Condition(type, holds ? "True" : "False", reason, text, now, object.generation());
  }

  private List<Note> notes(Optional<Vni> given, List<Condition> wanted) {
    var notes = new ArrayList<Note>();
    given.ifPresent(
        _ ->
            notes.add(new Note(object, false, "VniAllocated", "it has " + use() + " from now on")));
    var told = new ArrayList<String>();
    for (var each : wanted) {
      var before = find(object.conditions(), each.type());
      boolean isNews =
          !each.holds()
              && !each.reason().equals("WaitingForVni")
              && before
                  .filter(
                      old ->
                          old.reason().equals(each.reason())
                              && old.message().equals(each.message()))
                  .isEmpty();
      if (isNews && !told.contains(each.reason())) {
        told.add(each.reason());
        notes.add(new Note(object, true, each.reason(), each.message()));
      }
    }
    return notes;
  }
}
