package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.KeyTable;
import io.weft.overlay.forwarding.Sharing;
import java.util.HashMap;

/** What thousands of nodes and their kernels hold that is equal. */
final class Shared implements Sharing {
  /** An object and the key that it has. */
  record Row(ForwardingKey key, ForwardingObject object) implements KeyTable.Keyed {}

  // Only asked, never walked through.
  private final HashMap<Object, Object> values = new HashMap<>();
  private final HashMap<ForwardingKey, Row> rows = new HashMap<>();

  @Override
  @SuppressWarnings("unchecked") // what is equal is of one class, or of one that does not matter
  public <T> T of(T value) {
    var before = values.putIfAbsent(value, value);
    return before == null ? value : (T) before;
  }

  @Override
  public ForwardingObject of(ForwardingKey key, ForwardingObject object) {
    return row(key, object).object();
  }

  /** What nodes have under one key is mostly equal; where it is not, they share it by turns. */
  Row row(ForwardingKey key, ForwardingObject object) {
    var known = rows.get(key);
    if (known != null && known.object().equals(object)) {
      return known;
    }
    var row = new Row(known == null ? key : known.key(), object);
    rows.put(row.key(), row);
    return row;
  }
}
