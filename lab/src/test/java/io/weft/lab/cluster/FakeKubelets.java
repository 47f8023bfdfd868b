package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.PluginRun;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The kubelets of a cluster that somebody else uses: pods that appear on its API server are
 * started, those that are gone are ended. A container that is a shell runs in its pod's namespace.
 */
public final class FakeKubelets implements AutoCloseable {
  private final LabCluster cluster;
  private final Kubelet kubelet;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, PodPlace> running = new TreeMap<>();
  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private volatile boolean closed;

  public FakeKubelets(LabCluster cluster) throws LabFailure {
    this.cluster = cluster;
    this.kubelet = new Kubelet(cluster, PluginRun.program());
    threads.execute(this::watch);
  }

  /** The cluster's own Fabric, which an administrator has made. */
  public static void makeFabric(LabCluster cluster) throws IOException, InterruptedException {
    for (var object : cluster.file().objects()) {
      if (object.kind().equals("Fabric")) {
        cluster.api().create(object);
      }
    }
  }

  /** An object of somebody else's. */
  public void make(String yaml) throws IOException, InterruptedException {
    cluster.api().create(ClusterObject.of(YamlJson.of(yaml).deepCopy()));
  }

  /** For who uses the cluster from this machine. */
  public Path kubeconfig(Path directory) throws IOException {
    return Files.writeString(
        directory.resolve("kubeconfig"), LabCluster.kubeconfig(cluster.server()));
  }

  /** What went wrong. */
  public Iterable<String> failures() {
    return failures;
  }

  /** Objects that somebody has made and not deleted. */
  public Iterable<String> left() throws IOException, InterruptedException {
    var left = new ArrayList<String>();
    for (var kind : new String[] {"Network", "Tenant", "Namespace"}) {
      cluster.api().list(kind, "").forEach(o -> left.add(o.at("/metadata/name").asText()));
    }
    left.remove(LabCluster.NAMESPACE);
    return left;
  }

  private void watch() {
    try {
      while (!closed) {
        look();
        Thread.sleep(50);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      failures.add(String.valueOf(e));
    }
  }

  private void look() throws IOException, InterruptedException {
    var there = new TreeSet<String>();
    for (var namespace : cluster.file().namespaces()) {
      for (var pod : cluster.api().list(ClusterObject.POD, namespace.name())) {
        var uid = pod.at("/metadata/uid").asText();
        there.add(uid);
        if (!running.containsKey(uid)) {
          running.put(uid, start(pod, uid));
        }
      }
    }
    for (var uid : new ArrayList<>(running.keySet())) {
      if (!there.contains(uid)) {
        kubelet.end(running.remove(uid));
      }
    }
  }

  private PodPlace start(JsonNode object, String uid) throws IOException, InterruptedException {
    ObjectNode document = object.deepCopy();
    document.put("kind", ClusterObject.POD); // an item of a list does not say it
    var pod =
        new PodPlace(
            object.at("/metadata/namespace").asText(),
            object.at("/metadata/name").asText(),
            object.at("/spec/nodeName").asText(),
            document);
    kubelet.run(pod, uid);
    var command = new ArrayList<String>();
    object.at("/spec/containers/0/command").forEach(word -> command.add(word.asText()));
    if (command.getFirst().equals("sh")) {
      threads.execute(() -> contain(pod, command));
    }
    return pod;
  }

  private void contain(PodPlace pod, ArrayList<String> command) {
    try {
      var words = Files.createTempFile("weft-words", "");
      command.replaceAll(word -> word.replace("/dev/termination-log", words.toString()));
      var builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD);
      int code =
          NetworkNamespaces.<Process, IOException>callIn(kubelet.namespace(pod), builder::start)
              .waitFor();
      var patch = JsonNodeFactory.instance.objectNode();
      var status = patch.putObject("status").put("phase", code == 0 ? "Succeeded" : "Failed");
      status
          .putArray("containerStatuses")
          .addObject()
          .putObject("state")
          .putObject("terminated")
          .put("exitCode", code)
          .put("message", Files.readString(words));
      Files.delete(words);
      cluster.api().mergeStatus(ClusterObject.of(pod.object()), patch);
    } catch (IOException e) {
      failures.add(String.valueOf(e.getMessage()));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    threads.close();
    try {
      for (var pod : running.values()) {
        kubelet.end(pod);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
