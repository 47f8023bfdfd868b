package io.weft.bench.micro;

import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RibChange;
import io.weft.bgp.rib.RoutesIn;
import io.weft.bgp.rib.Source;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The table, in nanoseconds for a route. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RibBenchmark {
  private static final int ROUTES = 100_000;
  private static final int BATCH = 100;

  private final List<Route> routes = Samples.routes(ROUTES);
  private final PathAttributes attributes = Samples.attributes();
  private final RoutesIn from =
      new RoutesIn(new Source(Samples.VTEP, Samples.VTEP, Samples.AS, Source.Kind.CLIENT));

  /** Into an empty table, with the best paths chosen after each hundred; then all out again. */
  @Benchmark
  @OperationsPerInvocation(ROUTES)
  public List<RibChange> announceAndWithdraw() {
    var rib = new Rib();
    for (int at = 0; at < ROUTES; at += BATCH) {
      routes.subList(at, at + BATCH).forEach(route -> rib.announce(from, route, attributes));
      rib.takeChanges();
    }
    routes.forEach(route -> rib.withdraw(from, route));
    return rib.takeChanges();
  }
}
