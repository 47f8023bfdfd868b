package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.intent.NamespaceResolution;
import io.weft.kubernetes.intent.NamespaceResolution.Choice;
import io.weft.kubernetes.intent.NamespaceResolution.Namespace;
import io.weft.kubernetes.resource.Network;
import io.weft.lab.process.LabFailure;
import io.weft.lab.topology.Topology;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One file of Kubernetes objects, and the racks and nodes to try them on.
 *
 * @param topology its endpoints are the pods, each in the network that the objects of the file say
 * @param objects what is made by the API before the pods, namespaces first
 */
public record ClusterFile(Topology topology, List<ClusterObject> objects, List<PodPlace> pods) {
  public ClusterFile {
    objects = List.copyOf(objects);
    pods = List.copyOf(pods);
  }

  /**
   * Reads it.
   *
   * @throws LabFailure with every problem on a line of its own
   */
  public static ClusterFile read(Path file) throws LabFailure {
    return ClusterFileReader.read(file);
  }

  /** The Namespaces of the file. */
  public List<ClusterObject> namespaces() {
    return objects.stream().filter(o -> o.kind().equals(ClusterObject.NAMESPACE)).toList();
  }

  public List<PodPlace> podsOf(String namespace) {
    return pods.stream().filter(pod -> pod.namespace().equals(namespace)).toList();
  }

  /** Networks of the file. */
  public List<Network> networks() {
    return topology.networks();
  }

  /** The network of a pod whose namespace is this, as the objects of the file say it. */
  Choice networkOf(PodPlace pod, ObjectNode namespace) {
    return networkOf(topology.networks(), pod, namespace);
  }

  static Choice networkOf(List<Network> networks, PodPlace pod, ObjectNode namespace) {
    var metadata = namespace.path("metadata");
    var known =
        new Namespace(
            metadata.path("name").asText(),
            Optional.of(labels(namespace)),
            Optional.ofNullable(
                texts(metadata.path("annotations")).get(NamespaceResolution.ANNOTATION)));
    return NamespaceResolution.choose(
        new IntentReading(Intent.NONE, List.of(), networks), known, pod.annotation());
  }

  /** Of a Namespace, with the one that the API server gives it. */
  static Map<String, String> labels(ObjectNode namespace) {
    var labels = texts(namespace.at("/metadata/labels"));
    labels.put("kubernetes.io/metadata.name", namespace.at("/metadata/name").asText());
    return labels;
  }

  static Map<String, String> texts(JsonNode object) {
    var texts = new TreeMap<String, String>();
    object.properties().forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
    return texts;
  }
}
