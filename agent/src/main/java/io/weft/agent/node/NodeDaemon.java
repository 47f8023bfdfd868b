package io.weft.agent.node;

import io.weft.agent.DaemonFailure;
import io.weft.agent.addresses.AddressShell;
import io.weft.agent.addresses.DirectoryStore;
import io.weft.agent.advertise.RouterAdvertiser;
import io.weft.agent.bfd.PeerPaths;
import io.weft.agent.bgp.BgpTransport;
import io.weft.agent.bgp.EndpointTransport;
import io.weft.agent.bgp.PeerTransport;
import io.weft.agent.cluster.Cluster;
import io.weft.agent.cni.CniServer;
import io.weft.agent.cni.ConfigurationWatch;
import io.weft.agent.cni.PodNetworks;
import io.weft.agent.control.ControlServer;
import io.weft.agent.discovery.LinkNeighbours;
import io.weft.agent.discovery.PeerLinks;
import io.weft.agent.intent.ClusterPeers;
import io.weft.agent.intent.Configuration;
import io.weft.agent.intent.ConfigurationSource;
import io.weft.agent.intent.EndpointWords;
import io.weft.agent.intent.IntentPlace;
import io.weft.agent.intent.IntentWords;
import io.weft.agent.intent.InterfacePeers;
import io.weft.agent.json.PeerJson;
import io.weft.agent.kernel.KernelShell;
import io.weft.agent.kernel.UnderlayWatch;
import io.weft.agent.learning.PortListener;
import io.weft.agent.loop.Brain;
import io.weft.agent.loop.EventLoop;
import io.weft.agent.metrics.MetricsServer;
import io.weft.agent.probe.PathProbes;
import io.weft.agent.record.Recorder;
import io.weft.kubernetes.intent.ClusterPods;
import io.weft.kubernetes.nodes.ClusterSpeakers;
import io.weft.kubernetes.nodes.SpeakerNodes;
import io.weft.linux.KernelFeatures;
import io.weft.linux.ffi.LinuxException;
import io.weft.net.IpAddress;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeConfig;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node: puts the brain between BGP, the kernel, the configuration and the socket. {@link
 * #start} gives a running daemon; it ends when it is closed or when a part of it fails.
 */
public final class NodeDaemon implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeDaemon.class);

  private static final int ANSWER_SECONDS = 5;

  private final NodeOptions options;
  private final ConfigurationSource configuration;
  private final UnderlayWatch underlay;
  private final EventLoop<NodeEvent, NodeEffect> loop;
  private final BgpTransport transport;
  private final EndpointTransport endpoints;
  private final PeerPaths paths;
  private final KernelShell kernel;
  private final PathProbes probes;
  private final RouterAdvertiser advertiser;
  private final PortListener listener;
  private final Optional<ClusterPods> clusterPods;
  private final PodNetworks pods;
  private final NodeCalls calls;
  private final Optional<Cluster> cluster;
  private final Optional<AddressShell> addresses;
  private final Optional<SpeakerNodes> nodes;
  private final Optional<Recorder> recorder;
  private final ControlServer control;
  private final CniServer cni;
  private final ConfigurationWatch cniConfiguration;
  private final DrainMark drain;
  private final Optional<MetricsServer> metrics;
  private volatile List<IpAddress> self = List.of();
  private volatile String said = ""; // of the reflectors

  // Guarded by this.
  private SortedMap<String, IpAddress> found = Collections.emptySortedMap();
  private Optional<LinkNeighbours> neighbours = Optional.empty();
  private PeerLinks links = PeerLinks.NONE;

  // Of the kernel's thread alone.
  private boolean kernelObserved;
  private List<IpAddress> listening = List.of();

  private NodeDaemon(
      NodeOptions options,
      ConfigurationSource configuration,
      UnderlayWatch underlay,
      Optional<Cluster> cluster,
      Optional<SpeakerNodes> nodes)
      throws IOException {
    this.options = options;
    this.cluster = cluster;
    this.nodes = nodes;
    this.configuration = configuration;
    this.underlay = underlay;
    this.drain = new DrainMark(options.state());
    var nodeConfig =
        new NodeConfig(options.name(), options.namespacePrefix(), NodeOptions.MAX_ENDPOINTS)
            .withAddresses(
                new AddressConfig(
                    options.addresses().isPresent() || cluster.isPresent(), options.podCidrs()));
    var node = new Node(nodeConfig);
    var brain = new NodeBrain(node);
    recorder =
        options.recording().isEmpty()
            ? Optional.empty()
            : Optional.of(options.recording().get().begin(node, nodeConfig, brain));
    loop =
        new EventLoop<>(
            "brain",
            recorder.<Brain<NodeEvent, NodeEffect>>map(each -> each).orElse(brain),
            this::carryOut);
    transport =
        new BgpTransport(events -> loop.putAll(events.stream().map(NodeEvent.Bgp::new).toList()));
    endpoints =
        new EndpointTransport(
            (network, events) ->
                loop.putAll(
                    events.stream()
                        .<NodeEvent>map(event -> new NodeEvent.EndpointBgp(network, event))
                        .toList()));
    paths = new PeerPaths(event -> loop.put(new NodeEvent.Bgp(event)));
    kernel = new KernelShell(options.namespacePrefix(), underlay, this::fromKernel);
    probes = new PathProbes(() -> ask(node::tunnels));
    advertiser = new RouterAdvertiser(() -> ask(node::advertised));
    listener = new PortListener(seen -> loop.put(new NodeEvent.HostsHeard(seen)));
    clusterPods = cluster.map(Cluster::pods);
    pods = new PodNetworks(configuration.current().reading(), clusterPods, options.pods());
    calls =
        new NodeCalls(
            loop,
            node,
            this::problems,
            () -> configuration.current().reading().intent().ways(),
            this::peerJson,
            probes::view,
            kernel::guards,
            pods,
            drain);
    addresses = openAddresses();
    control = ControlServer.open(options.socket(), calls.handlers());
    cni = openCni();
    cniConfiguration = watchConfigurations();
    var read =
        new NodeMetrics(
            options,
            loop,
            node,
            kernel::guards,
            probes::view,
            this::problems,
            () -> cluster.map(Cluster::calls));
    metrics = options.metrics().map(address -> MetricsServer.start(address, read::read));
  }

  /**
   * Checks the machine, reads the configuration and starts.
   *
   * @throws DaemonFailure in words, when it cannot start; nothing was changed then
   */
  public static NodeDaemon start(NodeOptions options) throws DaemonFailure {
    var features = KernelFeatures.probe();
    if (!features.complete()) {
      throw new DaemonFailure(String.join("\n", features.missing()));
    }
    features.optional().forEach(LOG::warn);
    try {
      var configuration = ConfigurationSource.open(options.config(), options.state());
      // Without peers, what an earlier start left in the kernel would be taken away.
      configuration.requireFabric(
          "the node does not start without the Fabric that is declared; what stands in the kernel"
              + " stays as it is");
      // Before the first word to a peer: what other nodes said must not be taken away for want of
      // them.
      var ofNodes = configuration.client();
      Optional<SpeakerNodes> nodes =
          ofNodes.isPresent()
              ? Optional.of(IntentPlace.nodes(ofNodes.get(), options.name(), configuration.kept()))
              : Optional.empty();
      var underlay = new UnderlayWatch(configuration.current().fabric());
      var kept = configuration.kept();
      var cluster =
          configuration
              .client()
              .map(client -> new Cluster(client, options.name(), options.readyMark(), kept));
      try {
        var daemon = new NodeDaemon(options, configuration, underlay, cluster, nodes);
        daemon.begin();
        return daemon;
      } catch (IOException | RuntimeException e) {
        cluster.ifPresent(Cluster::close);
        underlay.close();
        throw e;
      }
    } catch (IOException | LinuxException e) {
      throw new DaemonFailure(String.valueOf(e.getMessage()));
    }
  }

  private Optional<AddressShell> openAddresses() throws IOException {
    if (options.addresses().isPresent()) {
      var store = DirectoryStore.open(options.addresses().get());
      return Optional.of(new AddressShell(store, loop::put));
    }
    return cluster.map(each -> new AddressShell(each.addressStore(), loop::put));
  }

  /** Not before the pod CIDRs are known: else a pod would get an address from elsewhere. */
  private void startAddresses() {
    if (cluster.isEmpty()) {
      addresses.ifPresent(AddressShell::start);
      return;
    }
    cluster
        .get()
        .start(
            podCidrs -> {
              if (options.podCidrs().isEmpty()) {
                loop.put(new NodeEvent.PodCidrsSeen(podCidrs));
              }
              addresses.ifPresent(AddressShell::start);
            },
            calls::summary);
    cluster.get().tellPods(calls::podNews);
  }

  private CniServer openCni() throws IOException {
    try {
      return CniServer.open(CniServer.beside(options.socket()), calls.attachments());
    } catch (IOException e) {
      control.close();
      throw e;
    }
  }

  private ConfigurationWatch watchConfigurations() throws IOException {
    try {
      return ConfigurationWatch.start(options.cniConfigurations());
    } catch (IOException e) {
      cni.close();
      control.close();
      throw e;
    }
  }

  private void begin() {
    LOG.info("node {}: configuration {}", options.name(), options.config());
    followCluster(); // before the brain answers anybody
    loop.start();
    if (drain.isSet()) {
      loop.put(new NodeEvent.DrainChanged(true));
    }
    startAddresses();
    tell();
    underlay.afterLook(this::lookAtLinks);
    kernel.start();
    configuration.watch(this::change);
    nodes.ifPresent(each -> each.watch(this::changeSpeakers));
  }

  private void changeSpeakers(ClusterSpeakers next) {
    var line = next.summary();
    if (ClusterPeers.leftToCluster(configuration.current().fabric()) && !line.equals(said)) {
      said = line;
      LOG.info(line);
    }
    tell();
  }

  private void change(Configuration next) {
    underlay.change(next.fabric());
    tell();
  }

  /** Tells all parts what holds now: the configuration, with the neighbours that were found. */
  private synchronized void tell() {
    followCluster();
    var declared = configuration.current().fabric();
    lookForNeighbours(InterfacePeers.interfaces(declared));
    if (InterfacePeers.tellRoutes(declared)) {
      kernel.keepUnderlayRoutes();
    }
    var current = withNeighboursFound();
    links = look(current);
    transport.configure(current.transports());
    transport.links(links.byAddress());
    endpoints.configure(current.endpointTransports());
    var intent =
        IntentWords.node(current.intent(), self)
            .withUnderlay(InterfacePeers.underlay(declared))
            .withDeclared(EndpointWords.declared(current.reading(), options.name()));
    loop.put(new NodeEvent.IntentChanged(intent));
    pods.change(current.reading());
    if (!self.isEmpty()) {
      paths.change(current.fabric(), self, links);
    }
  }

  private synchronized void followCluster() {
    cluster.ifPresent(each -> each.follow(configuration.current(), kernel::know, this::tell));
  }

  private PeerLinks look(Configuration current) {
    return links.look(PeerTransport.onLinks(current.transports()));
  }

  private synchronized void lookAtLinks() {
    if (!look(withNeighboursFound()).equals(links) || !paths.problems().isEmpty()) {
      tell();
    }
  }

  private void lookForNeighbours(List<String> interfaces) {
    if (neighbours.isEmpty() && !interfaces.isEmpty()) {
      neighbours = Optional.of(new LinkNeighbours(this::changeNeighbours));
    }
    neighbours.ifPresent(each -> each.interfaces(interfaces));
  }

  private synchronized void changeNeighbours(SortedMap<String, IpAddress> next) {
    found = next;
    tell();
  }

  /** What the brain says; empty while it does not. */
  private <T> Optional<T> ask(Supplier<T> question) {
    try {
      return Optional.of(loop.ask(question).get(ANSWER_SECONDS, TimeUnit.SECONDS));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("no answer from the brain: {}", e.toString());
      return Optional.empty();
    }
  }

  private List<String> problems() {
    var problems = new ArrayList<>(configuration.current().problems());
    problems.addAll(configuration.keptProblems());
    problems.addAll(ClusterPeers.problems(configuration.current(), clusterSpeakers()));
    problems.addAll(transport.problems());
    problems.addAll(endpoints.problems());
    problems.addAll(paths.problems());
    problems.addAll(kernel.guards().problems());
    cluster.ifPresent(each -> problems.addAll(each.problems()));
    addresses.ifPresent(each -> problems.addAll(each.problems()));
    problems.addAll(pods.problems());
    problems.addAll(cniConfiguration.problems());
    recorder.ifPresent(each -> problems.addAll(each.problems()));
    metrics.ifPresent(each -> problems.addAll(each.problems()));
    return problems;
  }

  private synchronized Configuration withNeighboursFound() {
    var ofCluster = ClusterPeers.resolve(configuration.current(), clusterSpeakers(), self);
    var served = cluster.map(each -> each.withServices(ofCluster)).orElse(ofCluster);
    return InterfacePeers.resolve(served, found);
  }

  private ClusterSpeakers clusterSpeakers() {
    return nodes.map(SpeakerNodes::speakers).orElse(ClusterSpeakers.NONE);
  }

  private PeerJson peerJson() {
    var current = withNeighboursFound();
    return new PeerJson(current.fabric(), current.transports(), paths.view());
  }

  /** On the kernel's thread. */
  private void fromKernel(NodeEvent event) {
    if (event instanceof NodeEvent.UnderlayChanged(var found, var reason)) {
      if (!reason.isEmpty()) {
        LOG.warn("{} VTEP address is missing: {}", found.isPresent() ? "a" : "the", reason);
      }
      found.ifPresent(underlayFound -> changeVteps(underlayFound.vteps()));
    }
    loop.put(event);
    kernelObserved |= event instanceof NodeEvent.KernelObserved;
    listen();
  }

  /** A node that is listed among its own peers must not speak to itself. */
  private synchronized void changeVteps(List<IpAddress> vteps) {
    self = vteps;
    tell();
  }

  /** Not before the brain can speak: a connection that came earlier would never be answered. */
  private void listen() {
    if (!kernelObserved || self.isEmpty() || self.equals(listening)) {
      return;
    }
    listening = self;
    transport.listen(self);
  }

  private void carryOut(NodeEffect effect) {
    switch (effect) {
      case NodeEffect.Bgp(var bgp) -> transport.carryOut(bgp);
      case NodeEffect.EndpointBgp(_, var bgp) -> endpoints.carryOut(bgp);
      case NodeEffect.ListenToEndpoints(var listeners) -> endpoints.listen(listeners);
      case NodeEffect.ListenToPorts(var ports) -> listener.listen(ports);
      case NodeEffect.AskHosts(var questions) -> listener.ask(questions);
      case NodeEffect.TellHosts(var bindings) -> listener.tell(bindings);
      case NodeEffect.ApplyChanges batch -> kernel.apply(batch);
      case NodeEffect.ReplyToAttach reply -> calls.answer(reply);
      case NodeEffect.ReplyToDetach reply -> calls.answer(reply);
      case NodeEffect.RefuseDetach reply -> calls.answer(reply);
      case NodeEffect.WriteAddress(var write) -> addresses.orElseThrow().write(write);
      case NodeEffect.ReplyToAddresses reply -> calls.answer(reply);
      case NodeEffect.Report(var subject, var text) -> LOG.info("{}: {}", subject, text);
    }
  }

  /** Completes when the daemon has ended; exceptionally when a part of it failed. */
  public CompletableFuture<Void> ended() {
    return CompletableFuture.anyOf(loop.ended(), kernel.ended(), listener.failed())
        .thenApply(_ -> null);
  }

  /** Not within the lock, which its thread may be waiting for. */
  private void closeNeighbours() {
    Optional<LinkNeighbours> last;
    synchronized (this) {
      last = neighbours;
    }
    last.ifPresent(LinkNeighbours::close);
  }

  /**
   * Stops; what stands in the kernel stays and goes on forwarding. Peers hear nothing: their
   * connections just end, so that they keep our routes for the restart time (RFC 4724 §4.2).
   */
  @Override
  public void close() throws IOException {
    metrics.ifPresent(MetricsServer::close);
    cniConfiguration.close();
    cni.close();
    control.close();
    configuration.close();
    clusterPods.ifPresent(ClusterPods::close);
    nodes.ifPresent(SpeakerNodes::close);
    advertiser.close();
    listener.close();
    probes.close();
    closeNeighbours();
    paths.close();
    kernel.close();
    if (addresses.isPresent()) {
      addresses.get().close();
    }
    cluster.ifPresent(Cluster::close);
    loop.close();
    recorder.ifPresent(Recorder::close);
    transport.close();
    endpoints.close();
    underlay.close();
  }
}
