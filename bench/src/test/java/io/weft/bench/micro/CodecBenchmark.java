package io.weft.bench.micro;

import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UpdatePacking;
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

/** Octets to routes and back, in nanoseconds for a route. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CodecBenchmark {
  private static final int IN_ONE_UPDATE = 100;
  private static final int MANY = 10_000;

  private final MessageCodec codec = new MessageCodec();
  private final List<Route> many = Samples.routes(MANY);
  private final Message update =
      Message.Update.announce(Samples.attributes(), Samples.routes(IN_ONE_UPDATE));
  private final byte[] octets = codec.encode(update);

  /** One UPDATE of a hundred routes. */
  @Benchmark
  @OperationsPerInvocation(IN_ONE_UPDATE)
  public Decoded decodePacked() {
    return codec.decode(octets);
  }

  /** The same the other way. */
  @Benchmark
  @OperationsPerInvocation(IN_ONE_UPDATE)
  public byte[] encodePacked() {
    return codec.encode(update);
  }

  /** Ten thousand routes of the same attributes, put into UPDATEs. */
  @Benchmark
  @OperationsPerInvocation(MANY)
  public List<Message> pack() {
    return UpdatePacking.announce(Samples.attributes(), many);
  }
}
