package io.weft.overlay.cluster;

import io.weft.overlay.cluster.ClusterCall.ReadLease;
import io.weft.overlay.cluster.ClusterCall.WriteLease;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Acquires a lease, renews it, and says when it is lost: who does not renew it for {@link
 * #SECONDS}, as the others' own clocks measure it, is no longer the leader. It spares work; two who
 * both believe to lead do no harm (see {@link VniAllocator}).
 *
 * <p>The times are those of Kubernetes' own controllers.
 */
final class Leadership {
  static final long SECONDS = 15;

  /** A leader that could not renew for so long gives up: before another may have taken over. */
  private static final long RENEWED_WITHIN = TimeUnit.SECONDS.toNanos(10);

  private static final long PAUSE = TimeUnit.SECONDS.toNanos(2);

  private final String identity;

  /** As it was read or written last. */
  private Optional<LeaseRecord> seen = Optional.empty();

  /** When it was first seen as it is. */
  private long seenSince;

  private boolean leads;

  /** When the renewal began that the server took last. */
  private long renewed;

  private long nextTry;
  private boolean isAsking;
  private boolean isReleased;
  private long asked;

  Leadership(String identity, long nowNanos) {
    this.identity = identity;
    this.nextTry = nowNanos;
  }

  boolean leads() {
    return leads;
  }

  /** Who leads, as far as is known; empty: nobody, or not known. */
  String holder() {
    return seen.map(LeaseRecord::holder).orElse("");
  }

  OptionalLong nextDeadline() {
    if (isAsking || isReleased) {
      return leads ? OptionalLong.of(renewed + RENEWED_WITHIN) : OptionalLong.empty();
    }
    return OptionalLong.of(leads ? Math.min(nextTry, renewed + RENEWED_WITHIN) : nextTry);
  }

  /** The call that is due, if any; its end must be told. */
  Optional<ClusterCall> due(Moment now) {
    if (leads && now.nanos() - renewed >= RENEWED_WITHIN) {
      leads = false;
    }
    if (isAsking || isReleased || now.nanos() - nextTry < 0) {
      return Optional.empty();
    }
    return Optional.of(ask(now, leads ? renewal(now) : new ReadLease()));
  }

  private ClusterCall ask(Moment now, ClusterCall call) {
    isAsking = true;
    asked = now.nanos();
    return call;
  }

  private WriteLease renewal(Moment now) {
    return new WriteLease(seen, ours(now, seen.map(LeaseRecord::acquired).orElse(now.wall())));
  }

  private LeaseRecord ours(Moment now, Instant acquired) {
    boolean changesHands = !holder().equals(identity);
    long transitions = seen.map(LeaseRecord::transitions).orElse(0L);
    return new LeaseRecord(
        "",
        identity,
        SECONDS,
        acquired,
        now.wall(),
        seen.isPresent() && changesHands ? transitions + 1 : transitions);
  }

  /** A call has ended; the next one, when it is due at once. */
  Optional<ClusterCall> ended(Moment now, ClusterCall call, CallOutcome outcome) {
    isAsking = false;
    nextTry = now.nanos() + PAUSE;
    if (outcome instanceof CallOutcome.LeaseFound(var lease)) {
      boolean same = lease.equals(seen);
      seen = lease;
      if (!same) {
        seenSince = now.nanos();
      }
      if (isReleased) { // a renewal was under way when it was to be given back
        return holder().equals(identity) ? Optional.of(giveBack(now)) : Optional.empty();
      }
      if (call instanceof WriteLease) {
        leads = holder().equals(identity);
        renewed = asked;
      } else if (isFree(now)) {
        return Optional.of(ask(now, new WriteLease(seen, ours(now, now.wall()))));
      }
    } else if (leads && outcome instanceof CallOutcome.Refused) {
      // Somebody else wrote it: what it says now decides.
      leads = false;
      nextTry = now.nanos();
    }
    return Optional.empty();
  }

  /** Nobody's, or ours already, or not renewed for as long as its holder promised. */
  private boolean isFree(Moment now) {
    return holder().isEmpty()
        || holder().equals(identity)
        || now.nanos() - seenSince
            >= TimeUnit.SECONDS.toNanos(seen.map(LeaseRecord::seconds).orElse(SECONDS));
  }

  /** Gives the lease back, so that another need not wait. */
  Optional<ClusterCall> release(Moment now) {
    isReleased = true;
    if (!leads) {
      return Optional.empty();
    }
    leads = false;
    return isAsking ? Optional.empty() : Optional.of(giveBack(now));
  }

  private WriteLease giveBack(Moment now) {
    var last = seen.orElseThrow();
    return new WriteLease(
        seen, new LeaseRecord("", "", SECONDS, last.acquired(), now.wall(), last.transitions()));
  }
}
