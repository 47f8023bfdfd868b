package io.weft.lab.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.ProcessIdentity;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The labs of this machine, and the namespace of each of their parts. */
final class LabStatus {
  /** Lists of the document, by the role in the record. */
  private static final Map<String, String> LISTS =
      new TreeMap<>(
          Map.of(
              "spine", "routers",
              "tor", "routers",
              "node", "nodes",
              "reflector", "reflectors",
              "endpoint", "endpoints"));

  private final Map<String, LabRecord> labs;

  private LabStatus(Map<String, LabRecord> labs) {
    this.labs = labs;
  }

  static LabStatus read() throws IOException {
    var labs = new TreeMap<String, LabRecord>();
    for (var name : LabDirectory.labs()) {
      var record = LabRecord.read(new LabDirectory(name));
      if (record.isPresent()) {
        labs.put(name, record.get());
      }
    }
    return new LabStatus(labs);
  }

  ObjectNode json(ObjectMapper mapper) throws IOException {
    var document = mapper.createObjectNode();
    var list = document.putArray("labs");
    for (var lab : labs.entrySet()) {
      var node = list.addObject().put("name", lab.getKey());
      node.put("complete", lab.getValue().isComplete());
      node.put("topology", lab.getValue().topologyFile());
      for (var name : List.of("routers", "nodes", "reflectors", "endpoints")) {
        node.putArray(name);
      }
      for (var part : lab.getValue().namespaces()) {
        var kind = LISTS.get(part.path("role").asText());
        if (kind != null) {
          node.withArray(kind).add(part(new LabDirectory(lab.getKey()), part));
        }
      }
    }
    return document;
  }

  private static ObjectNode part(LabDirectory directory, JsonNode recorded) throws IOException {
    ObjectNode part = recorded.deepCopy();
    part.put("exists", NetworkNamespaces.exists(part.path("namespace").asText()));
    if (part.has("socket")) {
      var process = ProcessIdentity.read(directory.pid(part.path("name").asText()));
      process.ifPresent(identity -> part.put("pid", identity.pid()));
      part.put("alive", process.filter(ProcessIdentity::isAlive).isPresent());
    }
    var prefix = part.remove("tenantNamespacePrefix");
    if (prefix != null) {
      var tenants = part.putArray("tenantNamespaces");
      NetworkNamespaces.list().stream()
          .filter(name -> name.startsWith(prefix.asText()))
          .forEach(tenants::add);
    }
    return part;
  }

  /** As tables, for people. */
  String text() throws IOException {
    if (labs.isEmpty()) {
      return "no lab is up\n";
    }
    var text = new StringBuilder();
    for (var lab : json(new ObjectMapper()).path("labs")) {
      text.append(lab.path("name").asText())
          .append(lab.path("complete").asBoolean() ? "" : "  (being built, or left by a crash)")
          .append('\n');
      for (var kind : List.of("routers", "nodes", "reflectors", "endpoints")) {
        lab.path(kind).forEach(part -> text.append(line(part)));
      }
    }
    return text.toString();
  }

  private static String line(JsonNode part) {
    var more =
        part.has("socket")
            ? part.path("address").asText()
                + (part.path("alive").asBoolean() ? "  pid " + part.path("pid") : "  no process")
                + "  "
                + part.path("socket").asText()
            : part.has("network")
                ? part.path("network").asText() + " on " + part.path("node").asText()
                : "";
    return String.format(
                "  %-10s %-12s %-28s %s",
                part.path("role").asText(),
                part.path("name").asText(),
                part.path("namespace").asText(),
                more)
            .stripTrailing()
        + "\n";
  }
}
