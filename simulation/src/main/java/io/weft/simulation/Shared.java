package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.KeyTable;
import io.weft.overlay.forwarding.Sharing;
import java.util.HashMap;
import java.util.List;
import java.util.stream.Stream;

/**
 * What thousands of nodes and their kernels hold that is equal. Several may ask at once: it is in
 * parts, so that they seldom meet.
 */
final class Shared implements Sharing {
  private static final int PARTS = 64; // a power of two

  /** An object and the key that it has. */
  record Row(ForwardingKey key, ForwardingObject object) implements KeyTable.Keyed {}

  /** Only asked, never walked through. */
  private static final class Part {
    private final HashMap<Object, Object> values = new HashMap<>();
    private final HashMap<ForwardingKey, Row> rows = new HashMap<>();

    synchronized Object of(Object value) {
      var before = values.putIfAbsent(value, value);
      return before == null ? value : before;
    }

    synchronized Row row(ForwardingKey key, ForwardingObject object) {
      var known = rows.get(key);
      if (known != null && known.object().equals(object)) {
        return known;
      }
      var row = new Row(known == null ? key : known.key(), object);
      rows.put(row.key(), row);
      return row;
    }
  }

  private final List<Part> parts = Stream.generate(Part::new).limit(PARTS).toList();

  private Part part(int hash) {
    int mixed = hash * 0x9e37_79b9; // its upper bits: the tables themselves use the lower
    return parts.get(mixed >>> 26);
  }

  @Override
  @SuppressWarnings("unchecked") // what is equal is of one class, or of one that does not matter
  public <T> T of(T value) {
    return (T) part(value.hashCode()).of(value);
  }

  @Override
  public ForwardingObject of(ForwardingKey key, ForwardingObject object) {
    return row(key, object).object();
  }

  /** What nodes have under one key is mostly equal; where it is not, they share it by turns. */
  Row row(ForwardingKey key, ForwardingObject object) {
    return part(key.hashCode()).row(key, object);
  }
}
