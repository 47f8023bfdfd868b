package io.weft.overlay.forwarding;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Things by their {@link ForwardingKey}: found by hash, walked through in the order of the keys
 * only. A node has one row for each pod of its tenants, so that it holds the things alone, and
 * nothing around each: about seven octets for one.
 *
 * <p>Open addressing with linear probing; what comes behind a gap moves up.
 */
public final class KeyTable<T extends KeyTable.Keyed> {
  /** What has an identity in the forwarding tables, which never changes. */
  public interface Keyed {
    ForwardingKey key();
  }

  private static final int SMALLEST = 8;

  private @Nullable Keyed[] slots = new @Nullable Keyed[SMALLEST];
  private int size;

  public int size() {
    return size;
  }

  /** The thing with this key. */
  public @Nullable T get(ForwardingKey key) {
    return thing(slots[slot(key)]);
  }

  public boolean has(ForwardingKey key) {
    return slots[slot(key)] != null;
  }

  /** Adds a thing, or puts it in the place of the one with its key, which is returned. */
  public @Nullable T put(T thing) {
    int slot = slot(thing.key());
    var before = slots[slot];
    slots[slot] = thing;
    if (before == null) {
      size++;
      if (4 * size > 3 * slots.length) {
        resize(2 * slots.length);
      }
    }
    return thing(before);
  }

  /** Takes the thing with this key away; it is returned. */
  public @Nullable T remove(ForwardingKey key) {
    int gap = slot(key);
    var removed = slots[gap];
    if (removed == null) {
      return null;
    }
    size--;
    int last = slots.length - 1;
    for (int at = gap + 1 & last; ; at = at + 1 & last) {
      var thing = slots[at];
      if (thing == null) {
        break;
      }
      int home = home(thing.key());
      if ((at - home & last) >= (at - gap & last)) { // it would be found in the gap
        slots[gap] = thing;
        gap = at;
      }
    }
    slots[gap] = null;
    if (slots.length > SMALLEST && 8 * size < slots.length) {
      resize(slots.length / 4);
    }
    return thing(removed);
  }

  /** All things in the order of their keys. */
  public List<T> sorted() {
    return sorted(_ -> true);
  }

  /** Those that are meant, in the order of their keys. */
  public List<T> sorted(Predicate<T> meant) {
    var things = new ArrayList<T>();
    for (var slot : slots) {
      var thing = thing(slot);
      if (thing != null && meant.test(thing)) {
        things.add(thing);
      }
    }
    things.sort(Comparator.comparing(Keyed::key));
    return things;
  }

  /** Where the thing with this key is, or would be. */
  private int slot(ForwardingKey key) {
    int last = slots.length - 1;
    int at = home(key);
    for (var thing = slots[at]; thing != null && !thing.key().equals(key); thing = slots[at]) {
      at = at + 1 & last;
    }
    return at;
  }

  private int home(ForwardingKey key) {
    int hash = key.hashCode() * 0x9e37_79b9; // 2^32 over the golden ratio: neighbours go apart
    return (hash ^ hash >>> 15) & slots.length - 1;
  }

  private void resize(int length) {
    var former = slots;
    slots = new @Nullable Keyed[Math.max(SMALLEST, length)];
    for (var thing : former) {
      if (thing != null) {
        slots[slot(thing.key())] = thing;
      }
    }
  }

  @SuppressWarnings("unchecked") // nothing else is put in
  private @Nullable T thing(@Nullable Keyed slot) {
    return (T) slot;
  }
}
