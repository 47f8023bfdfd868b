package io.weft.agent.json;

import io.weft.overlay.node.TenantView;
import io.weft.overlay.node.TenantView.Source;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The table of a tenant on this node.
 *
 * @param rows the first, {@link RouteFilter#MAX_ROWS} at most
 * @param counts of all, by where they come from
 */
public record TenantTable(List<TenantView.Prefix> rows, Map<Source, Integer> counts) {
  public TenantTable {
    rows = List.copyOf(rows);
    var copy = new EnumMap<Source, Integer>(Source.class);
    copy.putAll(counts);
    counts = copy;
  }

  int count(Source source) {
    return counts.getOrDefault(source, 0);
  }
}
