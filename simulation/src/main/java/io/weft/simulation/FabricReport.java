package io.weft.simulation;

import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.LongStream;

/**
 * What a run has shown. Times are virtual.
 *
 * @param violations what did not hold; none: all is well
 * @param traceSha256 of all that happened: equal for equal sizes and seeds
 * @param virtualTime that the run took
 * @param coldStart from the last pod's attach call until every kernel held all that it needed
 * @param coldStartOfPods nanoseconds from a pod's attach call, or from the first of its network or
 *     tenant at another node where that comes later, until that node had its way to the pod; of
 *     each pod that other nodes need, the longest
 * @param changes from each change after it until every kernel held what follows from it, sorted
 * @param settled the same from when the last harm was made good; zero without faults
 * @param faults how often each happened
 * @param messages BGP messages, all sessions together
 * @param octets of them, without TCP
 * @param nodeSessions BGP connections that were made between nodes, or strangers, and reflectors
 * @param reflectorSessions those between reflectors
 * @param reflectorRoutes what a reflector holds, by reflector
 * @param nodeRoutes what a node heard of all its peers, by node
 * @param kernelObjects what its kernel holds for it, by node
 */
public record FabricReport(
    FabricSize size,
    long seed,
    List<String> violations,
    String traceSha256,
    Duration virtualTime,
    Duration coldStart,
    Spread coldStartOfPods,
    List<Duration> changes,
    Duration settled,
    SortedMap<Fault, Integer> faults,
    int pods,
    long messages,
    long octets,
    Sessions nodeSessions,
    Sessions reflectorSessions,
    Spread reflectorRoutes,
    Spread nodeRoutes,
    Spread kernelObjects) {
  public FabricReport {
    violations = List.copyOf(violations);
    changes = List.copyOf(changes);
  }

  /** Of one number for each of several; all zero for none. */
  public record Spread(long median, long p99, long most) {
    static Spread of(LongStream values) {
      long[] sorted = values.sorted().toArray();
      return sorted.length == 0
          ? new Spread(0, 0, 0)
          : new Spread(at(sorted, 0.5), at(sorted, 0.99), sorted[sorted.length - 1]);
    }

    private static long at(long[] sorted, double share) {
      return sorted[(int) Math.floor(sorted.length * share)];
    }
  }

  /** Sessions of one kind, whose two ends count together. */
  public record Sessions(long count, Spread messages, Spread octets) {
    static Sessions of(List<Traffic> all) {
      return new Sessions(
          all.size(),
          Spread.of(all.stream().mapToLong(Traffic::messages)),
          Spread.of(all.stream().mapToLong(Traffic::octets)));
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
