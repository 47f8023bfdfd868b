package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.resource.Kind;
import io.weft.lab.process.LabFailure;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A cluster that somebody else runs, with real kubelets. The objects of a file are made in it, each
 * with a label that says so, and deleted again; nothing else of the cluster is touched. The Fabric
 * is the cluster's own, and its nodes take the places of the file's by turns.
 */
public final class GivenCluster {
  /** Of everything that a lab makes in a cluster: the name of the lab. */
  static final String LABEL = "weft.io/lab";

  /** Images may have to be fetched. */
  private static final Duration PODS = Duration.ofMinutes(3);

  private static final Duration ACCOUNT = Duration.ofSeconds(10);

  private static final Duration GONE = Duration.ofMinutes(2);

  private final ClusterFile file;
  private final ClusterApi api;
  private final List<String> nodes;
  private final List<ClusterObject> objects = new ArrayList<>();
  private final List<PodPlace> pods = new ArrayList<>();
  private final Map<String, List<IpAddress>> addresses = new TreeMap<>();

  private GivenCluster(ClusterFile file, ClusterApi api, List<String> nodes) {
    this.file = file;
    this.api = api;
    this.nodes = nodes;
    for (var object : file.objects()) {
      if (!object.kind().equals(Kind.FABRIC.label())) {
        objects.add(ClusterObject.of(labelled(object.document())));
      }
    }
    file.pods().forEach(pod -> pods.add(moved(pod)));
  }

  /**
   * Looks whether the cluster can have the objects; makes nothing.
   *
   * @throws LabFailure when Weft is not installed there, no node takes pods, or an object is there
   *     that no lab has made
   */
  public static GivenCluster open(ClusterFile file, ClusterApi api)
      throws IOException, InterruptedException, LabFailure {
    if (!hasWeft(api)) {
      throw new LabFailure(
          "the cluster at "
              + api.server()
              + " does not know the kinds of Weft; install it: kubectl apply -k deploy/");
    }
    var nodes = new ArrayList<String>();
    for (var node : api.list(ClusterObject.NODE, "")) {
      if (takesPods(node)) {
        nodes.add(node.at("/metadata/name").asText());
      }
    }
    if (nodes.isEmpty()) {
      throw new LabFailure("no node of the cluster at " + api.server() + " takes pods");
    }
    var cluster = new GivenCluster(file, api, nodes);
    for (var object : cluster.everything()) {
      var there = api.find(object);
      if (there.isPresent() && there.get().at("/metadata/labels/weft.io~1lab").isMissingNode()) {
        throw new LabFailure(
            object
                + " is in the cluster already, and no lab has made it; give it another name in the"
                + " file");
      }
    }
    return cluster;
  }

  private static boolean hasWeft(ClusterApi api) throws IOException, InterruptedException {
    return api.isKnown(ClusterObject.collection(Kind.NETWORK.label(), ""));
  }

  private static boolean takesPods(JsonNode node) {
    var spec = node.path("spec");
    return ClusterApi.condition(node, "Ready").equals("True")
        && !spec.path("unschedulable").asBoolean()
        && spec.path("taints").isEmpty();
  }

  private ObjectNode labelled(ObjectNode document) {
    var copy = document.deepCopy();
    copy.withObject("/metadata").withObject("/labels").put(LABEL, file.topology().name());
    return copy;
  }

  /** To the node of the cluster that has the place of the file's. */
  private PodPlace moved(PodPlace pod) {
    int place =
        file.topology().nodes().stream().map(node -> node.name()).toList().indexOf(pod.node());
    var node = nodes.get(place % nodes.size());
    var document = labelled(pod.object());
    document.withObject("/spec").put("nodeName", node);
    return new PodPlace(pod.namespace(), pod.name(), node, document);
  }

  /** Nodes that take pods. */
  public List<String> nodes() {
    return nodes;
  }

  List<PodPlace> pods() {
    return pods;
  }

  List<ClusterObject> objects() {
    return objects;
  }

  ClusterFile file() {
    return file;
  }

  ClusterApi api() {
    return api;
  }

  private List<ClusterObject> everything() {
    var all = new ArrayList<>(objects);
    pods.forEach(pod -> all.add(ClusterObject.of(pod.object())));
    return all;
  }

