package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** What stands in a kernel, by kind: read once, for all looks at it; in no order. */
final class Standing {
  private final Map<Kind, List<Shared.Row>> rows = new EnumMap<>(Kind.class);

  void add(Shared.Row row) {
    rows.computeIfAbsent(row.key().kind(), _ -> new ArrayList<>()).add(row);
  }

  List<Shared.Row> of(Kind kind) {
    return rows.getOrDefault(kind, List.of());
  }

  /** Those of one kind that are not as they should be, in the order of their keys. */
  List<ForwardingObject> wrong(Kind kind, Predicate<ForwardingObject> right) {
    return wrong(EnumSet.of(kind), row -> right.test(row.object()));
  }

  /** The same of some kinds; each row is asked about once, in no order. */
  List<ForwardingObject> wrong(Set<Kind> kinds, Predicate<Shared.Row> right) {
    var wrong = new ArrayList<Shared.Row>();
    for (var kind : kinds) {
      for (var row : of(kind)) {
        if (!right.test(row)) {
          wrong.add(row);
        }
      }
    }
    wrong.sort(Comparator.comparing(Shared.Row::key));
    return wrong.stream().map(Shared.Row::object).toList();
  }
}
