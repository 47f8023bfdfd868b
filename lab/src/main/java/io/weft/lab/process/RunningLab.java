package io.weft.lab.process;

import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.fabric.FabricPlan.Role;
import io.weft.lab.fabric.IntentText;
import io.weft.lab.topology.Topology;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.lab.topology.Topology.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A fabric that stands, and the processes on its hosts. For one thread. */
public final class RunningLab {
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int LOG_LINES = 5;

  private final FabricPlan plan;
  private final LabDirectory directory;
  private final boolean cluster;
  private final Map<String, ProcessIdentity> processes = new TreeMap<>();
  private final Map<String, FrrGateway> gateways = new TreeMap<>();
  private final Map<String, EndpointRouter> routers = new TreeMap<>();
  private final Map<String, Attached> attached = new TreeMap<>();

  /**
   * Nothing is started yet.
   *
   * @param cluster the resources of its nodes are on the API server of the lab's kubeconfig
   */
  public RunningLab(FabricPlan plan, LabDirectory directory, boolean cluster) {
    this.plan = plan;
    this.directory = directory;
    this.cluster = cluster;
  }

  public LabDirectory directory() {
    return directory;
  }

  /** True when its nodes are those of a Kubernetes cluster. */
  public boolean isCluster() {
    return cluster;
  }

  public FabricPlan plan() {
    return plan;
  }

  public Topology topology() {
    return plan.topology();
  }

  /** Writes the configurations and starts everything that the lab is to start. */
  public void start() throws IOException, LabFailure {
    if (!cluster) {
      configure();
    }
    for (var host : hosts()) {
      if (host.isWeft()) {
        start(host.name());
      }
    }
    for (var gateway : topology().gateways()) {
      gateways.put(gateway.name(), FrrGateway.start(plan, directory, gateway));
    }
  }

  private void configure() throws IOException {
    for (var host : hosts()) {
      var files = IntentText.files(plan, topology().reflectors().contains(host));
      var config = Files.createDirectories(directory.config(host.name()));
      for (var file : files.entrySet()) {
        Files.writeString(config.resolve(file.getKey()), file.getValue());
      }
    }
  }

