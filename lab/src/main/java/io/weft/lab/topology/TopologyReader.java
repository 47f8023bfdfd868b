package io.weft.lab.topology;

import io.weft.kubernetes.resource.Declared;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.ResourceReader;
import io.weft.kubernetes.resource.Tenant;
import io.weft.kubernetes.resource.TenantConnection;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.Problems;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlNode;
import io.weft.kubernetes.yaml.YamlReading;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a topology file: the intent as a user would give it to the agents, and one document of kind
 * {@code Topology} that says where things are. Unknown keys and names are problems, as in intent.
 */
public final class TopologyReader {
  private final String file;
  private final List<Problem> problems = new ArrayList<>();
  private final List<Declared> declared = new ArrayList<>();

  private TopologyReader(String file) {
    this.file = file;
  }

  /** Never throws, whatever the octets; {@code file} is for the messages. */
  public static TopologyReading read(String file, byte[] octets) {
    return switch (YamlDocument.parse(file, octets)) {
      case YamlReading.Documents(var documents) -> read(file, documents);
      case YamlReading.Unreadable(var problem) -> new TopologyReading.Bad(List.of(problem));
    };
  }

  /** As {@link #read(String, byte[])}, of some documents of a file. */
  public static TopologyReading read(String file, List<YamlDocument> documents) {
    return new TopologyReader(file).read(documents);
  }

  private TopologyReading read(List<YamlDocument> documents) {
    documents.stream().filter(document -> !isTopology(document)).forEach(this::readResource);
    IntentChecks.check(declared, problems);
    var topologies = documents.stream().filter(TopologyReader::isTopology).toList();
    var topology = topologies.isEmpty() ? noTopology() : readTopology(topologies.getFirst());
    topologies.stream()
        .skip(1)
        .forEach(more -> report(more.root().place(), "there is a Topology already; remove one"));
    return topology.isPresent() && problems.isEmpty()
        ? new TopologyReading.Good(topology.get())
        : new TopologyReading.Bad(problems);
  }

  private static boolean isTopology(YamlDocument document) {
    return document.root() instanceof YamlNode.Mapping mapping
        && mapping
            .find("kind")
            .filter(e -> e.value() instanceof YamlNode.Scalar s && s.text().equals("Topology"))
            .isPresent();
  }

  private Optional<Topology> noTopology() {
    report(Place.of(file), "has no document of kind Topology; add one");
    return Optional.empty();
  }

  private void readResource(YamlDocument document) {
    var reading = ResourceReader.read(document);
    problems.addAll(reading.problems());
    reading.declared().ifPresent(declared::add);
  }

  private Optional<Topology> readTopology(YamlDocument document) {
    var own = new Problems("Topology");
    var spec =
        new TopologySpecReader(fabric(), tenants(), networks(), resources(TenantConnection.class));
    var topology = document.read(own, spec::topology);
    problems.addAll(own.list());
    return topology;
  }

  private Fabric fabric() {
    return resources(Fabric.class).stream().findFirst().orElse(Fabric.DEFAULT);
  }

  private List<Tenant> tenants() {
    return resources(Tenant.class);
  }

  private List<Network> networks() {
    return resources(Network.class);
  }

  private <T> List<T> resources(Class<T> type) {
    return declared.stream()
        .map(Declared::resource)
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }

  private void report(Place place, String message) {
    problems.add(new Problem(place, "", message));
  }
}
