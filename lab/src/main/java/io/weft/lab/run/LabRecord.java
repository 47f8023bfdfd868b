package io.weft.lab.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.LabFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * {@code lab.json}: what a lab has made or is about to make, written before anything of it is made,
 * so that every later command can find and remove it.
 */
final class LabRecord {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ObjectNode document;

  private LabRecord(ObjectNode document) {
    this.document = document;
  }

  /** Of a lab that is about to be built. */
  static LabRecord of(FabricPlan plan, Path file, LabDirectory directory) {
    var document = JSON.createObjectNode().put("name", plan.lab()).put("complete", false);
    document.put("topology", file.toAbsolutePath().normalize().toString());
    var namespaces = document.putArray("namespaces");
    for (var namespace : plan.namespaces()) {
      var node = namespaces.addObject();
      node.put("role", namespace.role().name().toLowerCase(Locale.ROOT));
      node.put("name", namespace.thing()).put("namespace", namespace.name());
      describe(plan, namespace, directory, node);
    }
    return new LabRecord(document);
  }

  private static void describe(
      FabricPlan plan, Namespace namespace, LabDirectory directory, ObjectNode node) {
    switch (namespace.role()) {
      case SPINE, CHECK -> {}
      case TOR -> node.put("rack", namespace.rack());
      case GATEWAY -> {
        node.put("rack", namespace.rack());
        node.put("address", plan.loopback(namespace.thing()).toString());
      }
      case NODE, REFLECTOR -> {
        node.put("rack", namespace.rack());
        node.put("address", plan.loopback(namespace.thing()).toString());
        node.put("socket", directory.socket(namespace.thing()).toString());
        node.put("log", directory.log(namespace.thing()).toString());
        if (namespace.role() == FabricPlan.Role.NODE) {
          node.put("tenantNamespacePrefix", plan.tenantNamespacePrefix(namespace.thing()));
        }
      }
      case ENDPOINT ->
          plan.topology().endpoints().stream()
              .filter(e -> e.name().equals(namespace.thing()))
              .forEach(
                  e -> {
                    node.put("node", e.node()).put("network", e.network());
                    var addresses = node.putArray("addresses");
                    e.addresses().forEach(address -> addresses.add(address.toString()));
                  });
    }
  }

  /** Empty when the lab has none, or none that is whole. */
  static Optional<LabRecord> read(LabDirectory directory) throws IOException {
    if (!Files.exists(directory.record())) {
      return Optional.empty();
    }
    try {
      return JSON.readTree(directory.record().toFile()) instanceof ObjectNode node
          ? Optional.of(new LabRecord(node))
          : Optional.empty();
    } catch (JsonProcessingException _) {
      return Optional.empty(); // the crash came while it was written, before anything was made
    }
  }

  void write(LabDirectory directory) throws IOException {
    Files.createDirectories(directory.path());
    JSON.writerWithDefaultPrettyPrinter().writeValue(directory.record().toFile(), document);
  }

  /** True once everything was built and is meant to stay. */
  boolean isComplete() {
    return document.path("complete").asBoolean();
  }

  void complete() {
    document.put("complete", true);
  }

  String topologyFile() {
    return document.path("topology").asText();
  }

  List<JsonNode> namespaces() {
    var all = new ArrayList<JsonNode>();
    document.path("namespaces").forEach(all::add);
    return all;
  }

  /** True when the namespace of this name is of this lab, made by it or by one of its agents. */
  boolean owns(String namespace) {
    return namespaces().stream()
        .anyMatch(
            n ->
                n.path("namespace").asText().equals(namespace)
                    || (n.has("tenantNamespacePrefix")
                        && namespace.startsWith(n.path("tenantNamespacePrefix").asText())));
  }

  /**
   * Throws when a namespace is there already that this lab would have to call its own.
   *
   * @throws LabFailure with its name
   */
  void requireNothingThere(List<String> existing) throws LabFailure {
    var there = existing.stream().filter(this::owns).findFirst();
    if (there.isPresent()) {
      throw new LabFailure(
          "there is a network namespace "
              + there.get()
              + " already, not made by this lab; remove it (ip netns delete) or rename the lab");
    }
  }
}
