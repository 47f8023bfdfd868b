package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.KernelChange;
import java.util.List;

/**
 * When a batch was last written to any kernel, but for what follows from the end of a moment: a
 * node sends on what still comes to it for a MAC that has moved away, and this ends by itself. Then
 * the MAC's network may leave the node too: other nodes flood to it no more, and their tenants
 * route to the network by others.
 */
final class LastWrite {
  /** All has followed by then. */
  private static final long AFTERMATH_NANOS = 100_000_000;

  /** Hears of all that is written, not always in the order of time. */
  interface Listener {
    void written(String node, List<KernelChange> changes, long now);
  }

  private long nanos;
  private long aftermathUntilNanos;
  private Listener listener = (_, _, _) -> {};

  /** From now on this one hears of it, in place of whoever did. */
  void tell(Listener other) {
    listener = other;
  }

  /** A node begins a batch because a time has come. */
  void timePassed(List<KernelChange> changes, long now) {
    if (changes.stream().anyMatch(LastWrite::endsMoment)) {
      aftermathUntilNanos = now + AFTERMATH_NANOS;
    }
  }

  private static boolean endsMoment(KernelChange change) {
    return change instanceof KernelChange.Remove && change.key().kind() == Kind.MOVED_MAC;
  }

  /** The batch stands in a node's kernel since then; who is apart says so later. */
  void written(String node, List<KernelChange> changes, long now) {
    listener.written(node, changes, now);
    if (now >= aftermathUntilNanos || !changes.stream().allMatch(LastWrite::mayFollow)) {
      nanos = Math.max(nanos, now);
    }
  }

  private static boolean mayFollow(KernelChange change) {
    return change instanceof KernelChange.Remove || change.key().kind() == Kind.TENANT_ROUTE;
  }

  /** Virtual time since the world began; zero before the first. */
  long nanos() {
    return nanos;
  }
}