  /** Makes all objects but the pods, and waits until they are in force. */
  public int apply() throws IOException, InterruptedException {
    for (var object : objects) {
      api.create(object);
    }
    api.awaitReady(objects);
    return objects.size();
  }

  /**
   * Makes the pods and waits until they run.
   *
   * @throws IOException with the first that does not, and the last word about it
   */
  public void startPods() throws IOException, InterruptedException {
    for (var pod : pods) {
      make(ClusterObject.of(pod.object()));
    }
    var missing = Waiting.ask(PODS, this::notRunning);
    if (!missing.isEmpty()) {
      throw new IOException(missing);
    }
  }

  /** A namespace that is new takes no pods until its service account is made. */
  void make(ClusterObject pod) throws IOException, InterruptedException {
    var refused =
        Waiting.ask(
            ACCOUNT,
            () -> {
              api.create(pod);
              return "";
            });
    if (!refused.isEmpty()) {
      throw new IOException(refused);
    }
  }

  private String notRunning() throws IOException, InterruptedException {
    for (var pod : pods) {
      var status = api.get(ClusterObject.of(pod.object())).path("status");
      if (!status.path("phase").asText().equals("Running") || !status.has("podIP")) {
        return "Pod %s is %s: %s"
            .formatted(pod, status.path("phase").asText("not started"), lastEvent(pod));
      }
      var all = new ArrayList<IpAddress>();
      status.path("podIPs").forEach(each -> all.add(IpAddress.parse(each.path("ip").asText())));
      addresses.put(pod.thing(), all);
    }
    return "";
  }

  private String lastEvent(PodPlace pod) throws IOException, InterruptedException {
    var last = "no event says why";
    for (var event : api.list("/api/v1/namespaces/" + pod.namespace() + "/events")) {
      if (event.at("/involvedObject/name").asText().equals(pod.name())) {
        last = event.path("reason").asText() + ": " + event.path("message").asText();
      }
    }
    return last;
  }

  /** What the status of a pod says. */
  List<IpAddress> addresses(PodPlace pod) {
    return addresses.getOrDefault(pod.thing(), List.of());
  }

  /** In which network the pod must be, by the file. */
  String network(PodPlace pod) {
    return file.topology().endpoints().stream()
        .filter(endpoint -> endpoint.name().equals(pod.thing()))
        .findFirst()
        .orElseThrow()
        .network();
  }

  /** The pods that run. */
  public PodTable table() throws IOException, InterruptedException {
    var vnis = new TreeMap<String, Integer>();
    for (var network : api.list(Kind.NETWORK.label(), "")) {
      vnis.put(network.at("/metadata/name").asText(), network.at("/status/vni").asInt());
    }
    var table = new PodTable();
    for (var pod : pods) {
      var network = network(pod);
      table.add(pod, pod.node(), network, vnis.getOrDefault(network, 0), addresses(pod));
    }
    return table;
  }

  /**
   * Deletes what labs of this name have made, pods first.
   *
   * @return what was there
   * @throws IOException with what is still there after two minutes
   */
  public int remove() throws IOException, InterruptedException {
    int removed = 0;
    for (var pod : pods) {
      removed += delete(ClusterObject.of(pod.object()));
    }
    for (var namespace : file.namespaces()) {
      for (var probe : api.list(ClusterObject.POD, namespace.name())) {
        if (probe.at("/metadata/labels/weft.io~1lab").asText().equals(file.topology().name())) {
          removed += delete(ClusterObject.of(probe.deepCopy()).withKind(ClusterObject.POD));
        }
      }
    }
    awaitGone(pods.stream().map(pod -> ClusterObject.of(pod.object())).toList());
    for (var object : objects.reversed()) {
      removed += delete(object);
    }
    awaitGone(objects);
    return removed;
  }

  private int delete(ClusterObject object) throws IOException, InterruptedException {
    if (api.find(object).isEmpty()) {
      return 0;
    }
    api.deleteIfThere(object);
    return 1;
  }

  private void awaitGone(List<ClusterObject> gone) throws IOException, InterruptedException {
    var missing =
        Waiting.ask(
            GONE,
            () -> {
              for (var object : gone) {
                if (api.find(object).isPresent()) {
                  return object
                      + " is deleted and still there; see its finalizers: kubectl get -o yaml";
                }
              }
              return "";
            });
    if (!missing.isEmpty()) {
      throw new IOException(missing);
    }
  }
}
