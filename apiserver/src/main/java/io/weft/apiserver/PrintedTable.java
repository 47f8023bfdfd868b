package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * A list as the server prints it for {@code kubectl get -o wide} (meta.k8s.io/v1, Table), without
 * the objects: names, and of Nodes the first address of each kind.
 */
final class PrintedTable {
  private static final List<String> OF_NODES = List.of("Name", "Internal-IP", "External-IP");

  private PrintedTable() {}

  static ObjectNode of(ObjectNode list) {
    boolean nodes = list.path("kind").asText().equals("NodeList");
    var table = JsonNodeFactory.instance.objectNode();
    table.put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
    table.set("metadata", list.path("metadata"));
    var columns = table.putArray("columnDefinitions");
    for (var name : nodes ? OF_NODES : OF_NODES.subList(0, 1)) {
      columns.addObject().put("name", name).put("type", "string");
    }
    var rows = table.putArray("rows");
    for (var item : list.path("items")) {
      var row = rows.addObject();
      row.putNull("object");
      var cells = row.putArray("cells").add(item.at("/metadata/name").asText());
      if (nodes) {
        cells.add(first(item, "InternalIP")).add(first(item, "ExternalIP"));
      }
    }
    return table;
  }

  private static String first(JsonNode node, String type) {
    for (var address : node.at("/status/addresses")) {
      if (address.path("type").asText().equals(type)) {
        return address.path("address").asText();
      }
    }
    return "<none>";
  }
}
