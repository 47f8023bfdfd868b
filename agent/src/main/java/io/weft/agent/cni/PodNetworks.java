package io.weft.agent.cni;

import io.weft.agent.cni.KeptPods.Placed;
import io.weft.kubernetes.intent.ApiIntent;
import io.weft.kubernetes.intent.ClusterPods;
import io.weft.kubernetes.intent.ClusterPods.Facts;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.intent.NamespaceResolution;
import io.weft.kubernetes.intent.NamespaceResolution.Choice;
import io.weft.kubernetes.intent.NamespaceResolution.Namespace;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.ResourceKey;
import io.weft.kubernetes.resource.Tenant;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Which network the pods of this node belong to, and which of them are in another than they would
 * get now: a running pod keeps what it has. Without the API only names of namespaces are known.
 */
public final class PodNetworks {
  /** As many as a node has endpoints; of more nothing is said. */
  static final int MAX_PLACED = 4096;

  private volatile IntentReading reading;
  private final Optional<ClusterPods> cluster;

  /** By endpoint: what runs here. */
  private final SortedMap<String, Placed> placed;

  private final KeptPods kept;

  /**
   * A pod that runs in another network than it would get now.
   *
   * @param now where it would come, or why it would come into none
   */
  public record Misplaced(String endpoint, String pod, String network, String now) {}

  /**
   * Of the resources in force and what a cluster says.
   *
   * @param cluster empty without the API
   * @param kept the file of pods that run, which goes when the machine starts again
   */
  public PodNetworks(IntentReading reading, Optional<ClusterPods> cluster, Path kept) {
    this.reading = reading;
    this.cluster = cluster;
    this.kept = new KeptPods(kept);
    this.placed = this.kept.read();
  }

  /** What is in force, once the node has been told: no pod is ahead of it. */
  public void change(IntentReading next) {
    reading = next;
  }

  /**
   * The network of a pod that is about to start.
   *
   * @param configured what the configuration of the plugin names
   * @throws CniFailure to be tried again, when what decides it is not known, or a VNI is still to
   *     be given without which the pod would begin with less than it is to have
   */
  public Choice networkOf(PodName pod, Optional<String> configured)
      throws CniFailure, InterruptedException {
    var choice = choose(pod, configured);
    if (choice instanceof Choice.Chosen(var network)) {
      var waiting = waiting(network);
      if (waiting.isPresent()) {
        throw new CniFailure(
            CniFailure.TRY_AGAIN,
            "%s waits for its VNI".formatted(waiting.get()),
            "pod %s is to be in network '%s': %s".formatted(pod, network, ApiIntent.WAITING));
      }
    }
    return choice;
  }

  /**
   * What waits for its VNI of all that decides what a pod of the network gets: a pod keeps for its
   * life what it begins with, and would have no gateway, or none of the cluster's addresses.
   */
  private Optional<String> waiting(String network) {
    var now = reading;
    return needed(now, network)
        .map(ResourceKey::toString)
        .filter(
            object ->
                now.problems().stream()
                    .anyMatch(
                        problem -> problem.object().equals(object) && ApiIntent.isWaiting(problem)))
        .findFirst();
  }

  /**
   * What is not in force as it is to be: the network, its tenant, the cluster's default network.
   */
  private static Stream<ResourceKey> needed(IntentReading now, String network) {
    var needed = Stream.<ResourceKey>builder();
    var networks = now.intent().networks();
    if (!networks.containsKey(network)) {
      needed.add(new ResourceKey(Kind.NETWORK, network));
      return needed.build();
    }
    var tenant =
        networks
            .get(network)
            .network()
            .spec()
            .tenant()
            .map(name -> now.intent().tenants().get(name));
    if (tenant.isPresent() && tenant.get().l3Vni().isEmpty()) {
      needed.add(new ResourceKey(Kind.TENANT, tenant.get().name()));
    }
    if (tenant.filter(each -> each.tenant().spec().egress() == Tenant.Egress.CLUSTER).isPresent()) {
      NamespaceResolution.defaults(now).stream()
          .filter(name -> !networks.containsKey(name))
          .forEach(name -> needed.add(new ResourceKey(Kind.NETWORK, name)));
    }
    return needed.build();
  }

