package io.weft.overlay.node;

import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import io.weft.net.RouteTargets;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** Networks, or tenants, by the targets of the routes that they are to be shown. */
final class ImportIndex<T> {
  private static final List<ImportTarget> NOTHING = List.of();

  /** Lists of targets of which the answer is remembered: routes of a fabric carry few. */
  private static final int MOST_ANSWERS = 1_024;

  private final Function<T, Collection<ImportTarget>> wants;
  private final Map<T, List<ImportTarget>> filed = new LinkedHashMap<>();
  private final TreeMap<ImportTarget, LinkedHashSet<T>> byTarget = new TreeMap<>();
  private final HashMap<RouteTargets, List<T>> answers = new HashMap<>(); // only asked

  /** {@code wants} tells the targets of one of them; when these change, {@link #put} it again. */
  ImportIndex(Function<T, Collection<ImportTarget>> wants) {
    this.wants = wants;
  }

  void put(T importer) {
    var targets = List.copyOf(wants.apply(importer));
    if (!targets.equals(filed.get(importer))) {
      remove(importer);
      answers.clear();
      filed.put(importer, targets);
      for (var target : targets) {
        byTarget.computeIfAbsent(target, _ -> new LinkedHashSet<>()).add(importer);
      }
    }
  }

  void remove(T importer) {
    var before = filed.remove(importer);
    answers.clear();
    for (var target : before == null ? NOTHING : before) {
      var importers = byTarget.get(target);
      if (importers != null && importers.remove(importer) && importers.isEmpty()) {
        byTarget.remove(target);
      }
    }
  }

  /** Those that are to be shown a route with one of these targets, each once. */
  List<T> of(List<RouteTarget> carried) {
    var key = new RouteTargets(carried);
    var known = answers.get(key);
    if (known != null) {
      return known;
    }
    if (answers.size() >= MOST_ANSWERS) {
      answers.clear();
    }
    var found = find(carried);
    answers.put(key, found);
    return found;
  }

  private List<T> find(List<RouteTarget> carried) {
    var found = new LinkedHashSet<T>();
    for (var target : carried) {
      addTo(found, target);
      ImportTarget.anyAsOf(target).ifPresent(any -> addTo(found, any));
    }
    return List.copyOf(found);
  }

  private void addTo(Set<T> found, ImportTarget target) {
    var importers = byTarget.get(target);
    if (importers != null) {
      found.addAll(importers);
    }
  }
}
