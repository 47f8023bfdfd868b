package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.Sharing;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What thousands of nodes and their kernels hold that is equal. Several threads may ask at once,
 * and do not wait for each other.
 */
final class Shared implements Sharing {
  /** Places for values, and for rows as well: 16 MiB each, when they are all there. */
  private static final int MOST_PLACES = 1 << 22;

  /** An object and the key that it has. */
  record Row(ForwardingKey key, ForwardingObject object) {}

  /**
   * Things by the hash of their keys, of which each has two places; one that comes to them takes
   * the first, and moves who is there to the second. What is equal to something that had to go is
   * shared anew from then on. Where that happens often there are more places, up to a limit. What
   * one thread puts in another may miss, for a time; it sees all of what it finds, which is
   * immutable.
   */
  private static final class Known<T> {
    private final Function<T, Object> key;
    private final int most;
    private volatile @Nullable Object[] places = new @Nullable Object[1 << 10];
    private int gone;

    Known(Function<T, Object> key, int most) {
      this.key = key;
      this.most = most;
    }

    private static int place(int hash, int places) {
      return hash * 0x9e37_79b9 >>> Integer.numberOfLeadingZeros(places - 1);
    }

    @Nullable T find(Object wanted) {
      var now = places;
      int place = place(wanted.hashCode(), now.length);
      var first = thing(now[place]);
      if (first != null && wanted.equals(key.apply(first))) {
        return first;
      }
      var second = thing(now[place ^ 1]);
      return second != null && wanted.equals(key.apply(second)) ? second : null;
    }

    void put(T thing) {
      int hash = key.apply(thing).hashCode();
      if (put(places, hash, thing) && ++gone > places.length / 64 && places.length < most) {
        grow();
      }
    }

    /** True when another had to go for it. */
    private static boolean put(@Nullable Object[] places, int hash, Object thing) {
      int place = place(hash, places.length);
      var first = places[place];
      boolean goes = first != null && places[place ^ 1] != null;
      if (first != null) {
        places[place ^ 1] = first;
      }
      places[place] = thing;
      return goes;
    }

    private synchronized void grow() {
      if (gone > places.length / 64) { // no other thread has done it
        var more = new @Nullable Object[4 * places.length];
        for (var place : places) {
          var thing = thing(place);
          if (thing != null) {
            put(more, key.apply(thing).hashCode(), thing);
          }
        }
        gone = 0;
        places = more;
      }
    }

    @SuppressWarnings("unchecked") // nothing else is put in
    private @Nullable T thing(@Nullable Object place) {
      return (T) place;
    }
  }

  private final Known<Object> values;
  private final Known<Row> rows;

  Shared() {
    this(MOST_PLACES);
  }

  /** {@code places}: for values, and for rows as well, at most; a power of four from 1,024 on. */
  Shared(int places) {
    values = new Known<>(value -> value, places);
    rows = new Known<>(Row::key, places);
  }

  @Override
  @SuppressWarnings("unchecked") // what is equal is of one class, or of one that does not matter
  public <T> T of(T value) {
    var known = values.find(value);
    if (known != null) {
      return (T) known;
    }
    values.put(value);
    return value;
  }

  @Override
  public ForwardingKey key(ForwardingKey key) {
    var known = rows.find(key);
    return known == null ? key : known.key();
  }

  @Override
  public ForwardingObject of(ForwardingKey key, ForwardingObject object) {
    return row(key, object).object();
  }

  /** What nodes have under one key is mostly equal; where it is not, they share it by turns. */
  Row row(ForwardingKey key, ForwardingObject object) {
    var known = rows.find(key);
    if (known != null && known.object().equals(object)) {
      return known;
    }
    var row = new Row(known == null ? key : known.key(), object);
    rows.put(row);
    return row;
  }
}
