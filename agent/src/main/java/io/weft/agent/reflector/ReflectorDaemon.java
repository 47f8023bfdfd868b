package io.weft.agent.reflector;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.DaemonFailure;
import io.weft.agent.bfd.PeerPaths;
import io.weft.agent.bgp.BgpTransport;
import io.weft.agent.bgp.PeerTransport;
import io.weft.agent.bgp.SpeakerBrain;
import io.weft.agent.control.BgpCalls;
import io.weft.agent.control.ControlServer;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.agent.control.ControlServer.Handler;
import io.weft.agent.discovery.PeerLinks;
import io.weft.agent.intent.Configuration;
import io.weft.agent.intent.ConfigurationSource;
import io.weft.agent.intent.IntentPlace;
import io.weft.agent.json.BgpJson;
import io.weft.agent.json.FlapWords;
import io.weft.agent.json.PeerJson;
import io.weft.agent.kernel.UnderlayWatch;
import io.weft.agent.loop.EventLoop;
import io.weft.agent.metrics.Metric;
import io.weft.agent.metrics.MetricsServer;
import io.weft.agent.metrics.ProcessMetrics;
import io.weft.agent.metrics.Readings;
import io.weft.agent.metrics.SpeakerMetrics;
import io.weft.agent.reflector.ReflectorOptions.Given;
import io.weft.agent.reflector.ReflectorOptions.InResources;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerInspection;
import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.linux.ffi.LinuxException;
import io.weft.overlay.node.Underlay;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One route reflector (RFC 4456): the speaker between BGP, the configuration and the socket. It has
 * no data plane.
 */
