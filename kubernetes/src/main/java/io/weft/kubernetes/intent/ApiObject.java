package io.weft.kubernetes.intent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.ResourceReader;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlNode;
import io.weft.kubernetes.yaml.YamlNode.Entry;
import io.weft.kubernetes.yaml.YamlNode.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An object of the API as a file with one document, so that it is read by the same readers and
 * merged by the same rules as files are. What the server keeps in the metadata is left out, and of
 * the status everything but a VNI that was given out: once there is one, it alone counts.
 */
final class ApiObject {
  private static final String LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";

  private final Place place;

  private ApiObject(Place place) {
    this.place = place;
  }

  /** Never throws, whatever the object. */
  static IntentFile read(Kind kind, JsonNode object) {
    var name = object.at("/metadata/name").asText();
    var file = IntentApi.plural(kind) + "/" + name;
    return new IntentFile(
        file,
        List.of(
            ResourceReader.read(
                new YamlDocument(new ApiObject(Place.of(file)).root(kind, object), List.of()))),
        List.of());
  }

  /**
   * Reads of a network its name and {@code spec.namespaces}, or, where that is wrong too, the names
   * in it that are some; empty where there are none.
   */
  static Optional<Network> namespacesAlone(Kind kind, JsonNode object) {
    var namespaces = object.at("/spec/namespaces");
    if (kind != Kind.NETWORK || !namespaces.isObject()) {
      return Optional.empty();
    }
    var names = JsonNodeFactory.instance.objectNode();
    var valid = names.putArray("names");
    for (var name : namespaces.path("names")) {
      if (name.isTextual() && name.asText().matches(LABEL)) {
        valid.add(name);
      }
    }
    return Stream.of(namespaces, names)
        .flatMap(each -> network(object.path("metadata"), each).stream())
        .findFirst();
  }

  private static Optional<Network> network(JsonNode metadata, JsonNode namespaces) {
    var part = JsonNodeFactory.instance.objectNode();
    part.set("metadata", metadata);
    part.putObject("spec").set("namespaces", namespaces);
    return read(Kind.NETWORK, part).readings().stream()
        .flatMap(reading -> reading.declared().stream())
        .map(declared -> (Network) declared.resource())
        .findFirst();
  }

  private YamlNode root(Kind kind, JsonNode object) {
    var entries = new ArrayList<Entry>();
    entries.add(entry("kind", text(kind.label())));
    entries.add(
        entry(
            "metadata",
            new YamlNode.Mapping(
                place, List.of(entry("name", text(object.at("/metadata/name").asText()))))));
    var spec = spec(kind, object);
    if (!spec.isEmpty() || object.has("spec")) {
      entries.add(entry("spec", new YamlNode.Mapping(place, spec)));
    }
    return new YamlNode.Mapping(place, entries);
  }

  private List<Entry> spec(Kind kind, JsonNode object) {
    var entries = new ArrayList<Entry>();
    var status =
        allocated(kind).filter(field -> object.path("status").path(field).isIntegralNumber());
    for (var field : object.path("spec").properties()) {
      if (status.filter(field.getKey()::equals).isEmpty()) {
        entries.add(entry(field.getKey(), node(field.getValue())));
      }
    }
    status.ifPresent(field -> entries.add(entry(field, node(object.path("status").path(field)))));
    return entries;
  }

  /** The field of the VNI, in the spec and in the status. */
  static Optional<String> allocated(Kind kind) {
    return switch (kind) {
      case NETWORK -> Optional.of("vni");
      case TENANT -> Optional.of("l3vni");
      default -> Optional.empty();
    };
  }

  private YamlNode node(JsonNode json) {
    return switch (json.getNodeType()) {
      case OBJECT ->
          new YamlNode.Mapping(
              place,
              json.properties().stream()
                  .map(field -> entry(field.getKey(), node(field.getValue())))
                  .toList());
      case ARRAY -> {
        var items = new ArrayList<YamlNode>();
        json.forEach(item -> items.add(node(item)));
        yield new YamlNode.Sequence(place, items);
      }
      case NUMBER ->
          scalar(json.isIntegralNumber() ? Form.INTEGER : Form.OTHER_NUMBER, json.asText());
      case BOOLEAN -> scalar(Form.TRUTH, json.asText());
      case STRING -> text(json.asText());
      case NULL, MISSING, BINARY, POJO -> scalar(Form.NOTHING, "");
    };
  }

  private YamlNode text(String text) {
    return scalar(Form.TEXT, text);
  }

  private YamlNode scalar(Form form, String text) {
    return new YamlNode.Scalar(place, form, text);
  }

  private Entry entry(String key, YamlNode value) {
    return new Entry(key, place, value);
  }
}
