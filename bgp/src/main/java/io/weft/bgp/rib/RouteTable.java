package io.weft.bgp.rib;

import io.weft.bgp.wire.NlriParts;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Entries by the octets of their keys, in order of arrival: an index by open addressing over an
 * array of the entries. Four octets an entry and eight to sixteen in the index, where a linked hash
 * table takes forty.
 */
final class RouteTable implements Iterable<RibEntry> {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int SMALLEST = 16;
  private static final int EMPTY = 0;
  private static final int DELETED = -1;

  /** Place in {@link #entries} plus one; at most half of it is not empty. */
  private int[] index = new int[2 * SMALLEST];

  /** In order of arrival; null where one was removed. */
  private @Nullable RibEntry[] entries = new RibEntry[SMALLEST];

  /** Places of {@link #entries} in use or once used. */
  private int used;

  private int size;

  int size() {
    return size;
  }

  @Nullable RibEntry find(byte[] key, int length) {
    int hash = hash(key, length);
    int mask = index.length - 1;
    for (int at = hash & mask; index[at] != EMPTY; at = at + 1 & mask) {
      if (index[at] != DELETED) {
        var entry = entries[index[at] - 1];
        if (entry != null && entry.hash() == hash && entry.hasKey(key, length)) {
          return entry;
        }
      }
    }
    return null;
  }

  /** The entry of the key, a new one where there is none. */
  RibEntry findOrAdd(NlriParts parts) {
    var known = find(parts.key(), parts.keyLength());
    if (known != null) {
      return known;
    }
    var key = Arrays.copyOf(parts.key(), parts.keyLength());
    var entry = new RibEntry(key, hash(key, key.length));
    if (used == entries.length) {
      rebuild();
    }
    insert(entry);
    size++;
    return entry;
  }

  private void insert(RibEntry entry) {
    int mask = index.length - 1;
    int at = entry.hash() & mask;
    while (index[at] > EMPTY) {
      at = at + 1 & mask;
    }
    entries[used++] = entry;
    index[at] = used;
  }

  void remove(RibEntry entry) {
    int mask = index.length - 1;
    int at = entry.hash() & mask;
    while (index[at] == DELETED || entries[index[at] - 1] != entry) {
      at = at + 1 & mask;
    }
    entries[index[at] - 1] = null;
    index[at] = DELETED;
    size--;
  }

  /** Leaves out the removed ones; twice as large when that does not halve it. */
  private void rebuild() {
    var former = entries;
    int capacity = SMALLEST;
    while (capacity < size * 2) {
      capacity *= 2;
    }
    entries = new RibEntry[capacity];
    index = new int[capacity * 2];
    used = 0;
    for (var entry : former) {
      if (entry != null) {
        insert(entry);
      }
    }
  }

  /** Oldest first; what is added meanwhile may be seen or not. */
  @Override
  public Iterator<RibEntry> iterator() {
    return new Iterator<>() {
      private int at = next(0);

      private int next(int from) {
        int place = from;
        while (place < used && entries[place] == null) {
          place++;
        }
        return place;
      }

      @Override
      public boolean hasNext() {
        return at < used;
      }

      @Override
      public RibEntry next() {
        var entry = at < used ? entries[at] : null;
        if (entry == null) {
          throw new NoSuchElementException();
        }
        at = next(at + 1);
        return entry;
      }
    };
  }

  private static int hash(byte[] key, int length) {
    long hash = length;
    int at = 0;
    for (; at + Long.BYTES <= length; at += Long.BYTES) {
      hash = mixed(hash ^ (long) LONGS.get(key, at));
    }
    long tail = 0;
    for (; at < length; at++) {
      tail = tail << 8 | (key[at] & 0xff);
    }
    hash = mixed(hash ^ tail);
    return (int) (hash ^ hash >>> 32);
  }

  private static long mixed(long value) {
    long product = value * 0x9E37_79B9_7F4A_7C15L;
    return product ^ product >>> 29;
  }
}
