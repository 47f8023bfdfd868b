package io.weft.kubernetes.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an API server prints of the objects of a collection (meta.k8s.io/v1, Table).
 *
 * @param rows what is in the columns, by the names of the columns
 */
public record ApiTable(List<SortedMap<String, String>> rows) {
  public ApiTable {
    rows = List.copyOf(rows);
  }

  /** Of an answer; what is missing in it is missing in the rows. */
  static ApiTable of(JsonNode answer) {
    var names = new ArrayList<String>();
    answer.path("columnDefinitions").forEach(each -> names.add(each.path("name").asText()));
    var rows = new ArrayList<SortedMap<String, String>>();
    for (var row : answer.path("rows")) {
      var cells = new TreeMap<String, String>();
      for (int i = 0; i < names.size(); i++) {
        cells.put(names.get(i), row.path("cells").path(i).asText());
      }
      rows.add(Collections.unmodifiableSortedMap(cells));
    }
    return new ApiTable(rows);
  }
}
