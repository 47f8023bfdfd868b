package io.weft.overlay.cluster;

import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;

/** A call of the API that the controller makes. */
public sealed interface ClusterCall {
  /** What it is about; one call for each at a time. */
  String subject();

  /** Make, adopt, release or remove a claim. */
  record OfClaim(VniCall call) implements ClusterCall {
    @Override
    public String subject() {
      return call.subject();
    }
  }

  /**
   * Write an object's status, if the object is as it was seen.
   *
   * @param vni that it has from now on; empty: nothing is said of it
   * @param conditions all that it has from now on
   * @param notes what its user is told once it is written
   */
  record WriteStatus(
      ClusterObject object, Optional<Vni> vni, List<Condition> conditions, List<Note> notes)
      implements ClusterCall {
    public WriteStatus {
      conditions = List.copyOf(conditions);
      notes = List.copyOf(notes);
    }

    @Override
    public String subject() {
      return object.subject();
    }
  }

  /** Read the owner of a claim that is about to be removed: what was seen may be old. */
  record AskOwner(VniClaim claim) implements ClusterCall {
    @Override
    public String subject() {
      return "VNI " + claim.vni();
    }
  }

  /** Make an Event of it; one that is there already is enough. */
  record Tell(Note note) implements ClusterCall {
    @Override
    public String subject() {
      return "event " + note.reason() + " of " + note.about().subject();
    }
  }

  /** Read who leads. */
  record ReadLease() implements ClusterCall {
    @Override
    public String subject() {
      return "lease";
    }
  }

  /** Write who leads: in place of {@code seen}, if it is as it was seen; empty: there was none. */
  record WriteLease(Optional<LeaseRecord> seen, LeaseRecord next) implements ClusterCall {
    @Override
    public String subject() {
      return "lease";
    }
  }
}
