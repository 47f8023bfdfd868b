package io.weft.kubernetes.resource;

import static io.weft.kubernetes.resource.ResourceReader.placed;

import io.weft.kubernetes.resource.LabelSelector.Operator;
import io.weft.kubernetes.resource.LabelSelector.Requirement;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads the {@code namespaces} of a Network. */
final class NamespacesReader {
  private NamespacesReader() {}

  static NamespaceSelection read(YamlValue value, SortedMap<String, Place> fields) {
    return value.object(object -> selection(object, fields)).orElse(NamespaceSelection.NONE);
  }

  private static Optional<NamespaceSelection> selection(
      YamlObject object, SortedMap<String, Place> fields) {
    var names = names(object, fields);
    var selector =
        placed(object.optional("selector"), "namespaces.selector", fields)
            .object(NamespacesReader::selector);
    var byAnnotation = object.optional("byAnnotation").truth().orElse(false);
    var byDefault =
        placed(object.optional("default"), "namespaces.default", fields).truth().orElse(false);
    return Optional.of(new NamespaceSelection(names, selector, byAnnotation, byDefault));
  }

  private static List<String> names(YamlObject object, SortedMap<String, Place> fields) {
    var names = new ArrayList<String>();
    for (var item : object.optional("names").each()) {
      if (names.size() == NetworkSpec.MAX_NAMESPACES) {
        item.report(
            "a network has at most " + NetworkSpec.MAX_NAMESPACES + " namespaces; remove this");
        break;
      }
      item.word(Metadata::requireLabel)
          .ifPresent(
              name -> {
                placed(item, "namespaces." + name, fields);
                if (names.contains(name)) {
                  item.report("namespace '" + name + "' is given twice; remove one");
                } else {
                  names.add(name);
                }
              });
    }
    return names;
  }

  private static Optional<LabelSelector> selector(YamlObject object) {
    var labels = object.optional("matchLabels").object(NamespacesReader::labels);
    var list = object.optional("matchExpressions");
    var expressions = list.each(item -> item.object(NamespacesReader::expression));
    if (labels.map(Map::size).orElse(0) + expressions.size() > LabelSelector.MAX_REQUIREMENTS) {
      object.report(
          object.place(),
          "a selector has at most " + LabelSelector.MAX_REQUIREMENTS + " requirements");
    }
    return Optional.of(new LabelSelector(new TreeMap<>(labels.orElse(Map.of())), expressions));
  }

  private static Optional<Map<String, String>> labels(YamlObject object) {
    var labels = new TreeMap<String, String>();
    for (var key : object.keys()) {
      object.optional(key).text().ifPresent(value -> labels.put(key, value));
    }
    return Optional.of(labels);
  }

  private static Optional<Requirement> expression(YamlObject object) {
    var key = object.required("key").text();
    var operator = object.required("operator").choice(Operator.BY_LABEL);
    var values = object.optional("values");
    var texts = values.each(YamlValue::text);
    if (texts.size() > LabelSelector.MAX_VALUES) {
      values.report("an expression has at most " + LabelSelector.MAX_VALUES + " values");
    }
    return key.flatMap(name -> operator.map(what -> new Requirement(name, what, texts)));
  }
}
