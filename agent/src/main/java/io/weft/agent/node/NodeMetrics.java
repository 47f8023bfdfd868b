package io.weft.agent.node;

import io.weft.agent.json.FlapWords;
import io.weft.agent.kernel.GuardView;
import io.weft.agent.loop.EventLoop;
import io.weft.agent.metrics.ApiMetrics;
import io.weft.agent.metrics.Metric;
import io.weft.agent.metrics.ProcessMetrics;
import io.weft.agent.metrics.Readings;
import io.weft.agent.metrics.SpeakerMetrics;
import io.weft.agent.probe.PathState;
import io.weft.agent.probe.ProbeView;
import io.weft.bgp.rib.RibSize;
import io.weft.bgp.speaker.SpeakerInspection;
import io.weft.kubernetes.api.ApiCalls;
import io.weft.overlay.ipam.SubnetUse;
import io.weft.overlay.node.ForeignView;
import io.weft.overlay.node.MoveCounts;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeView;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** What a node tells, as metrics. */
final class NodeMetrics {
  private static final int ANSWER_SECONDS = 5;

  private final NodeOptions options;
  private final EventLoop<NodeEvent, NodeEffect> loop;
  private final Node node;
  private final Supplier<GuardView> guards;
  private final Supplier<ProbeView> paths;
  private final Supplier<List<String>> problems;
  private final Supplier<Optional<ApiCalls>> calls;

  /** What the brain says, at one time. */
  private record Picture(
      NodeView view,
      Optional<RibSize> table,
      ForeignView foreign,
      MoveCounts moves,
      List<SubnetUse> subnets,
      boolean drained,
      int deviations) {}

  NodeMetrics(
      NodeOptions options,
      EventLoop<NodeEvent, NodeEffect> loop,
      Node node,
      Supplier<GuardView> guards,
      Supplier<ProbeView> paths,
      Supplier<List<String>> problems,
      Supplier<Optional<ApiCalls>> calls) {
    this.options = options;
    this.loop = loop;
    this.node = node;
    this.guards = guards;
    this.paths = paths;
    this.problems = problems;
    this.calls = calls;
  }

  Readings read() {
    var readings = new Readings();
    ProcessMetrics.addTo(readings, "node", options.name(), loop.waiting());
    calls.get().ifPresent(each -> ApiMetrics.addTo(readings, each));
    stopped(readings);
    paths(readings);
    var picture = ask();
    readings.set(Metric.ANSWERS, picture.isPresent());
    picture.ifPresent(each -> addTo(readings, each));
    return readings;
  }

  private Optional<Picture> ask() {
    var answer =
        loop.ask(
            () ->
                new Picture(
                    node.view(),
                    node.bgp().map(SpeakerInspection::table),
                    node.foreign(),
                    node.moves(),
                    node.subnetUses(System.nanoTime()),
                    node.drained(),
                    node.deviations(System.nanoTime()).size()));
    try {
      return Optional.of(answer.get(ANSWER_SECONDS, TimeUnit.SECONDS));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException | TimeoutException _) {
      answer.cancel(false);
      return Optional.empty();
    }
  }

  private void addTo(Readings readings, Picture picture) {
    var view = picture.view();
    long now = System.nanoTime();
    int flaps = view.bgp().map(bgp -> FlapWords.problems(bgp, now).size()).orElse(0);
    readings.set(Metric.PROBLEMS, problems.get().size() + picture.deviations() + flaps);
    if (view.bgp().isPresent() && picture.table().isPresent()) {
      SpeakerMetrics.addTo(readings, view.bgp().get(), picture.table().get(), System.nanoTime());
    }
    readings.set(Metric.CONVERGED, view.converged());
    readings.set(Metric.DRAINED, picture.drained());
    long attached = view.endpoints().stream().filter(NodeView.EndpointView::attached).count();
    readings.set(Metric.ENDPOINTS, attached, "true");
    readings.set(Metric.ENDPOINTS, view.endpoints().size() - attached, "false");
    readings.set(Metric.WAITING, view.waitingEndpoints().size());
    networks(readings, picture);
    readings.set(Metric.DUPLICATES, picture.moves().frozen());
    readings.set(Metric.MOVES, picture.moves().moves());
    readings.set(Metric.KERNEL_OBJECTS, view.kernelObjects());
    readings.set(Metric.KERNEL_PENDING, view.kernelPending());
    readings.set(Metric.KERNEL_REFUSED, view.kernelFailures().size());
    readings.set(Metric.KERNEL_WRITES, view.kernelWrites());
    var foreign = picture.foreign();
    foreign
        .counts()
        .forEach(
            each ->
                readings.set(Metric.FOREIGN, each.count(), word(each.kind()), word(each.deed())));
    readings.set(Metric.FOREIGN_MENDED, foreign.mended());
    readings.set(Metric.FOREIGN_OPEN, foreign.open().size());
  }

  /** Those that are realised here: of others there is nothing to count. */
  private static void networks(Readings readings, Picture picture) {
    for (var network : picture.view().networks()) {
      if (network.realised()) {
        var name = network.intent().name();
        var tenant = network.intent().tenant().orElse("");
        readings.set(Metric.NETWORK_ENDPOINTS, network.localEndpoints(), name, tenant);
        readings.set(Metric.NETWORK_MACS, network.remoteMacs(), name, tenant);
        readings.set(Metric.NETWORK_FLOOD, network.floodTargets(), name, tenant);
      }
    }
    for (var use : picture.subnets()) {
      var subnet = use.subnet().toString();
      readings.set(Metric.ADDRESSES_USED, use.used(), use.network(), subnet);
      use.free()
          .ifPresent(free -> readings.set(Metric.ADDRESSES_FREE, free, use.network(), subnet));
    }
  }

  private void stopped(Readings readings) {
    var view = guards.get();
    view.totals()
        .forEach(
            (namespace, sums) ->
                sums.forEach(
                    (reason, frames) ->
                        readings.set(Metric.STOPPED, frames, tenant(namespace), reason.word())));
    readings.set(Metric.STRANGERS, view.vxlan());
    view.services()
        .forEach(
            (namespace, packets) ->
                readings.set(Metric.STOPPED_SERVICES, packets, tenant(namespace)));
    readings.set(Metric.GUARD_REPAIRS, view.repairs());
  }

  private String tenant(String namespace) {
    var prefix = options.namespacePrefix();
    return namespace.startsWith(prefix) ? namespace.substring(prefix.length()) : namespace;
  }

  private void paths(Readings readings) {
    var view = paths.get();
    List.of("passing", "too-narrow", "unknown")
        .forEach(state -> readings.set(Metric.PATHS, 0, state));
    for (var path : view.found()) {
      readings.add(
          Metric.PATHS,
          1,
          switch (path) {
            case PathState.Passes _ -> "passing";
            case PathState.TooNarrow _ -> "too-narrow";
            case PathState.Unknown _ -> "unknown";
          });
    }
    readings.set(Metric.PATHS, view.waiting(), "waiting");
    readings.set(Metric.PATHS, view.leftOut(), "left-out");
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
