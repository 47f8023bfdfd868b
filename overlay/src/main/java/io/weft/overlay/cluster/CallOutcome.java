package io.weft.overlay.cluster;

import io.weft.net.Vni;
import java.util.Optional;

/** What became of a call. */
public sealed interface CallOutcome {
  /** It was carried out. */
  record Done() implements CallOutcome {}

  /**
   * A status was written.
   *
   * @param version that the object has since; the one from before: the server keeps nothing of it
   */
  record Written(String version) implements CallOutcome {}

  /**
   * Nothing has happened: what it was decided on is no longer so.
   *
   * @param why the server's words
   */
  record Refused(String why) implements CallOutcome {}

  /**
   * It cannot be said whether it was carried out, or the server would not do it for us.
   *
   * @param why for people
   */
  record Failed(String why) implements CallOutcome {}

  /** Who leads, as written or read; empty: there is no lease. */
  record LeaseFound(Optional<LeaseRecord> lease) implements CallOutcome {}

  /** The owner that was asked for; empty: it has gone. */
  record OwnerFound(Optional<Owner> owner) implements CallOutcome {}

  /**
   * An owner as it is now.
   *
   * @param given the VNI of its spec
   * @param status the VNI in its status
   */
  record Owner(Optional<Vni> given, Optional<Vni> status) {
    /** True when it has another VNI than this one, and asks for another than this one. */
    boolean isDoneWith(Vni vni) {
      return status.isPresent() && !status.get().equals(vni) && !given.equals(Optional.of(vni));
    }
  }
}
