package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

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
}
