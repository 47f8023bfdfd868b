package io.weft.agent.kernel;

import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes away all that the agent of this node put into the kernel: what it would adopt, without
 * wanting any of it. Links of the node that were endpoints go back to where they were taken from.
 */
public final class KernelRemoval {
  private KernelRemoval() {}

  /**
   * What was done.
   *
   * @param removed objects
   * @param refused what is left, each with the kernel's own words
   */
  public record Outcome(int removed, List<String> refused) {}

  /**
   * Removes everything; no agent may run with the prefix meanwhile.
   *
   * @param prefix in front of the names of its namespaces
   * @param underlayRoutes also the routes of the main table that are marked as BGP daemons mark
   *     theirs (RTPROT_BGP, metric 20); another daemon's look the same
   * @throws io.weft.linux.ffi.LinuxException when the kernel does not let us look
   */
  public static Outcome removeAll(String prefix, boolean underlayRoutes) {
    try (var tables = new KernelTables(prefix)) {
      if (underlayRoutes) {
        tables.keepUnderlayRoutes();
      }
      var plan = new ForwardingPlan();
      plan.observeAll(tables.dump());
      int removed = 0;
      long now = System.nanoTime();
      var batch = plan.nextBatch(now);
      while (!batch.isEmpty()) {
        var refused = tables.apply(batch);
        removed += batch.size() - refused.size();
        plan.applied(now, refused);
        batch = plan.nextBatch(now); // what was refused is not due again at this moment
      }
      tables.removeGuards();
      var left = new ArrayList<String>();
      plan.failures().forEach(failure -> left.add(failure.key() + ": " + failure.reason()));
      return new Outcome(removed, left);
    }
  }
}
