package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.TreeSet;

/** JSON Merge Patch (RFC 7396 §2). */
final class MergePatch {
  private MergePatch() {}

  static void apply(ObjectNode into, JsonNode patch) {
    patch
        .properties()
        .forEach(
            field -> {
              var name = field.getKey();
              var value = field.getValue();
              if (value.isNull()) {
                into.remove(name);
              } else if (value.isObject()) {
                if (!into.path(name).isObject()) {
                  into.set(name, JsonNodeFactory.instance.objectNode());
                }
                apply((ObjectNode) into.get(name), value);
              } else {
                into.set(name, value);
              }
            });
  }

  /**
   * Makes of a strategic merge patch one that is none: conditions are merged by their {@code type}
   * (Kubernetes API, {@code patchMergeKey}), so those that it does not name are put into it.
   */
  static void keepConditions(ObjectNode object, JsonNode patch) {
    if (!(patch.at("/status/conditions") instanceof ArrayNode given)) {
      return;
    }
    var named = new TreeSet<String>();
    given.forEach(each -> named.add(each.path("type").asText()));
    for (var there : object.at("/status/conditions")) {
      if (!named.contains(there.path("type").asText())) {
        given.add(there);
      }
    }
  }
}
