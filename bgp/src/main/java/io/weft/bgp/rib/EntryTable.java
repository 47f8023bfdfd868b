package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.NlriParts;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteBlock;
import io.weft.net.Octets;
import io.weft.net.SecretHash;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The entries of a table by the octets of their keys ({@link NlriParts}): rows of numbers, and
 * pages that hold the keys. An entry is a number, from 0 on; that of a removed one is given to
 * another. About 55 octets an entry with a key of 25, and nothing for a garbage collector to
 * follow.
 */
final class EntryTable {
  static final int NONE = -1;

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  // Keys lie in pages, each behind its length in two octets, in units of four octets.
  private static final int PAGE = 1 << 14;
  private static final int UNIT = 4;
  private static final int UNITS_IN_PAGE = PAGE / UNIT;
  private static final int HEAD = 2;

  /** Of the key; of an entry that is free the next such entry. */
  private static final int HASH = 0;

  /** Page and unit of the key; of an entry that is free {@link #NONE}. */
  private static final int PLACE = 1;

  /** The first path of an entry. */
  private static final int FIRST = 2;

  private static final int COLUMNS = 3;

  private static final int EVPN_TYPES = 256;

  /** Entry plus one by hash, linear probing; 0 where there is none. At most half of it is used. */
  private int[] index = new int[128];

  private final Rows rows = new Rows(COLUMNS);

  private final List<byte[]> pages = new ArrayList<>();
  private int nextUnit = UNITS_IN_PAGE;

  /** First free place by number of units; each names the next in its octets. */
  private final int[] freePlaces = new int[(HEAD + NlriParts.MAX_NLRI) / UNIT + 2];

  private int freeEntry = NONE;
  private int size;

  /** Entries by EVPN route type, and behind those by family of unicast. */
  private final int[] counts = new int[EVPN_TYPES + 2];

  EntryTable() {
    Arrays.fill(freePlaces, NONE);
  }

  int size() {
    return size;
  }

  /**
   * How many there are of each kind, those of which there are any.
   *
   * @param leaving entries that do not count as long as they have no path
   */
  List<RibSize.Count> counts(List<Integer> leaving) {
    var present = counts.clone();
    for (int entry : leaving) {
      if (first(entry) == NONE) {
        present[kind(page(entry), offset(entry))]--;
      }
    }
    var list = new ArrayList<RibSize.Count>();
    for (int kind = 0; kind < present.length; kind++) {
      if (present[kind] > 0) {
        list.add(
            switch (kind) {
              case EVPN_TYPES -> new RibSize.Count(Family.IPV4_UNICAST, -1, present[kind]);
              case EVPN_TYPES + 1 -> new RibSize.Count(Family.IPV6_UNICAST, -1, present[kind]);
              default -> new RibSize.Count(Family.L2VPN_EVPN, kind, present[kind]);
            });
      }
    }
    return list;
  }

  private static int kind(byte[] octets, int at) {
    int type = NlriParts.evpnType(octets, at);
    if (type >= 0) {
      return type;
    }
    return NlriParts.family(octets, at).equals(Family.IPV4_UNICAST) ? EVPN_TYPES : EVPN_TYPES + 1;
  }

  /** All entries are below this number; those below it that are not, have no path. */
  int limit() {
    return rows.size();
  }

  int first(int entry) {
    return rows.get(entry, FIRST);
  }

  void setFirst(int entry, int path) {
    rows.set(entry, FIRST, path);
  }

  /** The entry of the key, or {@link #NONE}. */
  int find(byte[] key, int length) {
    return find(key, length, SecretHash.of(key, 0, length));
  }

  private int find(byte[] key, int length, int hashed) {
    int mask = index.length - 1;
    for (int at = hashed & mask; index[at] != 0; at = at + 1 & mask) {
      int entry = index[at] - 1;
      if (rows.get(entry, HASH) == hashed && hasKey(entry, key, length)) {
        return entry;
      }
    }
    return NONE;
  }

  private boolean hasKey(int entry, byte[] key, int length) {
    var page = page(entry);
    int at = offset(entry);
    return Arrays.equals(page, at, at + length(page, at), key, 0, length);
  }

  /** The entry of the key, a new one without paths where there is none. */
  int findOrAdd(byte[] key, int length) {
    int hashed = SecretHash.of(key, 0, length);
    int known = find(key, length, hashed);
    if (known != NONE) {
      return known;
    }
    if ((size + 1) * 2 > index.length) {
      enlargeIndex();
    }
    int entry = newEntry();
    rows.set(entry, HASH, hashed);
    rows.set(entry, PLACE, store(key, length));
    rows.set(entry, FIRST, NONE);
    insert(entry);
    size++;
    counts[kind(key, 0)]++;
    return entry;
  }

