package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.schema.Definition;
import io.weft.kubernetes.schema.ResourceSchemas;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/**
 * The API server and the controllers of a lab. The server answers at the spine, where every node
 * reaches it, and on the loopback address of this machine, where the lab does; it ends with this
 * process.
 */
public final class LabCluster implements AutoCloseable {
  /** Where the controllers have their lease. */
  static final String NAMESPACE = "weft-system";

  /** Replicas of {@code weft controller}. */
  static final List<String> CONTROLLERS = List.of("controller-1", "controller-2");

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final ClusterFile file;
  private final RunningLab lab;
  private final ApiServer server;
  private final ClusterApi api;

  private LabCluster(ClusterFile file, RunningLab lab, ApiServer server, ClusterApi api) {
    this.file = file;
    this.lab = lab;
    this.server = server;
    this.api = api;
  }

  /** Starts the server, with the kinds of Weft and an object for each node. */
  public static LabCluster start(ClusterFile file, RunningLab lab)
      throws IOException, InterruptedException {
    var server = ApiServer.start();
    try {
      var address =
          lab.plan().cables().getFirst().upper().addresses().getFirst(); // a link of the spine
      var bound =
          NetworkNamespaces.<HttpServer, IOException>callIn(
              lab.plan().namespace("spine").name(),
              () -> HttpServer.create(new InetSocketAddress(address.toString(), 0), 0));
      server.listen(bound);
      ResourceSchemas.all().forEach(kind -> server.define(YamlJson.of(Definition.yaml(kind))));
      writeKubeconfig(lab, address, bound.getAddress().getPort());
      var client =
          new ApiClient(
              new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
      var cluster = new LabCluster(file, lab, server, new ClusterApi(client));
      cluster.makeNodes();
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private static void writeKubeconfig(RunningLab lab, IpAddress address, int port)
      throws IOException {
    var host = address.isIpv4() ? address.toString() : "[" + address + "]";
    Files.writeString(
        lab.directory().kubeconfig(), kubeconfig(URI.create("http://" + host + ":" + port)));
  }

  /** For a server that asks nobody who it is. */
  static String kubeconfig(URI server) {
    return """
    apiVersion: v1
    kind: Config
    current-context: lab
    contexts: [{name: lab, context: {cluster: lab, user: lab}}]
    clusters: [{name: lab, cluster: {server: '%s'}}]
    users: [{name: lab, user: {}}]
    """
        .formatted(server);
  }

  /** As kubelets make them. */
  private void makeNodes() throws IOException, InterruptedException {
    for (var host : lab.topology().nodes()) {
      var document = NODES.objectNode().put("apiVersion", "v1").put("kind", ClusterObject.NODE);
      var metadata = document.putObject("metadata").put("name", host.name());
      metadata
          .putObject("labels")
          .put("kubernetes.io/os", "linux")
          .put("kubernetes.io/hostname", host.name())
          .put("topology.kubernetes.io/zone", host.rack());
      var node = ClusterObject.of(document);
      api.create(node);
      var status = NODES.objectNode();
      var addresses = status.putObject("status").putArray("addresses");
      for (var vtep : lab.plan().namespace(host.name()).loopbacks()) {
        addresses.addObject().put("type", "InternalIP").put("address", vtep.toString());
      }
      status
          .withObject("/status")
          .putArray("conditions")
          .addObject()
          .put("type", "Ready")
          .put("status", "True");
      api.mergeStatus(node, status);
    }
  }

  /** Makes all objects of the file but the pods. */
  public void apply() throws IOException, InterruptedException {
    api.create(namespace(NAMESPACE));
    for (var object : file.objects()) {
      api.create(object);
    }
  }

  private static ClusterObject namespace(String name) {
    ObjectNode document =
        NODES.objectNode().put("apiVersion", "v1").put("kind", ClusterObject.NAMESPACE);
    document.putObject("metadata").put("name", name);
    return ClusterObject.of(document);
  }

  /** Starts the controllers, and the agent of each node. */
  public void startProcesses() throws IOException, LabFailure {
    for (var name : CONTROLLERS) {
      lab.startController(name, NAMESPACE);
    }
    lab.start();
  }

  /**
   * Waits until the controllers have said of each object that it is in force.
   *
   * @throws IOException with the first one that is not, and what is said of it
   */
  public void awaitObjects() throws IOException, InterruptedException {
    try {
      api.awaitReady(file.objects());
    } catch (IOException e) {
      throw new IOException(
          e.getMessage()
              + "; log of "
              + CONTROLLERS.getFirst()
              + ": "
              + lab.lastLines(CONTROLLERS.getFirst()),
          e);
    }
  }

  /** Which replica has the lease; empty while none has. */
  String leader() throws IOException, InterruptedException {
    for (JsonNode lease :
        api.list("/apis/coordination.k8s.io/v1/namespaces/" + NAMESPACE + "/leases")) {
      var holder = lease.at("/spec/holderIdentity").asText();
      for (var name : CONTROLLERS) {
        if (holder.startsWith(name + "_")) {
          return name;
        }
      }
    }
    return "";
  }

  /** The pods that run. */
  public PodTable table() {
    var table = new PodTable();
    for (var pod : file.pods()) {
      lab.attached().stream()
          .filter(attached -> attached.name().equals(pod.thing()))
          .forEach(a -> table.add(pod, a.node(), a.network(), a.vni().value(), a.addresses()));
    }
    return table;
  }

  public ClusterFile file() {
    return file;
  }

  RunningLab lab() {
    return lab;
  }

  /** Where the API server answers on this machine. */
  public URI server() {
    return server.uri();
  }

  ClusterApi api() {
    return api;
  }

  @Override
  public void close() {
    api.close();
    server.close();
  }
}
