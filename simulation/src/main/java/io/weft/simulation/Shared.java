package io.weft.simulation;

import io.weft.net.KeyTable;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.Sharing;
import java.util.HashMap;
import java.util.List;
import java.util.stream.Stream;

/**
 * What thousands of nodes and their kernels hold that is equal. Several may ask at once: it is in
 * parts, so that they seldom meet. A part that is full is emptied: what is equal to something of
 * before is shared anew from then on.
 */
final class Shared implements Sharing {
  private static final int PARTS = 64; // a power of two

  /** Values, and rows as well, in one part: 2,097,152 of each in all. */
  private static final int MOST_IN_PART = 1 << 15;

  /** An object and the key that it has. */
  record Row(ForwardingKey key, ForwardingObject object) {}

  private static final class Part {
    private final int most;
    private final HashMap<Object, Object> values = new HashMap<>(); // which keeps a deep hash
    private KeyTable<ForwardingKey, Row> rows = new KeyTable<>(Row::key);

    Part(int most) {
      this.most = most;
    }

    synchronized Object of(Object value) {
      var before = values.putIfAbsent(value, value);
      if (before != null) {
        return before;
      }
      if (values.size() > most) {
        values.clear();
        values.put(value, value);
      }
      return value;
    }

    synchronized ForwardingKey key(ForwardingKey key) {
      var known = rows.get(key);
      return known == null ? key : known.key();
    }

    synchronized Row row(ForwardingKey key, ForwardingObject object) {
      var known = rows.get(key);
      if (known != null && known.object().equals(object)) {
        return known;
      }
      if (known == null && rows.size() >= most) {
        rows = new KeyTable<>(Row::key);
      }
      var row = new Row(known == null ? key : known.key(), object);
      rows.put(row);
      return row;
    }
  }

  private final List<Part> parts;

  Shared() {
    this(MOST_IN_PART);
  }

  /** {@code most}: values, and rows as well, in each of the parts. */
  Shared(int most) {
    parts = Stream.generate(() -> new Part(most)).limit(PARTS).toList();
  }

  private Part part(int hash) {
    int mixed = hash * 0x85eb_ca6b; // the tables themselves mix by another number
    return parts.get(mixed >>> 26);
  }

  @Override
  @SuppressWarnings("unchecked") // what is equal is of one class, or of one that does not matter
  public <T> T of(T value) {
    return (T) part(value.hashCode()).of(value);
  }

  @Override
  public ForwardingKey key(ForwardingKey key) {
    return part(key.hashCode()).key(key);
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
