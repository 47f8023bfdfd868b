package io.weft.agent.control;

import io.weft.agent.json.RouteFilter;
import io.weft.agent.json.TenantTable;
import io.weft.net.IpPrefix;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.TenantView;
import io.weft.overlay.node.TenantView.Source;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Goes through the table of one tenant, in slices on the brain's thread. */
public final class PrefixSearch {
  private static final int AT_ONCE = 64;

  private final Node node;
  private final String tenant;
  private final List<TenantView.Prefix> rows = new ArrayList<>();
  private final Map<Source, Integer> counts = new EnumMap<>(Source.class);
  private Optional<IpPrefix> next = Optional.empty();

  public PrefixSearch(Node node, String tenant) {
    this.node = node;
    this.tenant = tenant;
  }

  /** One slice; the table once it is complete, without rows where the tenant is not here. */
  public Optional<TenantTable> go() {
    for (var slice = new Slice(); !slice.isOver(); ) {
      var page = node.prefixes(tenant, next, AT_ONCE);
      page.ifPresent(part -> part.prefixes().forEach(this::take));
      next = page.flatMap(TenantView.PrefixPage::next);
      if (next.isEmpty()) {
        return Optional.of(new TenantTable(rows, counts));
      }
    }
    return Optional.empty();
  }

  private void take(TenantView.Prefix row) {
    counts.merge(row.source(), 1, Integer::sum);
    if (rows.size() < RouteFilter.MAX_ROWS) {
      rows.add(row);
    }
  }
}
