package io.weft.kubernetes.schema;

import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.schema.Schema.Choice;
import io.weft.kubernetes.schema.Schema.Either;
import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.Labels;
import io.weft.kubernetes.schema.Schema.ListOf;
import io.weft.kubernetes.schema.Schema.Rule;
import io.weft.kubernetes.schema.Schema.Text;
import io.weft.kubernetes.schema.Schema.Truth;
import io.weft.kubernetes.schema.Schema.Whole;
import io.weft.kubernetes.schema.Schema.WholeOrWord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * The CustomResourceDefinition of a kind (apiextensions.k8s.io/v1), with a structural schema. The
 * rules use what CEL has in Kubernetes 1.30.
 */
public final class Definition {
  private static final String GENERATED =
      "# Made of io.weft.kubernetes.schema; do not edit (make resources writes it again).\n";

  private Definition() {}

  /** {@code weft.io_networks.yaml}. */
  public static String fileName(KindSchema kind) {
    return Resource.GROUP + "_" + kind.plural() + ".yaml";
  }

  /** As YAML. */
  public static String yaml(KindSchema kind) {
    return GENERATED + YamlText.of(definition(kind));
  }

  private static Map<String, Object> definition(KindSchema kind) {
    var names = new LinkedHashMap<String, Object>();
    names.put("kind", kind.label());
    names.put("listKind", kind.label() + "List");
    names.put("plural", kind.plural());
    names.put("singular", kind.singular());
    if (!kind.shortNames().isEmpty()) {
      names.put("shortNames", kind.shortNames());
    }
    names.put("categories", List.of("weft"));

    var version = new LinkedHashMap<String, Object>();
    version.put("name", Resource.VERSION);
    version.put("served", true);
    version.put("storage", true);
    version.put("additionalPrinterColumns", columns(kind));
    if (!kind.status().fields().isEmpty()) {
      version.put("subresources", Map.of("status", Map.of()));
    }
    version.put("schema", Map.of("openAPIV3Schema", root(kind)));

    var spec = new LinkedHashMap<String, Object>();
    spec.put("group", Resource.GROUP);
    spec.put("names", names);
    spec.put("scope", "Cluster");
    spec.put("versions", List.of(version));

    var definition = new LinkedHashMap<String, Object>();
    definition.put("apiVersion", "apiextensions.k8s.io/v1");
    definition.put("kind", "CustomResourceDefinition");
    definition.put("metadata", Map.of("name", kind.plural() + "." + Resource.GROUP));
    definition.put("spec", spec);
    return definition;
  }

  private static List<Map<String, Object>> columns(KindSchema kind) {
    var columns = new ArrayList<Map<String, Object>>();
    kind.columns().forEach(each -> columns.add(column(each.name(), each.type(), each.path())));
    columns.add(column("Age", "date", ".metadata.creationTimestamp"));
    return columns;
  }

  private static Map<String, Object> column(String name, String type, String path) {
    var column = new LinkedHashMap<String, Object>();
    column.put("name", name);
    column.put("type", type);
    column.put("jsonPath", path);
    return column;
  }

  private static Map<String, Object> root(KindSchema kind) {
    var properties = new LinkedHashMap<String, Object>();
    properties.put("apiVersion", Map.of("type", "string"));
    properties.put("kind", Map.of("type", "string"));
    properties.put("metadata", Map.of("type", "object"));
    properties.put("spec", schema(kind.spec(), "What is wanted."));
    if (!kind.status().fields().isEmpty()) {
      properties.put("status", schema(kind.status(), "What is; written by Weft."));
    }

    var root = new LinkedHashMap<String, Object>();
    root.put("type", "object");
    root.put("description", kind.description());
    if (kind.specRequired()) {
      root.put("required", List.of("spec"));
    }
    root.put("properties", properties);
    root.put("x-kubernetes-validations", rules(List.of(kind.nameRule())));
    return root;
  }

  private static List<Map<String, Object>> rules(List<Rule> rules) {
    return rules.stream()
        .map(
            rule -> {
              var map = new LinkedHashMap<String, Object>();
              map.put("rule", rule.expression());
              map.put("message", rule.message());
              return (Map<String, Object>) map;
            })
        .toList();
  }

  private static Map<String, Object> schema(Schema schema, String description) {
    var map = new LinkedHashMap<String, Object>();
    if (!description.isEmpty()) {
      map.put("description", description);
    }
    switch (schema) {
      case Text(var pattern, var most, _) -> {
        map.put("type", "string");
        map.put("maxLength", most);
        if (!pattern.isEmpty()) {
          map.put("pattern", pattern);
        }
      }
      case Choice(var words) -> {
        map.put("type", "string");
        map.put("enum", words);
      }
      case Whole number -> {
        map.put("type", "integer");
        map.put("format", "int64");
        bounds(number, map);
      }
      case WholeOrWord(var number, var word) -> {
        map.put("x-kubernetes-int-or-string", true);
        bounds(number, map);
        map.put("pattern", "^(" + String.join("|", word.words()) + ")$");
      }
      case Truth _ -> map.put("type", "boolean");
      case Labels _ -> {
        map.put("type", "object");
        map.put("additionalProperties", Map.of("type", "string"));
      }
      case ListOf(var item, var most) -> {
        map.put("type", "array");
        map.put("maxItems", most);
        map.put("items", schema(item, ""));
      }
      case Fields fields -> fields(fields, map);
      case Either _ -> map.put("x-kubernetes-preserve-unknown-fields", true);
    }
    return map;
  }

  /**
   * The API server reads bounds as floating point: what is next to the largest {@code int64} is one
   * more than it, and an object with such a field is refused. The format says that bound already.
   */
  private static void bounds(Whole number, SequencedMap<String, Object> map) {
    map.put("minimum", number.least());
    if (number.most() != Long.MAX_VALUE) {
      map.put("maximum", number.most());
    }
  }

  private static void fields(Fields fields, SequencedMap<String, Object> map) {
    map.put("type", "object");
    var required =
        fields.fields().stream().filter(Schema.Field::required).map(Schema.Field::name).toList();
    if (!required.isEmpty()) {
      map.put("required", required);
    }
    var properties = new LinkedHashMap<String, Object>();
    fields
        .fields()
        .forEach(
            field -> properties.put(field.name(), schema(field.schema(), field.description())));
    map.put("properties", properties);
    if (!fields.rules().isEmpty()) {
      map.put("x-kubernetes-validations", rules(fields.rules()));
    }
  }
}
