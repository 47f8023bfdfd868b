package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.cni.CniServer;
import io.weft.lab.process.Attached;
import io.weft.lab.process.PluginRun;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What kubelet and container runtime do of a pod's network: its namespace, the calls of the CNI
 * plugin, its addresses in its status. Containers are not started.
 */
public final class Kubelet {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration AGAIN = Duration.ofMillis(200);
  private static final int TRY_AGAIN = 11; // CNI specification, "Error Types"
  private static final String INTERFACE = "eth0";

  private final LabCluster cluster;
  private final Path plugin;

  /** Sandboxes of running pods, by what the lab calls them. */
  private final Map<String, String> sandboxes = new TreeMap<>();

  /**
   * For all nodes.
   *
   * @param plugin the CNI plugin program
   */
  public Kubelet(LabCluster cluster, Path plugin) {
    this.cluster = cluster;
    this.plugin = plugin;
  }

  /**
   * Makes the pod by the API and starts it.
   *
   * @throws IOException with the words of the plugin, when it still refuses after 30 s
   */
  public Attached start(PodPlace pod) throws IOException, InterruptedException {
    var made = cluster.api().create(ClusterObject.of(pod.object()));
    return run(pod, made.at("/metadata/uid").asText());
  }

  /** Starts a pod that is made. */
  Attached run(PodPlace pod, String uid) throws IOException, InterruptedException {
    var lab = cluster.lab();
    var namespace = namespace(pod);
    if (!NetworkNamespaces.exists(namespace)) {
      NetworkNamespaces.create(namespace);
      try (var links = Rtnetlink.openIn(namespace)) {
        links.setLink(links.requireLink("lo").index(), LinkSettings.UP);
      }
    }
    var sandbox = uid.replace("-", "");
    var result = add(pod, uid, sandbox, namespace);
    sandboxes.put(pod.thing(), sandbox);
    var attached = attached(lab, pod, sandbox, namespace, result);
    lab.attached(attached);
    cluster.api().mergeStatus(ClusterObject.of(pod.object()), status(attached));
    return attached;
  }

  /** Where its interfaces are. */
  String namespace(PodPlace pod) {
    return cluster.lab().plan().lab() + "-" + pod.thing();
  }

  /** As the kubelet does, again while the plugin says that it may. */
  private JsonNode add(PodPlace pod, String uid, String sandbox, String namespace)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      var run = call("ADD", pod, uid, sandbox, namespace);
      var answer = JSON.readTree(run.output());
      if (run.exitCode() == 0) {
        return answer;
      }
      if (answer.path("code").asInt() != TRY_AGAIN || System.nanoTime() > end) {
        throw new IOException(
            pod + ": " + answer.path("msg").asText() + ": " + answer.path("details").asText());
      }
      Thread.sleep(AGAIN);
    }
  }

  private PluginRun call(String verb, PodPlace pod, String uid, String sandbox, String namespace)
      throws IOException, InterruptedException {
    ObjectNode configuration =
        JSON.createObjectNode().put("cniVersion", "1.1.0").put("name", "weft").put("type", "weft");
    var socket = CniServer.beside(cluster.lab().directory().socket(pod.node()));
    configuration.put("agentSocket", socket.toString());
    var annotations =
        configuration.withObject("/runtimeConfig").putObject("io.kubernetes.cri.pod-annotations");
    pod.annotations().forEach(annotations::put);
    return PluginRun.of(
        plugin,
        Map.of(
            "CNI_COMMAND",
            verb,
            "CNI_CONTAINERID",
            sandbox,
            "CNI_NETNS",
            NetworkNamespaces.DIRECTORY + "/" + namespace,
            "CNI_IFNAME",
            INTERFACE,
            "CNI_PATH",
            String.valueOf(plugin.getParent()),
            "CNI_ARGS",
            "IgnoreUnknown=1;K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s;K8S_POD_UID=%s"
                .formatted(pod.namespace(), pod.name(), uid)),
        configuration.toString());
  }

  /** The plugin says addresses and MAC, the agent in which network they are. */
  private static Attached attached(
      RunningLab lab, PodPlace pod, String sandbox, String namespace, JsonNode result)
      throws IOException {
    var addresses = new ArrayList<IpAddress>();
    var cluster = new ArrayList<IpAddress>();
    for (var ip : result.path("ips")) {
      var text = ip.path("address").asText().split("/", 2);
      var address = IpAddress.parse(text[0]);
      boolean alone = Integer.parseInt(text[1]) == address.bits();
      (alone ? cluster : addresses).add(address);
    }
    var inside = result.path("interfaces").valueStream().filter(i -> i.has("sandbox")).findFirst();
    if (inside.isEmpty()) {
      throw new IOException(pod + ": the plugin made no interface: " + result);
    }
    try (var agent = lab.agent(pod.node())) {
      var network = agent.networkOf(sandbox + "/" + INTERFACE);
      return new Attached(
          new EndpointPlace(pod.thing(), pod.node(), network, List.of(), Optional.empty()),
          namespace,
          agent.vniOf(network),
          MacAddress.parse(inside.get().path("mac").asText()),
          inside.get().path("mtu").asInt(),
          addresses,
          cluster);
    }
  }

  private static ObjectNode status(Attached attached) {
    var patch = JsonNodeFactory.instance.objectNode();
    var status = patch.putObject("status").put("phase", "Running");
    var known = attached.cluster().isEmpty() ? attached.addresses() : attached.cluster();
    status.put("podIP", known.getFirst().toString());
    var all = status.putArray("podIPs");
    known.forEach(ip -> all.addObject().put("ip", ip.toString()));
    status.putArray("conditions").addObject().put("type", "Ready").put("status", "True");
    return patch;
  }

  /** Ends the pod and removes it from the API. */
  public void stop(PodPlace pod) throws IOException, InterruptedException {
    end(pod);
    cluster.api().delete(ClusterObject.of(pod.object()));
  }

  /** Ends the pod. */
  void end(PodPlace pod) throws IOException, InterruptedException {
    var sandbox = sandboxes.remove(pod.thing());
    if (sandbox != null) {
      var run = call("DEL", pod, "", sandbox, namespace(pod));
      if (run.exitCode() != 0) {
        throw new IOException(pod + " cannot be ended: " + run.output().strip());
      }
    }
    NetworkNamespaces.deleteIfExists(namespace(pod));
    cluster.lab().detached(pod.thing());
  }
}
