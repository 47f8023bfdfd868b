package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlNode;
import io.weft.kubernetes.yaml.YamlReading;
import java.math.BigDecimal;
import java.math.BigInteger;

/** What stands in a YAML file as JSON, which is what an API server takes. */
final class YamlJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private YamlJson() {}

  static JsonNode of(YamlNode node) {
    return switch (node) {
      case YamlNode.Mapping(_, var entries) -> {
        var object = NODES.objectNode();
        entries.forEach(entry -> object.set(entry.key(), of(entry.value())));
        yield object;
      }
      case YamlNode.Sequence(_, var items) -> {
        var array = NODES.arrayNode();
        items.forEach(item -> array.add(of(item)));
        yield array;
      }
      case YamlNode.Scalar scalar -> scalar(scalar);
    };
  }

  /** The one document of a text of our own. */
  static JsonNode of(String text) {
    return switch (YamlDocument.parse("", text)) {
      case YamlReading.Documents(var documents) -> of(documents.getFirst().root());
      case YamlReading.Unreadable(var problem) ->
          throw new IllegalArgumentException(problem.toString());
    };
  }

  /** A number that is written as no number of JSON is stays text. */
  private static JsonNode scalar(YamlNode.Scalar scalar) {
    var text = scalar.text();
    return switch (scalar.form()) {
      case TEXT -> NODES.textNode(text);
      case TRUTH -> NODES.booleanNode(Boolean.parseBoolean(text));
      case NOTHING -> NODES.nullNode();
      case INTEGER ->
          text.matches("[-+]?[0-9]{1,40}")
              ? NODES.numberNode(new BigInteger(text))
              : NODES.textNode(text);
      case OTHER_NUMBER ->
          text.matches("[-+]?[0-9]{1,40}\\.[0-9]{1,40}")
              ? NODES.numberNode(new BigDecimal(text))
              : NODES.textNode(text);
    };
  }
}
