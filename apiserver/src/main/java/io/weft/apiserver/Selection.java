package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/** Which objects a list or watch is about: {@code labelSelector} and {@code fieldSelector}. */
record Selection(String labels, String fields) {
  /** Fields that kinds of Kubernetes itself are selected by, beside name and namespace. */
  private static final Map<String, List<String>> FIELDS =
      Map.of(
          "Pod", List.of("spec.nodeName", "status.phase", "status.podIP"),
          "Node", List.of("spec.unschedulable"),
          "Namespace", List.of("status.phase"),
          "Event", List.of("involvedObject.name", "involvedObject.uid", "reason", "type"));

  /**
   * What a call selects of a kind.
   *
   * @throws Refusal where objects of the kind are not selected by the field
   */
  static Selection of(ResourceType type, Map<String, String> parameters) throws Refusal {
    var fields = parameters.getOrDefault("fieldSelector", "");
    for (var term : fields.split(",", -1)) {
      var field = name(term);
      if (!term.isEmpty()
          && !List.of("metadata.name", "metadata.namespace").contains(field)
          && !FIELDS.getOrDefault(type.kind(), List.of()).contains(field)) {
        throw Refusal.bad("field label not supported: " + field);
      }
    }
    return new Selection(parameters.getOrDefault("labelSelector", ""), fields);
  }

  boolean matches(JsonNode object) {
    for (var term : fields.split(",", -1)) {
      if (!term.isEmpty() && !matches(object, term, "/" + name(term).replace('.', '/'))) {
        return false;
      }
    }
    for (var term : labels.split(",", -1)) {
      if (!term.isEmpty()
          && !matches(object, term, "/metadata/labels/" + name(term).replace("/", "~1"))) {
        return false;
      }
    }
    return true;
  }

  private static String name(String term) {
    return term.split("!?==?", 2)[0];
  }

  private static boolean matches(JsonNode object, String term, String pointer) {
    var value = object.at(pointer);
    if (!term.contains("=")) {
      return !value.isMissingNode();
    }
    var wanted = term.substring(term.lastIndexOf('=') + 1);
    return term.contains("!=") != value.asText("").equals(wanted);
  }
}
