package io.weft.apiserver;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Lists, page by page: all pages show the objects as they were at the first one, until the server
 * has forgotten that ({@link ApiServer#compact}). Guarded by the store.
 */
final class Pages {
  /** Further lists that are under way are forgotten, the oldest first. */
  private static final int MOST = 64;

  /** What is still to come of a list. */
  private record Rest(String version, List<ObjectNode> objects) {}

  private final LinkedHashMap<String, Rest> rests = new LinkedHashMap<>();
  private final Store store;
  private int lists;

  Pages(Store store) {
    this.store = store;
  }

  /** Whoever goes on with a list that has begun hears 410. */
  void forget() {
    rests.clear();
  }

  ObjectNode list(
      ResourceType type, String namespace, Map<String, String> parameters, boolean partial)
      throws Refusal {
    var page = JsonNodeFactory.instance.objectNode();
    page.put("kind", partial ? "PartialObjectMetadataList" : type.kind() + "List");
    page.put("apiVersion", partial ? "meta.k8s.io/v1" : type.apiVersion());
    var metadata = page.putObject("metadata");
    var items = page.putArray("items");
    var rest = rest(type, namespace, parameters);
    int limit = number(parameters, "limit");
    int end = limit == 0 ? rest.objects().size() : Math.min(rest.objects().size(), limit);
    for (var object : rest.objects().subList(0, end)) {
      items.add(partial ? Store.metadataOf(object) : item(type, object));
    }
    metadata.put("resourceVersion", rest.version());
    if (end < rest.objects().size()) {
      var token = "list-" + ++lists;
      rests.put(
          token, new Rest(rest.version(), rest.objects().subList(end, rest.objects().size())));
      if (rests.size() > MOST) {
        rests.pollFirstEntry();
      }
      metadata.put("continue", token);
    }
    return page;
  }

  private Rest rest(ResourceType type, String namespace, Map<String, String> parameters)
      throws Refusal {
    var token = parameters.getOrDefault("continue", "");
    if (token.isEmpty()) {
      var selection = Selection.of(type, parameters);
      return new Rest(
          String.valueOf(store.version()),
          store.list(type, namespace).stream().filter(selection::matches).toList());
    }
    if (parameters.containsKey("resourceVersion")) {
      throw Refusal.bad("specifying resource version is not allowed when using continue");
    }
    var rest = rests.get(token);
    if (rest == null) {
      throw Refusal.gone("The provided continue parameter is too old");
    }
    return rest;
  }

  /** Kinds of Kubernetes itself are not said in each item, for the list says them. */
  private static ObjectNode item(ResourceType type, ObjectNode object) {
    if (!ResourceType.BUILT_IN.contains(type)) {
      return object;
    }
    var item = object.deepCopy();
    item.remove(List.of("apiVersion", "kind"));
    return item;
  }

  static int number(Map<String, String> parameters, String name) throws Refusal {
    var text = parameters.getOrDefault(name, "0");
    if (!text.matches("[0-9]{1,9}")) {
      throw Refusal.bad(name + ": Invalid value: \"" + text + "\"");
    }
    return Integer.parseInt(text);
  }
}
