package io.weft.net;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Things that tell their key, found by its hash, and walked through in an order that is asked for
 * only. A node has several for each pod of its tenants, so that the table holds the things alone,
 * and nothing around each: some six octets for one.
 *
 * <p>Open addressing with linear probing; what comes behind a gap moves up.
 */
public final class KeyTable<K, T> {
  private static final int SMALLEST = 8;

  private final Function<? super T, ? extends K> key;
  private @Nullable Object[] slots = new @Nullable Object[SMALLEST];
  private int size;

  /** {@code key}: that of a thing, which never changes. */
  public KeyTable(Function<? super T, ? extends K> key) {
    this.key = key;
  }

  public int size() {
    return size;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  /** The thing with this key. */
  public @Nullable T get(K wanted) {
    return thing(slots[slot(wanted)]);
  }

  public boolean has(K wanted) {
    return slots[slot(wanted)] != null;
  }

  /** Adds a thing, or puts it in the place of the one with its key, which is returned. */
  public @Nullable T put(T thing) {
    int slot = slot(key.apply(thing));
    var before = slots[slot];
    slots[slot] = thing;
    if (before == null) {
      size++;
      if (4L * size > 3L * slots.length) {
        resize(slots.length + slots.length / 2);
      }
    }
    return thing(before);
  }

  /** Takes the thing with this key away; it is returned. */
  public @Nullable T remove(K unwanted) {
    int gap = slot(unwanted);
    var removed = thing(slots[gap]);
    if (removed == null) {
      return null;
    }
    size--;
    for (int at = after(gap); ; at = after(at)) {
      var thing = thing(slots[at]);
      if (thing == null) {
        break;
      }
      if (distance(home(key.apply(thing)), at) >= distance(gap, at)) { // it is found in the gap
        slots[gap] = thing;
        gap = at;
      }
    }
    slots[gap] = null;
    if (slots.length > SMALLEST && 4L * size < slots.length) {
      resize(slots.length / 2);
    }
    return removed;
  }

  /** All things. */
  public List<T> sorted(Comparator<? super T> order) {
    return sorted(order, _ -> true);
  }

  /** Those that are meant. */
  public List<T> sorted(Comparator<? super T> order, Predicate<? super T> meant) {
    var things = new ArrayList<T>();
    for (var slot : slots) {
      var thing = thing(slot);
      if (thing != null && meant.test(thing)) {
        things.add(thing);
      }
    }
    things.sort(order);
    return things;
  }

  /** The keys of all things. */
  public List<K> keys(Comparator<? super K> order) {
    var keys = new ArrayList<K>(size);
    for (var slot : slots) {
      var thing = thing(slot);
      if (thing != null) {
        keys.add(key.apply(thing));
      }
    }
    keys.sort(order);
    return keys;
  }

  /** Where the thing with this key is, or would be. */
  private int slot(K wanted) {
    int at = home(wanted);
    for (var thing = thing(slots[at]);
        thing != null && !key.apply(thing).equals(wanted);
        thing = thing(slots[at])) {
      at = after(at);
    }
    return at;
  }

  /** Any number of slots will do: their number times what is, in 32 bits, a part of the whole. */
  private int home(K of) {
    int mixed = of.hashCode() * 0x9e37_79b9; // 2^32 over the golden ratio: neighbours go apart
    return (int) ((mixed & 0xffff_ffffL) * slots.length >>> 32);
  }

  private int after(int slot) {
    return slot + 1 == slots.length ? 0 : slot + 1;
  }

  /** Steps from one slot on to another. */
  private int distance(int from, int to) {
    return to >= from ? to - from : to - from + slots.length;
  }

  private void resize(int length) {
    var former = slots;
    slots = new @Nullable Object[Math.max(SMALLEST, length)];
    for (var slot : former) {
      var thing = thing(slot);
      if (thing != null) {
        slots[slot(key.apply(thing))] = thing;
      }
    }
  }

  @SuppressWarnings("unchecked") // nothing else is put in
  private @Nullable T thing(@Nullable Object slot) {
    return (T) slot;
  }
}
