package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.intent.NamespaceResolution.Choice;
import io.weft.kubernetes.resource.Metadata;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.Spelling;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlReading;
import io.weft.lab.process.LabFailure;
import io.weft.lab.topology.Topology;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.lab.topology.TopologyReader;
import io.weft.lab.topology.TopologyReading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Reads a {@link ClusterFile}. */
final class ClusterFileReader {
  /** How the names of the lab's own hosts begin. */
  private static final String RESERVED = "controller-";

  private final List<Problem> problems = new ArrayList<>();
  private final Map<String, ClusterObject> namespaces = new TreeMap<>();
  private final List<ClusterObject> objects = new ArrayList<>();
  private final List<PodPlace> pods = new ArrayList<>();
  private final List<EndpointPlace> endpoints = new ArrayList<>();

  private ClusterFileReader() {}

  static ClusterFile read(Path file) throws LabFailure {
    byte[] octets;
    try {
      octets = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new LabFailure("cannot read " + file + ": " + e, e);
    }
    return switch (YamlDocument.parse(file.toString(), octets)) {
      case YamlReading.Documents(var documents) ->
          new ClusterFileReader().read(file.toString(), documents);
      case YamlReading.Unreadable(var problem) -> throw new LabFailure(problem.toString());
    };
  }

  private ClusterFile read(String file, List<YamlDocument> documents) throws LabFailure {
    var core = new ArrayList<YamlDocument>();
    var others = new ArrayList<YamlDocument>();
    for (var document : documents) {
      (kindOf(document).equals(ClusterObject.NAMESPACE)
                  || kindOf(document).equals(ClusterObject.POD)
              ? core
              : others)
          .add(document);
    }
    var topology =
        switch (TopologyReader.read(file, others)) {
          case TopologyReading.Good(var good) -> good;
          case TopologyReading.Bad(var bad) -> {
            problems.addAll(bad);
            throw failure();
          }
        };
    checkHosts(file, topology);
    core.stream().filter(d -> kindOf(d).equals(ClusterObject.NAMESPACE)).forEach(this::namespace);
    others.forEach(this::resource);
    core.stream()
        .filter(d -> kindOf(d).equals(ClusterObject.POD))
        .forEach(document -> pod(document, topology));
    if (pods.isEmpty()) {
      report(file, "has no Pod; add some, each in a Namespace of this file");
    }
    if (!problems.isEmpty()) {
      throw failure();
    }
    var all = new ArrayList<>(namespaces.values());
    all.addAll(objects);
    return new ClusterFile(withEndpoints(topology), all, pods);
  }

  private LabFailure failure() {
    return new LabFailure(
        problems.stream()
            .sorted()
            .distinct()
            .map(Problem::toString)
            .collect(Collectors.joining("\n")));
  }

  private static String kindOf(YamlDocument document) {
    return YamlJson.of(document.root()).path("kind").asText();
  }

  private void checkHosts(String file, Topology topology) {
    if (!topology.reflectors().isEmpty() || !topology.gateways().isEmpty()) {
      report(
          file,
          "the nodes of a cluster find each other by its API; remove reflectors and gateways of"
              + " the Topology");
    }
    if (!topology.endpoints().isEmpty()) {
      report(file, "the endpoints of a cluster are its Pods; remove those of the Topology");
    }
    for (var node : topology.nodes()) {
      if (node.name().startsWith(RESERVED) || !node.isWeft()) {
        report(
            file,
            "node '" + node.name() + "' is weft's, and its name does not begin with " + RESERVED);
      }
    }
  }

  private void namespace(YamlDocument document) {
    var object = object(document);
    if (object.isPresent() && namespaces.putIfAbsent(object.get().name(), object.get()) != null) {
      report(document, "there is a Namespace '" + object.get().name() + "' already");
    }
  }

  private void resource(YamlDocument document) {
    var kind = kindOf(document);
    if (!kind.equals("Topology") && YamlJson.of(document.root()) instanceof ObjectNode object) {
      objects.add(ClusterObject.of(object.put("apiVersion", Resource.API_VERSION)));
    }
  }

  private Optional<ClusterObject> object(YamlDocument document) {
    document.flaws().forEach(flaw -> problems.add(new Problem(flaw.place(), "", flaw.message())));
    if (!(YamlJson.of(document.root()) instanceof ObjectNode json)) {
      return Optional.empty();
    }
    if (!json.path("apiVersion").asText("v1").equals("v1")) {
      report(document, "apiVersion of a " + json.path("kind").asText() + " is v1");
    }
    json.put("apiVersion", "v1");
    var object = ClusterObject.of(json);
    try {
      var _ = new Metadata(object.name());
    } catch (IllegalArgumentException e) {
      report(document, "metadata.name: " + e.getMessage());
      return Optional.empty();
    }
    return Optional.of(object);
  }

  private void pod(YamlDocument document, Topology topology) {
    var read = object(document);
    if (read.isEmpty()) {
      return;
    }
    var object = read.get();
    var namespace = namespaces.get(object.namespace());
    if (namespace == null) {
      report(
          document,
          "metadata.namespace: there is no Namespace '"
              + object.namespace()
              + "' in this file"
              + Spelling.hint(object.namespace(), namespaces.keySet()));
      return;
    }
    var names = topology.nodes().stream().map(Topology.Host::name).toList();
    var spec = object.document().withObject("/spec");
    var node = spec.path("nodeName").asText(names.get(pods.size() % names.size()));
    if (!names.contains(node)) {
      report(
          document, "spec.nodeName: there is no node '" + node + "'" + Spelling.hint(node, names));
      return;
    }
    spec.put("nodeName", node);
    var pod = new PodPlace(object.namespace(), object.name(), node, object.document());
    if (pods.stream().anyMatch(other -> other.thing().equals(pod.thing()))) {
      report(document, "there is a Pod '" + pod + "' already");
    } else if (pods.size() >= Topology.MAX_ENDPOINTS) {
      report(document, "a lab has at most " + Topology.MAX_ENDPOINTS + " pods");
    } else {
      place(document, topology.networks(), pod, namespace);
    }
  }

  private void place(
      YamlDocument document, List<Network> networks, PodPlace pod, ClusterObject namespace) {
    switch (ClusterFile.networkOf(networks, pod, namespace.document())) {
      case Choice.Chosen(var network) -> {
        pods.add(pod);
        endpoints.add(
            new EndpointPlace(pod.thing(), pod.node(), network, List.of(), Optional.empty()));
      }
      case Choice.NoNetwork(var why) -> report(document, "would never start: " + why);
      case Choice.Refused(var why) -> report(document, "would never start: " + why);
    }
  }

  private Topology withEndpoints(Topology of) {
    return new Topology(
        of.name(),
        of.mtu(),
        of.racks(),
        of.nodes(),
        of.reflectors(),
        of.gateways(),
        endpoints,
        of.fabric(),
        of.tenants(),
        of.networks(),
        of.connections());
  }

  private void report(YamlDocument document, String message) {
    var object = ClusterObject.of((ObjectNode) YamlJson.of(document.root()));
    problems.add(new Problem(document.root().place(), object.toString(), message));
  }

  private void report(String file, String message) {
    problems.add(new Problem(io.weft.kubernetes.yaml.Place.of(file), "", message));
  }
}
