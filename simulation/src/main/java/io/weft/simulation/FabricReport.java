package io.weft.simulation;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;

/**
 * What a run has shown. Times are virtual.
 *
 * @param violations what did not hold; none: all is well
 * @param traceSha256 of all that happened: equal for equal sizes and seeds
 * @param virtualTime that the run took
 * @param coldStart from the last pod's attach call until every kernel held all that it needed
 * @param changes the same for each change after it, sorted
 * @param settled the same after the last fault; zero without faults
 * @param faults how often each happened
 * @param sessions BGP connections that were made
 * @param messages BGP messages, all sessions together
 * @param octets of them, without TCP
 * @param reflectorRoutes the reflector with the most
 * @param nodeRoutes what a node heard of all its peers: the median node and the one with the most
 * @param kernelObjects the same for what its kernel holds for it
 */
public record FabricReport(
    FabricSize size,
    long seed,
    List<String> violations,
    String traceSha256,
    Duration virtualTime,
    Duration coldStart,
    List<Duration> changes,
    Duration settled,
    SortedMap<Fault, Integer> faults,
    int pods,
    long sessions,
    long messages,
    long octets,
    long reflectorRoutes,
    Spread nodeRoutes,
    Spread kernelObjects) {
  public FabricReport {
    violations = List.copyOf(violations);
    changes = List.copyOf(changes);
  }

  /** Of one number for each node. */
  public record Spread(long median, long most) {
    static Spread of(long[] values) {
      var sorted = values.clone();
      Arrays.sort(sorted);
      return new Spread(sorted[sorted.length / 2], sorted[sorted.length - 1]);
    }
  }

  public boolean ok() {
    return violations.isEmpty();
  }

  /** The change that this share of all changes, 0 to 1, was as fast as; zero without changes. */
  public Duration change(double share) {
    return changes.isEmpty()
        ? Duration.ZERO
        : changes.get((int) Math.min(changes.size() - 1, Math.floor(changes.size() * share)));
  }
}
