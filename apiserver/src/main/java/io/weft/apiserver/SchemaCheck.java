package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Holds an object against a structural schema, as far as Weft's schemas go: types, required fields,
 * bounds, lengths, patterns, choices. As the real server does, it removes unknown fields instead of
 * complaining, and fills in defaults. Rules ({@code x-kubernetes-validations}) are evaluated where
 * all else is right.
 */
final class SchemaCheck {
  /** The first number that no integer of 64 bits is; exact in floating point. */
  private static final double BEYOND = 0x1p63;

  private static final String RULES = "x-kubernetes-validations";

  private final List<String> problems = new ArrayList<>();

  private SchemaCheck() {}

  /** What is wrong; {@code value} is pruned on the way. */
  static List<String> check(JsonNode schema, ObjectNode value) {
    var check = new SchemaCheck();
    check.object("", schema, value, true);
    if (check.problems.isEmpty()) {
      check.rules("", schema, value);
    }
    return check.problems;
  }

  /**
   * Reads all rules of a schema.
   *
   * @throws IllegalArgumentException when one is not understood
   */
  static void requireRules(JsonNode schema) {
    for (var rules : schema.findValues(RULES)) {
      rules.forEach(rule -> Rule.of(rule.path("rule").asText()));
    }
  }

  private void rules(String path, JsonNode schema, JsonNode value) {
    for (var rule : schema.path(RULES)) {
      if (!Rule.of(rule.path("rule").asText()).holds(value)) {
        problems.add(path + ": Invalid value: " + rule.path("message").asText());
      }
    }
    for (var property : schema.path("properties").properties()) {
      if (value.has(property.getKey())) {
        rules(dotted(path, property.getKey()), property.getValue(), value.get(property.getKey()));
      }
    }
    for (int i = 0; value.isArray() && i < value.size(); i++) {
      rules(path + "[" + i + "]", schema.path("items"), value.get(i));
    }
  }

  private void value(String path, JsonNode schema, JsonNode value) {
    if (schema.path("x-kubernetes-int-or-string").asBoolean()) {
      if (!value.isIntegralNumber() && !value.isTextual()) {
        problems.add(path + ": must be an integer or a string");
      }
      alternatives(path, schema, value);
      return;
    }
    switch (schema.path("type").asText()) {
      case "object" -> {
        if (value instanceof ObjectNode object) {
          object(path, schema, object, false);
        } else {
          wrong(path, "object", value);
        }
      }
      case "array" -> array(path, schema, value);
      case "string" -> text(path, schema, value);
      case "integer" -> number(path, schema, value);
      case "boolean" -> {
        if (!value.isBoolean()) {
          wrong(path, "boolean", value);
        }
      }
      default -> {} // x-kubernetes-preserve-unknown-fields: anything goes
    }
  }

  private void wrong(String path, String type, JsonNode value) {
    problems.add(path + ": Invalid value: " + value + ": must be of type " + type);
  }

  private void object(String path, JsonNode schema, ObjectNode value, boolean isRoot) {
    for (var required : schema.path("required")) {
      if (!value.has(required.asText())) {
        problems.add(dotted(path, required.asText()) + ": Required value");
      }
    }
    var properties = schema.path("properties");
    properties
        .properties()
        .forEach(
            property -> {
              var preset = property.getValue().path("default");
              if (!preset.isMissingNode() && !value.has(property.getKey())) {
                value.set(property.getKey(), preset.deepCopy());
              }
            });
    boolean open =
        schema.path("x-kubernetes-preserve-unknown-fields").asBoolean()
            || schema.has("additionalProperties");
    var names = new ArrayList<String>();
    value.fieldNames().forEachRemaining(names::add);
    for (var name : names) {
      if (isRoot && List.of("apiVersion", "kind", "metadata").contains(name)) {
        continue;
      }
      var of = properties.has(name) ? properties.get(name) : schema.path("additionalProperties");
      if (value.get(name).isNull() || (of.isMissingNode() && !open)) {
        value.remove(name);
      } else {
        value(dotted(path, name), of, value.get(name));
      }
    }
  }

  private void array(String path, JsonNode schema, JsonNode value) {
    if (!value.isArray()) {
      wrong(path, "array", value);
      return;
    }
    bounds(path, schema, "minItems", "maxItems", value.size(), "items");
    for (int i = 0; i < value.size(); i++) {
      value(path + "[" + i + "]", schema.path("items"), value.get(i));
    }
  }

  private void text(String path, JsonNode schema, JsonNode value) {
    if (!value.isTextual()) {
      wrong(path, "string", value);
      return;
    }
    var text = value.asText();
    bounds(
        path,
        schema,
        "minLength",
        "maxLength",
        text.codePointCount(0, text.length()),
        "characters");
    if (schema.has("pattern")
        && !Pattern.compile(schema.get("pattern").asText()).matcher(text).find()) {
      problems.add(path + ": Invalid value: " + value + ": must match " + schema.get("pattern"));
    }
    choices(path, schema, value);
  }

  private void number(String path, JsonNode schema, JsonNode value) {
    if (!value.isIntegralNumber()) {
      wrong(path, "integer", value);
      return;
    }
    requireBound(path, schema);
    bounds(path, schema, "minimum", "maximum", value.asLong(), "");
  }

  /** A server reads a bound as floating point, and then it must be an integer of 64 bits. */
  private void requireBound(String path, JsonNode schema) {
    if (schema.path("maximum").asDouble() >= BEYOND) {
      problems.add(path + ": Maximum boundary value must be of type integer with format int64");
    }
  }

  private void bounds(
      String path, JsonNode schema, String least, String most, long value, String unit) {
    if (schema.has(least) && value < schema.get(least).asLong()) {
      problems.add(path + ": " + value + " " + unit + " is below " + schema.get(least));
    }
    if (schema.has(most) && value > schema.get(most).asLong()) {
      problems.add(path + ": " + value + " " + unit + " is above " + schema.get(most));
    }
  }

  private void choices(String path, JsonNode schema, JsonNode value) {
    for (var choice : schema.path("enum")) {
      if (choice.equals(value)) {
        return;
      }
    }
    if (schema.has("enum")) {
      problems.add(path + ": Unsupported value: " + value + ": supported: " + schema.get("enum"));
    }
  }

  /** A number within the bounds, or one of the words. */
  private void alternatives(String path, JsonNode schema, JsonNode value) {
    if (value.isIntegralNumber()) {
      bounds(path, schema, "minimum", "maximum", value.asLong(), "");
    } else if (value.isTextual() && schema.has("pattern")) {
      if (!value.asText().matches(schema.get("pattern").asText())) {
        problems.add(path + ": Invalid value: " + value + ": must match " + schema.get("pattern"));
      }
    }
  }

  private static String dotted(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
