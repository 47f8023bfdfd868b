package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.node.ForeignView;
import java.util.Collection;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** What others did to the kernel's objects of a node, as JSON: a part of {@code status}. */
public final class ForeignJson {
  private ForeignJson() {}

  /**
   * The part.
   *
   * @param nowNanos on the clock of the node
   */
  public static ObjectNode foreign(ForeignView view, long nowNanos) {
    var document = JsonNodeFactory.instance.objectNode();
    document.put("changes", view.counts().stream().mapToLong(ForeignView.Count::count).sum());
    document.put("mended", view.mended());
    document.put("slowestMendMillis", TimeUnit.NANOSECONDS.toMillis(view.slowestNanos()));
    var counts = document.putArray("counts");
    for (var each : view.counts()) {
      counts
          .addObject()
          .put("kind", word(each.kind()))
          .put("deed", word(each.deed()))
          .put("count", each.count());
    }
    changes(document.putArray("open"), view.open(), nowNanos);
    changes(document.putArray("recent"), view.recent(), nowNanos);
    return document;
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static void changes(
      ArrayNode array, Collection<ForeignView.Change> changes, long nowNanos) {
    for (var change : changes) {
      ForwardingKey key = change.key();
      var node = array.addObject().put("object", key.toString()).put("deed", word(change.deed()));
      node.put("kind", word(key.kind())).put("namespace", key.namespace());
      if (!change.found().isEmpty()) {
        node.put("found", change.found());
      }
      node.put("secondsAgo", TimeUnit.NANOSECONDS.toSeconds(nowNanos - change.sinceNanos()));
      change
          .mendedAtNanos()
          .ifPresent(
              at ->
                  node.put(
                      "mendedAfterMillis",
                      TimeUnit.NANOSECONDS.toMillis(at - change.sinceNanos())));
    }
  }
}