  private int newEntry() {
    if (freeEntry != NONE) {
      int entry = freeEntry;
      freeEntry = rows.get(entry, HASH);
      return entry;
    }
    return rows.add();
  }

  private void insert(int entry) {
    int mask = index.length - 1;
    int at = rows.get(entry, HASH) & mask;
    while (index[at] != 0) {
      at = at + 1 & mask;
    }
    index[at] = entry + 1;
  }

  private void enlargeIndex() {
    index = new int[index.length * 2];
    for (int entry = 0; entry < rows.size(); entry++) {
      if (rows.get(entry, PLACE) != NONE) {
        insert(entry);
      }
    }
  }

  void remove(int entry) {
    int mask = index.length - 1;
    int hole = rows.get(entry, HASH) & mask;
    while (index[hole] != entry + 1) {
      hole = hole + 1 & mask;
    }
    // What was pushed on by the one that goes moves back, so that no search ends too early.
    for (int at = hole + 1 & mask; index[at] != 0; at = at + 1 & mask) {
      int home = rows.get(index[at] - 1, HASH) & mask;
      if ((at - home & mask) >= (at - hole & mask)) {
        index[hole] = index[at];
        hole = at;
      }
    }
    index[hole] = 0;
    counts[kind(page(entry), offset(entry))]--;
    release(entry);
    rows.set(entry, PLACE, NONE);
    rows.set(entry, FIRST, NONE);
    rows.set(entry, HASH, freeEntry);
    freeEntry = entry;
    size--;
  }

  // Keys.

  private static int units(int keyLength) {
    return (HEAD + keyLength + UNIT - 1) / UNIT;
  }

  private int store(byte[] key, int length) {
    int units = units(length);
    int at = freePlaces[units];
    if (at != NONE) {
      freePlaces[units] = (int) INTS.get(pages.get(at / UNITS_IN_PAGE), offsetIn(at));
    } else {
      if (nextUnit + units > UNITS_IN_PAGE) {
        pages.add(new byte[PAGE]);
        nextUnit = 0;
      }
      at = (pages.size() - 1) * UNITS_IN_PAGE + nextUnit;
      nextUnit += units;
    }
    var page = pages.get(at / UNITS_IN_PAGE);
    int offset = offsetIn(at);
    page[offset] = (byte) (length >> 8);
    page[offset + 1] = (byte) length;
    System.arraycopy(key, 0, page, offset + HEAD, length);
    return at;
  }

  private void release(int entry) {
    int at = rows.get(entry, PLACE);
    var page = pages.get(at / UNITS_IN_PAGE);
    int units = units(length(page, offset(entry)));
    INTS.set(page, offsetIn(at), freePlaces[units]);
    freePlaces[units] = at;
  }

  private static int offsetIn(int place) {
    return place % UNITS_IN_PAGE * UNIT;
  }

  private byte[] page(int entry) {
    return pages.get(rows.get(entry, PLACE) / UNITS_IN_PAGE);
  }

  /** Where the key begins in its page. */
  private int offset(int entry) {
    return offsetIn(rows.get(entry, PLACE)) + HEAD;
  }

  private static int length(byte[] page, int offset) {
    return (page[offset - 2] & 0xff) << 8 | (page[offset - 1] & 0xff);
  }

  Family family(int entry) {
    return NlriParts.family(page(entry), offset(entry));
  }

  boolean isAmong(int entry, KeySelection wanted) {
    var page = page(entry);
    int at = offset(entry);
    if (wanted.family().isPresent() && !wanted.family().get().equals(family(entry))
        || wanted.type().isPresent() && wanted.type().getAsInt() != NlriParts.evpnType(page, at)) {
      return false;
    }
    int end = at + length(page, at);
    for (var octets : wanted.holding()) {
      if (!holds(page, at, end, octets)) {
        return false;
      }
    }
    return true;
  }

  private static boolean holds(byte[] page, int from, int end, Octets octets) {
    for (int at = from; at <= end - octets.length(); at++) {
      int same = 0;
      while (same < octets.length() && (page[at + same] & 0xff) == octets.at(same)) {
        same++;
      }
      if (same == octets.length()) {
        return true;
      }
    }
    return false;
  }

  /** The route with this key. */
  Route route(int entry, byte[] rest) {
    var page = page(entry);
    int at = offset(entry);
    return NlriParts.route(Arrays.copyOfRange(page, at, at + length(page, at)), rest);
  }

  void append(int entry, byte[] rest, RouteBlock.Builder block) {
    var page = page(entry);
    int at = offset(entry);
    block.add(page, at, length(page, at), rest, 0, rest.length);
  }
}
