package io.weft.net;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Things that tell their key, found by its hash, and walked through in an order that is asked for
 * only. A node has several for each pod of its tenants, so that the table holds the things alone,
 * and nothing around each: some seven octets for one.
 *
 * <p>Open addressing with linear probing; what comes behind a gap moves up. Seven bits of its hash
 * stand beside a thing, so that hardly any other than the one that is meant is looked at: things
 * lie far apart in memory.
 */
public final class KeyTable<K, T> {
  private static final int SMALLEST = 8;
  private static final byte EMPTY = 0;

  private final Function<? super T, ? extends K> key;
  private @Nullable Object[] slots = new @Nullable Object[SMALLEST];

  /** Of the thing in each slot; {@link #EMPTY} where there is none. */
  private byte[] tags = new byte[SMALLEST];

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
    return tags[slot(wanted)] != EMPTY;
  }

  /** Adds a thing, or puts it in the place of the one with its key, which is returned. */
  public @Nullable T put(T thing) {
    var wanted = key.apply(thing);
    int mixed = mixed(wanted);
    int slot = slot(wanted, mixed);
    var before = slots[slot];
    slots[slot] = thing;
    if (before == null) {
      tags[slot] = tag(mixed);
      size++;
      if (5L * size > 4L * slots.length) {
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
      if (distance(home(mixed(key.apply(thing))), at) >= distance(gap, at)) { // found in the gap
        slots[gap] = thing;
        tags[gap] = tags[at];
        gap = at;
      }
    }
    slots[gap] = null;
    tags[gap] = EMPTY;
    if (slots.length > SMALLEST && 4L * size < slots.length) {
      resize(slots.length / 2);
    }
    return removed;
  }

  /** All things, in no order. */
  public void forEach(Consumer<? super T> taker) {
    for (var slot : slots) {
      var thing = thing(slot);
      if (thing != null) {
        taker.accept(thing);
      }
    }
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
    return slot(wanted, mixed(wanted));
  }

  private int slot(K wanted, int mixed) {
    byte tag = tag(mixed);
    int at = home(mixed);
    while (tags[at] != EMPTY && !(tags[at] == tag && isOf(slots[at], wanted))) {
      at = after(at);
    }
    return at;
  }

  private boolean isOf(@Nullable Object slot, K wanted) {
    var thing = thing(slot);
    return thing != null && key.apply(thing).equals(wanted);
  }

  /** The hash times 2^32 over the golden ratio: neighbours go apart. */
  private static int mixed(Object key) {
    return key.hashCode() * 0x9e37_79b9;
  }

  /** What is, in 32 bits, a part of the whole, times the slots: so any number of them will do. */
  private int home(int mixed) {
    return (int) ((mixed & 0xffff_ffffL) * slots.length >>> 32);
  }

  /** The bits that count least for the slot; never {@link #EMPTY}. */
  private static byte tag(int mixed) {
    return (byte) (mixed >>> 3 | 1);
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
    tags = new byte[slots.length];
    for (var slot : former) {
      var thing = thing(slot);
      if (thing != null) {
        int mixed = mixed(key.apply(thing));
        int at = home(mixed);
        while (tags[at] != EMPTY) { // all keys differ
          at = after(at);
        }
        slots[at] = thing;
        tags[at] = tag(mixed);
      }
    }
  }

  @SuppressWarnings("unchecked") // nothing else is put in
  private @Nullable T thing(@Nullable Object slot) {
    return (T) slot;
  }
}
