package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** What a watch is told. */
final class WatchEvents {
  private WatchEvents() {}

  /** What an object enters or leaves the selection by is an addition or a deletion. */
  static Optional<ObjectNode> of(
      Target target, Selection selection, Store.Change change, boolean partial) {
    var object = change.object();
    if (!change.of().equals(target.type())
        || (!target.namespace().isEmpty()
            && !object.at("/metadata/namespace").asText().equals(target.namespace()))) {
      return Optional.empty();
    }
    boolean was = change.before().filter(selection::matches).isPresent();
    boolean is = !change.type().equals("DELETED") && selection.matches(object);
    if (!was && !is) {
      return Optional.empty();
    }
    var event = JsonNodeFactory.instance.objectNode();
    event.put("type", was ? is ? "MODIFIED" : "DELETED" : "ADDED");
    event.set("object", shown(partial, object));
    return Optional.of(event);
  }

  /** How far the watch has come. */
  static ObjectNode bookmark(ResourceType type, long version) {
    var event = JsonNodeFactory.instance.objectNode().put("type", "BOOKMARK");
    event
        .putObject("object")
        .put("kind", type.kind())
        .put("apiVersion", type.apiVersion())
        .putObject("metadata")
        .put("resourceVersion", String.valueOf(version));
    return event;
  }

  /** The end of a watch. */
  static ObjectNode error(Refusal refusal) {
    var event = JsonNodeFactory.instance.objectNode().put("type", "ERROR");
    event.set("object", refusal.status());
    return event;
  }

  static JsonNode shown(boolean partial, ObjectNode object) {
    return partial ? Store.metadataOf(object) : object;
  }
}
