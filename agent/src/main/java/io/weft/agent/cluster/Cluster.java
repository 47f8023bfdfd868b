package io.weft.agent.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.addresses.ApiStore;
import io.weft.agent.intent.Configuration;
import io.weft.agent.kernel.OtherNodes;
import io.weft.kubernetes.api.ApiCalls;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.kubernetes.intent.ClusterPods;
import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.intent.ServiceCidrs;
import io.weft.kubernetes.nodes.NodeAddresses;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.Tenant;
import io.weft.net.IpPrefix;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The cluster that the node is of, by its API: the store of addresses, the Node's object, pods and
 * namespaces. All share one client.
 */
public final class Cluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ApiClient client;
  private final String node;
  private final Path mark;
  private final Optional<KeptObjects> kept;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("weft-cluster-timer").factory());
  private final AtomicReference<ClusterNode> watching = new AtomicReference<>();
  private final AtomicReference<NodeStateWriter> writing = new AtomicReference<>();
  private final AtomicReference<PodEvents> events = new AtomicReference<>();
  private final AtomicReference<NodeAddresses> looking = new AtomicReference<>();
  private final AtomicReference<ServiceCidrs> services = new AtomicReference<>();
  private volatile boolean servicesLeftToCluster;
  private boolean followed;

  /**
   * Calls nobody yet.
   *
   * @param client is closed with it
   * @param node name of the node
   * @param mark a file that goes when the machine is started again, and says that the node was
   *     ready since
   * @param kept what is gone on with while the server is away from the start
   */
  public Cluster(ApiClient client, String node, Path mark, Optional<KeptObjects> kept) {
    this.client = client;
    this.node = node;
    this.mark = mark;
    this.kept = kept;
  }

  /** Begins to watch pods and namespaces; the caller closes it before this. */
  public ClusterPods pods() {
    return ClusterPods.open(client, node);
  }

  /** Opens the store of addresses; the caller closes it before this. */
  public ApiStore addressStore() {
    return ApiStore.open(client, timer, node, kept);
  }

  /**
   * Begins to watch the object of the node, and to write its NodeState.
   *
   * @param podCidrs takes the node's own part of the cluster's subnets, at first and at each change
   * @param summary what {@code weft status} says, the number of {@code networks}, and {@code
   *     refusedToAll}
   */
  public void start(Consumer<List<IpPrefix>> podCidrs, Callable<ObjectNode> summary) {
    var writer = new NodeStateWriter(client, node, mark, summary);
    writing.set(writer);
    watching.set(
        new ClusterNode(
            client,
            node,
            seen -> {
              podCidrs.accept(seen.podCidrs());
              writer.see(seen);
            },
            timer,
            kept));
  }

  /**
   * Begins to look for the addresses of other nodes, and of services, once a tenant needs them.
   * With the first call it is waited until it is known where services are, 30 s at most: the routes
   * to them that stand in the kernel would be taken away for want of that.
   *
   * @param declared as it is declared
   * @param nodes takes the addresses of other nodes, when they are read and when they are others
   * @param changed called on a thread of its own when services are elsewhere
   */
  public synchronized void follow(
      Configuration declared, Consumer<OtherNodes> nodes, Runnable changed) {
    boolean first = !followed;
    followed = true;
    servicesLeftToCluster = declared.fabric().services().isEmpty();
    boolean needed =
        declared.intent().tenants().values().stream()
            .anyMatch(tenant -> tenant.tenant().spec().egress() == Tenant.Egress.CLUSTER);
    if (needed && looking.get() == null) {
      nodes.accept(OtherNodes.UNKNOWN);
      looking.set(
          NodeAddresses.start(
              client,
              node,
              found -> nodes.accept(new OtherNodes(found.addresses(), found.complete()))));
    }
    if (needed && servicesLeftToCluster && services.get() == null) {
      var opened = ServiceCidrs.open(client, changed, timer, kept);
      services.set(opened);
      try {
        opened.await(first ? PATIENCE : Duration.ZERO);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The same configuration with the services of the cluster, where its Fabric names none. */
  public Configuration withServices(Configuration configuration) {
    var known = services.get();
    var reading = configuration.reading();
    var intent = reading.intent();
    var fabric = intent.fabric();
    if (known == null || !fabric.spec().services().isEmpty()) {
      return configuration;
    }
    return new Configuration(
        new IntentReading(
            new Intent(
                new Fabric(fabric.metadata(), fabric.spec().withServices(known.prefixes())),
                intent.tenants(),
                intent.networks(),
                intent.ways(),
                intent.endpoints()),
            reading.problems(),
            reading.absent()),
        configuration.secrets());
  }

  /** How the calls have ended that concern addresses, pods and the node itself. */
  public ApiCalls calls() {
    return client.calls();
  }

  /** Begins to write Events of pods, of what {@code news} has at each look. */
  public void tellPods(Supplier<List<PodEvents.News>> news) {
    events.set(new PodEvents(client, node, news));
  }

  /** What is wrong, a line each. */
  public List<String> problems() {
    var problems = new ArrayList<String>();
    Optional.ofNullable(watching.get()).ifPresent(each -> problems.addAll(each.problems()));
    Optional.ofNullable(writing.get()).ifPresent(each -> problems.addAll(each.problems()));
    Optional.ofNullable(events.get()).ifPresent(each -> problems.addAll(each.problems()));
    Optional.ofNullable(looking.get()).ifPresent(each -> problems.addAll(each.problems()));
    Optional.ofNullable(services.get())
        .filter(_ -> servicesLeftToCluster)
        .flatMap(ServiceCidrs::problem)
        .ifPresent(problems::add);
    return problems;
  }

  @Override
  public void close() {
    Optional.ofNullable(events.get()).ifPresent(PodEvents::close);
    Optional.ofNullable(looking.get()).ifPresent(NodeAddresses::close);
    Optional.ofNullable(writing.get()).ifPresent(NodeStateWriter::close);
    client.close();
    Optional.ofNullable(services.get()).ifPresent(ServiceCidrs::close);
    var own = watching.get();
    if (own != null) {
      own.close();
    }
    timer.shutdownNow();
  }
}
