package io.weft.agent.metrics;

import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the metrics of a daemon over HTTP, read-only, at {@code /metrics}. That its port is taken
 * keeps no daemon from its work: it tries again every 10 s. Whoever reads more often than once in a
 * second gets the same values again.
 */
public final class MetricsServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MetricsServer.class);
  private static final Duration RETRY = Duration.ofSeconds(10);
  private static final long FRESH_NANOS = 1_000_000_000L;

  private final MetricsAddress address;
  private final Supplier<Readings> source;
  private final Thread opener;

  // Guarded by this.
  private @Nullable HTTPServer server;
  private boolean closed;
  private Optional<String> problem = Optional.empty();

  private final Object reading = new Object();
  private @Nullable MetricSnapshots last;
  private long lastNanos;

  private MetricsServer(MetricsAddress address, Supplier<Readings> source) {
    this.address = address;
    this.source = source;
    this.opener = Thread.ofVirtual().name("weft-metrics").unstarted(this::open);
  }

  /**
   * Begins to serve.
   *
   * @param source looks at the daemon; called by one thread at a time, may take seconds
   */
  public static MetricsServer start(MetricsAddress address, Supplier<Readings> source) {
    var server = new MetricsServer(address, source);
    if (!server.tryOpen()) {
      server.opener.start();
    }
    return server;
  }

  /** The port on which it listens; empty: it does not yet. */
  public synchronized OptionalInt port() {
    return server == null ? OptionalInt.empty() : OptionalInt.of(server.getPort());
  }

  /** Why nobody can read them, where somebody asked for them. */
  public synchronized List<String> problems() {
    return problem.filter(_ -> address.chosen()).stream().toList();
  }

  private void open() {
    try {
      do {
        Thread.sleep(RETRY);
      } while (!tryOpen());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** True when there is nothing more to do. */
  private synchronized boolean tryOpen() {
    if (closed) {
      return true;
    }
    var registry = new PrometheusRegistry();
    registry.register((MultiCollector) this::collect);
    try {
      server =
          HTTPServer.builder()
              .inetAddress(address.address())
              .port(address.port())
              .registry(registry)
              .registerHealthHandler(false) // it would say nothing of the daemon
              .buildAndStart();
      problem = Optional.empty();
      LOG.info("metrics: http://{}:{}/metrics", address.host(), address.port());
      return true;
    } catch (IOException e) {
      var text =
          "metrics cannot be read at %s: %s; choose another place with --metrics ADDRESS:PORT"
              .formatted(address, e.getMessage());
      if (problem.isEmpty()) {
        LOG.warn("{}", text);
      }
      problem = Optional.of(text);
      return false;
    }
  }

  private MetricSnapshots collect() {
    synchronized (reading) {
      long now = System.nanoTime();
      if (last == null || now - lastNanos > FRESH_NANOS) {
        last = source.get().snapshots();
        lastNanos = System.nanoTime();
      }
      return last;
    }
  }

  @Override
  public void close() {
    opener.interrupt();
    synchronized (this) {
      closed = true;
      if (server != null) {
        server.close();
      }
    }
  }
}