  private Choice choose(PodName pod, Optional<String> configured)
      throws CniFailure, InterruptedException {
    var byNameAlone = Namespace.of(pod.namespace());
    if (configured.isPresent()
        && NamespaceResolution.choose(reading, byNameAlone, configured.get())
            instanceof Choice.Chosen chosen) {
      return chosen;
    }
    try {
      var facts =
          cluster.isPresent() ? cluster.get().facts(pod) : new Facts(byNameAlone, Optional.empty());
      return configured.isPresent()
          ? NamespaceResolution.choose(reading, facts.namespace(), configured.get())
          : choose(facts);
    } catch (IOException e) {
      var byName =
          configured.isPresent()
              ? Optional.<Choice>empty()
              : NamespaceResolution.chooseByName(reading, pod.namespace());
      if (byName.isPresent()) {
        return byName.get();
      }
      throw new CniFailure(
          CniFailure.TRY_AGAIN,
          "the network of pod %s is not known".formatted(pod),
          String.valueOf(e.getMessage()));
    }
  }

  /** Tenants that are to be the cluster's, while it could not know their pods. */
  private List<String> unknownToTheCluster() {
    boolean known = NamespaceResolution.defaults(reading).size() == 1;
    return known
        ? List.of()
        : reading.intent().tenants().values().stream()
            .filter(tenant -> tenant.tenant().spec().egress() == Tenant.Egress.CLUSTER)
            .map(
                tenant ->
                    "Tenant %s: the node reaches none of its pods: 'egress: cluster' needs one Network with 'namespaces: {default: true}', whose addresses the cluster knows them by"
                        .formatted(tenant.name()))
            .toList();
  }

  /** True when the node reaches pods of the network: it routes, and its tenant is the cluster's. */
  public boolean isReached(String network) {
    var intent = reading.intent();
    return Optional.ofNullable(intent.networks().get(network))
        .map(known -> known.network().spec())
        .filter(spec -> !spec.gateways().isEmpty())
        .flatMap(spec -> spec.tenant())
        .flatMap(tenant -> Optional.ofNullable(intent.tenants().get(tenant)))
        .filter(tenant -> tenant.tenant().spec().egress() == Tenant.Egress.CLUSTER)
        .isPresent();
  }

  private Choice choose(Facts facts) {
    return NamespaceResolution.choose(reading, facts.namespace(), facts.annotation());
  }

  /** A pod runs here, in the network that was chosen for it. */
  public synchronized void started(String endpoint, PodName pod, String network) {
    if (placed.size() < MAX_PLACED || placed.containsKey(endpoint)) {
      placed.put(endpoint, new Placed(pod, network));
      kept.write(placed);
    }
  }

  /** Whose endpoint it is; empty: of none that has started since the agent did. */
  public synchronized Optional<PodName> pod(String endpoint) {
    return Optional.ofNullable(placed.get(endpoint)).map(Placed::pod);
  }

  /** The endpoint is no more. */
  public synchronized void ended(String endpoint) {
    if (placed.remove(endpoint) != null) {
      kept.write(placed);
    }
  }

  /** Pods that run in another network than they would get now, by endpoint. */
  public List<Misplaced> misplaced() {
    var misplaced = new ArrayList<Misplaced>();
    copyOfPlaced()
        .forEach(
            (endpoint, where) ->
                now(where)
                    .ifPresent(
                        now ->
                            misplaced.add(
                                new Misplaced(
                                    endpoint, where.pod().toString(), where.network(), now))));
    return misplaced;
  }

  private synchronized Map<String, Placed> copyOfPlaced() {
    return new TreeMap<>(placed);
  }

  private Optional<String> now(Placed where) {
    var facts =
        cluster.isPresent()
            ? cluster.get().known(where.pod())
            : Optional.of(new Facts(Namespace.of(where.pod().namespace()), Optional.empty()));
    return facts
        .map(this::choose)
        .flatMap(
            choice ->
                switch (choice) {
                  case Choice.Chosen(var network) ->
                      network.equals(where.network())
                          ? Optional.<String>empty()
                          : Optional.of("network '" + network + "'");
                  case Choice.NoNetwork(var why) -> Optional.of("none: " + why);
                  case Choice.Refused(var why) -> Optional.of("none: " + why);
                });
  }

  /**
   * What is wrong with namespaces, in words. It may be the doing of who uses one namespace, so it
   * is no problem of this node.
   */
  public List<String> namespaceProblems() {
    return cluster
        .map(each -> NamespaceResolution.problems(reading, each.namespaces()))
        .orElse(List.of());
  }

  /** What cannot be known of namespaces and pods, in words. */
  public List<String> problems() {
    var problems = new ArrayList<>(unknownToTheCluster());
    if (cluster.isPresent()) {
      problems.addAll(cluster.get().problems());
    } else {
      for (var network : reading.intent().networks().values()) {
        var selector = network.network().spec().namespaces().selector();
        if (selector.filter(asked -> !asked.isOfNamesOnly()).isPresent()) {
          problems.add(
              "Network %s: namespaces.selector asks for labels, which only the Kubernetes API tells (--kubeconfig); it selects none"
                  .formatted(network.name()));
        }
      }
    }
    return problems;
  }
}
