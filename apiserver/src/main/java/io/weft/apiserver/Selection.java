package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** Which objects a list or watch is about: {@code labelSelector} and {@code fieldSelector}. */
record Selection(String labels, String fields) {
  static Selection of(Map<String, String> parameters) {
    return new Selection(
        parameters.getOrDefault("labelSelector", ""), parameters.getOrDefault("fieldSelector", ""));
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