public final class ReflectorDaemon implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReflectorDaemon.class);
  private static final int ANSWER_SECONDS = 30;
  private static final Duration END_OF_RIB_PAUSE = Duration.ofSeconds(5);

  private final ReflectorOptions options;
  private final Optional<Files> files;
  private final Speaker speaker;
  private final EventLoop<SpeakerEvent, SpeakerEffect> loop;
  private final BgpTransport transport;
  private final PeerPaths paths;
  private final ControlServer control;
  private final Optional<MetricsServer> metrics;
  private volatile Orders orders;
  private PeerLinks links = PeerLinks.NONE;

  /** What is read and watched, and the address that was found when it was first read. */
  private record Files(ConfigurationSource source, Underlay underlay) {
    static Files open(IntentPlace config, Path state) throws IOException, DaemonFailure {
      var source = ConfigurationSource.open(config, state);
      source.requireFabric("the reflector does not start without the Fabric that is declared");
      return new Files(source, discover(source.current().fabric()));
    }

    Orders orders(Configuration configuration) {
      return Orders.of(configuration, underlay);
    }
  }

  private ReflectorDaemon(ReflectorOptions options) throws IOException, DaemonFailure {
    this.options = options;
    switch (options.settings()) {
      case InResources(var config, var state) -> {
        var opened = Files.open(config, state);
        files = Optional.of(opened);
        orders = opened.orders(opened.source().current());
      }
      case Given given -> {
        files = Optional.empty();
        orders = Orders.of(given);
      }
    }
    speaker = Speaker.reflector(orders.speaker());
    loop = new EventLoop<>("brain", new SpeakerBrain(speaker), this::carryOut);
    transport = new BgpTransport(orders.port(), loop::putAll);
    paths = new PeerPaths(loop::put);
    control = ControlServer.open(options.socket(), handlers());
    metrics = options.metrics().map(address -> MetricsServer.start(address, this::readings));
  }

  private Readings readings() {
    var readings = new Readings();
    ProcessMetrics.addTo(readings, "reflector", options.name(), loop.waiting());
    try {
      var view = speaker();
      var table = ask(asked -> Optional.of(asked.table()));
      SpeakerMetrics.addTo(readings, view, table, System.nanoTime());
      readings.set(Metric.ANSWERS, true);
      readings.set(Metric.PROBLEMS, problems(view).size());
    } catch (CallRefused _) {
      readings.set(Metric.ANSWERS, false);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return readings;
  }

  private static Underlay discover(FabricSpec fabric) throws DaemonFailure {
    try (var watch = new UnderlayWatch(fabric)) {
      var found = watch.discover();
      return found
          .underlay()
          .orElseThrow(() -> new DaemonFailure("the reflector has no address: " + found.reason()));
    }
  }

  /**
   * Reads the configuration, finds its own address where it is not given, and starts.
   *
   * @throws DaemonFailure in words, when it cannot start
   */
  public static ReflectorDaemon start(ReflectorOptions options) throws DaemonFailure {
    try {
      var daemon = new ReflectorDaemon(options);
      try {
        daemon.begin();
        return daemon;
      } catch (DaemonFailure | RuntimeException e) {
        daemon.close();
        throw e;
      }
    } catch (IOException | LinuxException e) {
      throw new DaemonFailure(String.valueOf(e.getMessage()));
    }
  }

  private void begin() throws DaemonFailure {
    var told = orders.speaker();
    if (told.ranges().isEmpty()) {
      throw new DaemonFailure("nobody may connect: give Fabric vtep.cidr or reflectors.clients");
    }
    transport.configure(orders.transports());
    loop.start();
    transport.listen(orders.addresses());
    LOG.info(
        "reflector {}: listening on {} port {}: AS {}, router {}, cluster {}, clients from {}",
        options.name(),
        orders.addresses(),
        orders.port(),
        told.as(),
        told.routerId(),
        told.clusterId(),
        told.ranges().stream().map(PeerRange::prefix).toList());
    lookAtLinks();
    Thread.ofVirtual().name("end-of-rib").start(this::completeAfterPause);
    files.ifPresent(
        each -> each.source().watch(configuration -> change(each.orders(configuration))));
  }

  private synchronized void lookAtLinks() {
    links = links.look(PeerTransport.onLinks(orders.transports()));
    transport.links(links.byAddress());
    orders.fabric().ifPresent(fabric -> paths.change(fabric, orders.addresses(), links));
  }

  /**
   * RFC 4724 §4.1: after a restart End-of-RIB waits until the clients had time to say their routes;
   * the others would otherwise drop what they keep of them.
   */
  private void completeAfterPause() {
    try {
      Thread.sleep(END_OF_RIB_PAUSE);
      loop.put(new SpeakerEvent.OriginationCompleted());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void change(Orders next) {
    orders = next;
    transport.configure(next.transports());
    loop.put(new SpeakerEvent.ConfigChanged(next.speaker()));
    lookAtLinks();
  }

  private void carryOut(SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.PeerUp(var peer) -> LOG.info("peer {}: session established", peer);
      case SpeakerEffect.PeerDown(var peer, var reason) ->
          LOG.info("peer {}: session down: {}", peer, reason);
      case SpeakerEffect.Report(var peer, var text) -> LOG.warn("peer {}: {}", peer, text);
      case SpeakerEffect.Connect _,
          SpeakerEffect.Send _,
          SpeakerEffect.Close _,
          SpeakerEffect.BestPathChanged _,
          SpeakerEffect.EndOfRibReceived _ ->
          transport.carryOut(effect);
    }
  }

  private Map<String, Handler> handlers() {
    var handlers = new TreeMap<String, Handler>();
    handlers.put("status", _ -> status(speaker()));
    handlers.put("peers", _ -> peers(speaker()));
    handlers.put("routes", call -> BgpCalls.routes(call, this::ask));
    handlers.put("why", call -> BgpCalls.why(call, (_, _) -> Optional.empty(), this::ask));
    return handlers;
  }

  private ObjectNode peers(SpeakerStatus view) {
    var now = orders;
    return new PeerJson(now.fabric().orElse(FabricSpec.DEFAULT), now.transports(), paths.view())
        .addTo(BgpJson.peers(view, System.nanoTime()));
  }

  private ObjectNode status(SpeakerStatus view) {
    var document = JsonNodeFactory.instance.objectNode();
    document.put("role", "reflector").put("name", options.name());
    document.put("address", orders.addresses().getFirst().toString()).put("asn", view.as().value());
    document.put("routerId", view.routerId().toString());
    var peers = document.putObject("peers");
    peers.put("configured", view.peers().size());
    peers.put("established", view.established());
    var problems = document.putArray("problems");
    problems(view).forEach(problems::add);
    return document;
  }

  private List<String> problems(SpeakerStatus view) {
    var problems = new ArrayList<>(orders.problems());
    files.ifPresent(each -> problems.addAll(each.source().keptProblems()));
    problems.addAll(transport.problems());
    problems.addAll(paths.problems());
    problems.addAll(FlapWords.problems(view, System.nanoTime()));
    metrics.ifPresent(each -> problems.addAll(each.problems()));
    return problems;
  }

  private SpeakerStatus speaker() throws CallRefused, InterruptedException {
    return ask(asked -> Optional.of(asked.status()));
  }

  private <T> T ask(Function<SpeakerInspection, Optional<T>> slice)
      throws CallRefused, InterruptedException {
    var answer = loop.askInSlices(() -> slice.apply(speaker));
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      var cause = e.getCause();
      throw new CallRefused("STOPPING", String.valueOf(cause == null ? e : cause.getMessage()));
    } catch (TimeoutException _) {
      answer.cancel(false);
      throw new CallRefused("TIMEOUT", "no answer for " + ANSWER_SECONDS + " s");
    }
  }

  /** Completes when the daemon has ended; exceptionally when the brain failed. */
  public CompletableFuture<Void> ended() {
    return loop.ended();
  }

  /** Stops without a word to the peers, as {@code NodeDaemon} does. */
  @Override
  public void close() throws IOException {
    metrics.ifPresent(MetricsServer::close);
    control.close();
    files.ifPresent(each -> each.source().close());
    paths.close();
    loop.close();
    transport.close();
  }
}
