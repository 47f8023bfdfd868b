package io.weft.agent.kernel;

import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.NodeEffect.ApplyChanges;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that owns the kernel's tables: first it reads them, then it applies what comes, and in
 * between it tells what others have changed.
 */
public final class KernelShell implements AutoCloseable {
  /** How long a change by others stays unseen at most while nothing else happens. */
  static final int WATCH_MILLIS = 100;

  /** How often is looked at what the kernel does not tell of: names of namespaces, settings. */
  private static final long LOOK_NANOS = 1_000_000_000L;

  private static final Logger LOG = LoggerFactory.getLogger(KernelShell.class);

  private final String prefix;
  private final UnderlayWatch underlay;
  private final Consumer<NodeEvent> events;
  private final BlockingQueue<ApplyChanges> batches = new ArrayBlockingQueue<>(4);
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Thread thread;
  private final GuardWatch guards = new GuardWatch();
  private volatile boolean stopping;
  private volatile boolean routes;
  private volatile OtherNodes nodes = OtherNodes.NONE;

  /**
   * Owns the namespaces that begin with {@code prefix}.
   *
   * @param events takes what happens; may block
   */
  public KernelShell(String prefix, UnderlayWatch underlay, Consumer<NodeEvent> events) {
    this.prefix = prefix;
    this.underlay = underlay;
    this.events = events;
    this.thread = Thread.ofPlatform().name("kernel").daemon(true).unstarted(this::run);
  }

  /** Routes of the underlay's main table are wanted, from now on and for ever. */
  public void keepUnderlayRoutes() {
    routes = true;
  }

  /** From now on other nodes are known by these addresses too. */
  public void know(OtherNodes others) {
    nodes = others;
  }

  /** Begins by reading the kernel's tables. */
  public void start() {
    thread.start();
  }

  /** Completes when it has stopped; exceptionally when it failed. */
  public CompletableFuture<Void> ended() {
    return ended;
  }

  /** What the packet filters have stopped, as of some seconds ago. */
  public GuardView guards() {
    return guards.view();
  }

  /** Hands over a batch; the brain has one in flight at a time, so there always is room. */
  public void apply(ApplyChanges batch) {
    batches.add(batch);
  }

  private void run() {
    try (var tables = new KernelTables(prefix)) {
      underlay.check().ifPresent(events);
      if (routes) {
        tables.keepUnderlayRoutes();
      }
      tables.know(nodes);
      var standing = tables.dump();
      tables.groups().forEach(events);
      events.accept(new NodeEvent.KernelObserved(standing));
      long lookDue = System.nanoTime() + LOOK_NANOS;
      long watchDue = System.nanoTime();
      while (!stopping) {
        var batch = batches.poll(WATCH_MILLIS, TimeUnit.MILLISECONDS);
        if (batch != null) {
          events.accept(new NodeEvent.ChangesApplied(batch.batch(), apply(tables, batch)));
          if (System.nanoTime() - watchDue < 0) {
            continue; // what waits on this batch, here and on other nodes, needs the processor more
          }
        }
        if (routes) {
          tables.keepUnderlayRoutes();
        }
        tables.know(nodes);
        watchDue = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WATCH_MILLIS);
        var news = new ArrayList<Observation>();
        if (System.nanoTime() - lookDue >= 0) {
          lookDue = System.nanoTime() + LOOK_NANOS;
          news.addAll(tables.lookAround());
          guards.look(System.nanoTime(), tables);
        }
        news.addAll(tables.drain(batch == null));
        if (!news.isEmpty()) {
          events.accept(new NodeEvent.KernelChanged(news));
        }
        tables.groups().forEach(events);
        underlay.check().ifPresent(events);
        underlay.appeared().ifPresent(events);
      }
      ended.complete(null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ended.complete(null);
    } catch (RuntimeException | Error e) {
      LOG.error("the kernel's part of the agent failed. What stands in the kernel stays.", e);
      ended.completeExceptionally(e);
    }
  }

  private static List<Refusal> apply(KernelTables tables, ApplyChanges batch) {
    long begin = System.nanoTime();
    var refused = tables.apply(batch.changes());
    LOG.debug(
        "batch {}: {} changes, {} refused, {} us",
        batch.batch(),
        batch.changes().size(),
        refused.size(),
        (System.nanoTime() - begin) / 1000);
    if (LOG.isTraceEnabled()) {
      for (KernelChange change : batch.changes()) {
        LOG.trace("  {}", change);
      }
    }
    return refused;
  }

  /** Stops and waits for the end; what stands in the kernel stays. */
  @Override
  public void close() {
    stopping = true;
    try {
      thread.join(2_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