  /** Gives an agent one more file of resources, or another version of it. */
  public void configure(String host, String file, String text) throws IOException {
    var config = directory.config(host);
    var draft = Files.writeString(config.resolve(file + ".draft"), text);
    Files.move(draft, config.resolve(file), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Takes the file away again. */
  public void unconfigure(String host, String file) throws IOException {
    Files.deleteIfExists(directory.config(host).resolve(file));
  }

  private List<Host> hosts() {
    // Reflectors first: a node that finds nobody to speak to waits before it tries again.
    return Stream.concat(topology().reflectors().stream(), topology().nodes().stream()).toList();
  }

  /** Starts a host's process, again where it has ended. */
  public void start(String host) throws IOException, LabFailure {
    var place = plan.namespace(host);
    processes.put(
        host,
        WeftProcess.start(
            directory, place.name(), host, WeftProcess.arguments(plan, directory, place, cluster)));
  }

  /**
   * Starts {@code weft controller} at the spine, which every node reaches.
   *
   * @param name of the replica
   * @param namespace of Kubernetes in which the replicas have their lease
   */
  public void startController(String name, String namespace) throws IOException, LabFailure {
    var arguments =
        List.of(
            "controller",
            "--name=" + name,
            "--namespace=" + namespace,
            "--kubeconfig=" + directory.kubeconfig(),
            "--socket=" + directory.socket(name));
    processes.put(
        name, WeftProcess.start(directory, plan.namespace("spine").name(), name, arguments));
  }

  public ProcessIdentity process(String host) {
    var process = processes.get(host);
    if (process == null) {
      throw new IllegalArgumentException(host + " has no process");
    }
    return process;
  }

  /** An external gateway of the topology. */
  public FrrGateway gateway(String name) {
    var gateway = gateways.get(name);
    if (gateway == null) {
      throw new IllegalArgumentException(name + " is no gateway of this lab");
    }
    return gateway;
  }

  /** Nodes with an agent of ours. */
  public List<Namespace> nodes() {
    return plan.namespaces(Role.NODE).stream()
        .filter(node -> topology().node(node.thing()).isWeft())
        .toList();
  }

  /** Waits until all processes answer, and every session of every node is established. */
  public void awaitSessions() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    for (var host : hosts()) {
      if (host.isWeft()) {
        awaitSessions(host.name(), deadline);
      }
    }
  }

  /** Waits until a host answers, and all its sessions are established. */
  public void awaitSessions(String host) throws IOException, InterruptedException {
    awaitSessions(host, System.nanoTime() + START.toNanos());
  }

  private void awaitSessions(String host, long deadline) throws IOException, InterruptedException {
    var last = "no answer";
    while (System.nanoTime() < deadline) {
      try (var agent = agent(host)) {
        var status = agent.status();
        var peers = status.path("peers");
        if (isReady(
            status.path("role").asText(),
            peers.path("configured").asInt(-1),
            peers.path("established").asInt(-1))) {
          return;
        }
        last = "sessions: " + peers;
      } catch (IOException e) {
        last = String.valueOf(e.getMessage());
      }
      if (!process(host).isAlive()) {
        throw new IOException(host + " has ended: " + lastLines(host));
      }
      Thread.sleep(POLL);
    }
    throw new IOException(host + " is not ready: " + last + "; its log: " + lastLines(host));
  }

  /** A reflector's peers come to it, so those that it has are all it can wait for. */
  private boolean isReady(String role, int configured, int established) {
    int least = cluster && topology().nodes().size() > 1 ? 1 : 0; // those that it has found
    return role.equals("reflector") || (configured >= least && configured == established);
  }

  /** The end of its log. */
  public String lastLines(String host) {
    try {
      var lines = Files.readAllLines(directory.log(host));
      return String.join(" | ", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
    } catch (IOException e) {
      return "no log (" + e.getMessage() + ")";
    }
  }

  /** A connection to an agent or reflector; the caller closes it. */
  public AgentCalls agent(String host) throws IOException {
    return AgentCalls.connect(directory.socket(host));
  }

  /** Attaches an endpoint of the topology. */
  public Attached attach(EndpointPlace endpoint) throws IOException {
    try (var agent = agent(endpoint.node())) {
      var result = agent.attach(endpoint, plan.namespace(endpoint.name()).name());
      attached.put(endpoint.name(), result);
      if (endpoint.as().isPresent()) {
        var router = new EndpointRouter(topology(), directory, result);
        routers.put(endpoint.name(), router);
        router.start();
      }
      return result;
    } catch (IOException e) {
      throw new IOException(endpoint.name() + ": " + e.getMessage(), e);
    }
  }

  /** An endpoint is attached, by whomever. */
  public void attached(Attached endpoint) {
    attached.put(endpoint.name(), endpoint);
  }

  /** An endpoint is no more. */
  public void detached(String endpoint) {
    attached.remove(endpoint);
  }

  /** The BGP daemon in an endpoint. */
  public EndpointRouter router(String endpoint) {
    var router = routers.get(endpoint);
    if (router == null) {
      throw new IllegalArgumentException(endpoint + " speaks no BGP in this lab");
    }
    return router;
  }

  /** Waits until nodes have taken all that their endpoints say by BGP. */
  public void awaitSaid() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    for (var endpoint : topology().speaking()) {
      long wanted = endpoint.prefixes().size();
      long taken = 0;
      while (taken < wanted) {
        if (System.nanoTime() > deadline) {
          throw new IOException(
              "of " + wanted + " prefixes that " + endpoint.name() + " says " + taken + " count");
        }
        Thread.sleep(POLL);
        taken = taken(endpoint);
      }
    }
  }

  private long taken(EndpointPlace endpoint) throws IOException {
    long taken = 0;
    try (var agent = agent(endpoint.node())) {
      for (var session : agent.status().path("endpointSessions")) {
        if (session.path("endpoint").asText().equals(endpoint.name())) {
          taken += session.path("accepted").asLong();
        }
      }
    }
    return taken;
  }

  /** Endpoints of the topology that are attached, sorted by name. */
  public Collection<Attached> attached() {
    return Collections.unmodifiableCollection(attached.values());
  }

  public List<Attached> attached(String network) {
    return attached.values().stream().filter(a -> a.network().equals(network)).toList();
  }

  /** Networks with attached endpoints, in the order of the file. */
  public List<String> networks() {
    return topology().networks().stream()
        .map(network -> network.name())
        .filter(network -> !attached(network).isEmpty())
        .toList();
  }

  /** Nodes with an endpoint of the network, in the order of the file. */
  public List<Namespace> nodesOf(String network) {
    return nodes().stream()
        .filter(
            n ->
                isEverywhere(network)
                    || attached(network).stream().anyMatch(a -> a.node().equals(n.thing())))
        .toList();
  }

  /** The default network of a cluster is on every node. */
  public boolean isEverywhere(String network) {
    var declared = topology().network(network).spec();
    return declared.namespaces().byDefault()
        && declared.tenant().filter(tenant -> topology().isOfCluster(tenant)).isPresent();
  }

  /** The namespace in which a node has a network. */
  public String tenantNamespace(String node, String network) throws IOException {
    try (var agent = agent(node)) {
      return agent.namespaceOf(network);
    }
  }
}
