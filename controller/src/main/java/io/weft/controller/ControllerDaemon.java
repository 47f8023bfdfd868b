package io.weft.controller;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.DaemonFailure;
import io.weft.agent.control.ControlServer;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.agent.loop.Brain;
import io.weft.agent.loop.EventLoop;
import io.weft.agent.metrics.ApiMetrics;
import io.weft.agent.metrics.Metric;
import io.weft.agent.metrics.MetricsServer;
import io.weft.agent.metrics.ProcessMetrics;
import io.weft.agent.metrics.Readings;
import io.weft.kubernetes.api.ApiClient;
import io.weft.overlay.cluster.CallOutcome;
import io.weft.overlay.cluster.ClusterCall;
import io.weft.overlay.cluster.ClusterController;
import io.weft.overlay.cluster.ClusterView;
import io.weft.overlay.cluster.ControllerEffect;
import io.weft.overlay.cluster.ControllerEvent;
import io.weft.overlay.cluster.ControllerEvent.CallEnded;
import io.weft.overlay.cluster.ControllerEvent.DeadlineReached;
import io.weft.overlay.cluster.ControllerEvent.Stopping;
import io.weft.overlay.cluster.Moment;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One replica of the controller: its brain between the Kubernetes API and the socket. */
public final class ControllerDaemon implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControllerDaemon.class);
  private static final int ANSWER_SECONDS = 10;

  /** How long a lease may take to be given back. */
  private static final int STOPPING_SECONDS = 2;

  private final ControllerOptions options;
  private final ApiClient client;
  private final ClusterController controller;
  private final EventLoop<ControllerEvent, ControllerEffect> loop;
  private final ClusterCalls calls;
  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
  private final ControlServer control;
  private final ClusterSight sight;
  private final Optional<MetricsServer> metrics;

  private ControllerDaemon(ControllerOptions options, ApiClient client) throws IOException {
    this.options = options;
    this.client = client;
    var identity = options.name() + "_" + UUID.randomUUID();
    controller = new ClusterController(identity, now(System.nanoTime()));
    loop = new EventLoop<>("brain", brain(controller), this::carryOut);
    calls = new ClusterCalls(client, identity, options.namespace());
    control = ControlServer.open(options.socket(), Map.of("status", _ -> status()));
    LOG.info(
        "controller {}: by {}, with a lease in namespace {}",
        options.name(),
        client.server(),
        options.namespace());
    loop.start();
    sight = ClusterSight.open(client, loop::put);
    metrics = options.metrics().map(address -> MetricsServer.start(address, this::readings));
  }

  private Readings readings() {
    var readings = new Readings();
    ProcessMetrics.addTo(readings, "controller", options.name(), loop.waiting());
    ApiMetrics.addTo(readings, client.calls());
    try {
      var view = view();
      readings.set(Metric.ANSWERS, true);
      readings.set(Metric.LEADS, view.leads());
      readings.set(Metric.CURRENT, view.isCurrent());
      readings.set(Metric.OBJECTS, view.objects());
      readings.set(Metric.CLAIMS, view.claims() - view.released(), "held");
      readings.set(Metric.CLAIMS, view.released(), "released");
      readings.set(Metric.CALLS, view.waiting());
      readings.set(Metric.PROBLEMS, problems(view).size());
    } catch (CallRefused _) {
      readings.set(Metric.ANSWERS, false);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return readings;
  }

  /**
   * Starts; that the API is away is no reason not to.
   *
   * @param client is closed with it
   * @throws DaemonFailure in words, when it cannot start
   */
  public static ControllerDaemon start(ControllerOptions options, ApiClient client)
      throws DaemonFailure {
    try {
      return new ControllerDaemon(options, client);
    } catch (IOException e) {
      client.close();
      throw new DaemonFailure(String.valueOf(e.getMessage()));
    }
  }

  private static Moment now(long nanos) {
    return new Moment(nanos, Instant.now());
  }

  private static Brain<ControllerEvent, ControllerEffect> brain(ClusterController controller) {
    return new Brain<>() {
      @Override
      public List<ControllerEffect> step(long nowNanos, ControllerEvent event) {
        return controller.step(now(nowNanos), event);
      }

      @Override
      public OptionalLong nextDeadline() {
        return controller.nextDeadline();
      }

      @Override
      public ControllerEvent deadlineReached() {
        return new DeadlineReached();
      }
    };
  }

  private void carryOut(ControllerEffect effect) {
    switch (effect) {
      case ControllerEffect.Call(var id, var call) -> callers.execute(() -> make(id, call));
      case ControllerEffect.Report(var warning, var text) -> {
        if (warning) {
          LOG.warn("{}", text);
        } else {
          LOG.info("{}", text);
        }
      }
    }
  }

  private void make(long id, ClusterCall call) {
    try {
      loop.put(new CallEnded(id, outcome(call)));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** A mistake of ours in one call must not leave the brain waiting for its end. */
  private CallOutcome outcome(ClusterCall call) throws InterruptedException {
    try {
      return calls.make(call);
    } catch (RuntimeException e) {
      LOG.error("a call failed; this is a defect of Weft", e);
      return new CallOutcome.Failed(e.toString());
    }
  }

  private ObjectNode status() throws CallRefused, InterruptedException {
    var view = view();
    var document = JsonNodeFactory.instance.objectNode();
    document.put("role", "controller").put("name", options.name());
    document.put("leads", view.leads()).put("leader", view.holder());
    document.put("current", view.isCurrent());
    document.put("objects", view.objects());
    document.put("claims", view.claims()).put("released", view.released());
    document.put("waiting", view.waiting());
    var problems = document.putArray("problems");
    problems(view).forEach(problems::add);
    return document;
  }

  private List<String> problems(ClusterView view) {
    var problems = new ArrayList<>(view.problems());
    if (!view.isCurrent()) {
      problems.add("not all kinds are seen, or the API does not answer: nothing is decided");
    }
    metrics.ifPresent(each -> problems.addAll(each.problems()));
    return problems;
  }

  private ClusterView view() throws CallRefused, InterruptedException {
    try {
      return loop.ask(controller::view).get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new CallRefused("STOPPING", String.valueOf(e.getCause()));
    } catch (TimeoutException _) {
      throw new CallRefused("TIMEOUT", "no answer for " + ANSWER_SECONDS + " s");
    }
  }

  /** Completes when the daemon has ended; exceptionally when the brain failed. */
  public CompletableFuture<Void> ended() {
    return loop.ended();
  }

  /** Gives the lease back, if it is ours, and ends. */
  @Override
  public void close() throws IOException {
    metrics.ifPresent(MetricsServer::close);
    control.close();
    loop.put(new Stopping());
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOPPING_SECONDS);
      while (view().waiting() > 0 && System.nanoTime() < end) {
        Thread.sleep(20);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (CallRefused e) {
      LOG.warn("the lease may not be given back: {}", e.getMessage());
    }
    loop.close();
    sight.close();
    try {
      loop.ended().get(STOPPING_SECONDS, TimeUnit.SECONDS);
      callers.shutdown();
      boolean _ = callers.awaitTermination(STOPPING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("the lease may not be given back: {}", String.valueOf(e.getMessage()));
    }
    client.close();
  }
}
