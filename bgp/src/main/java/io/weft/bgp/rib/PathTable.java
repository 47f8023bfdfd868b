package io.weft.bgp.rib;

import io.weft.bgp.rib.Candidate.Standing;
import java.util.BitSet;
import java.util.List;

/**
 * All paths of a table as rows of numbers: 20 octets a path, or 40 where they are not small ({@link
 * Rows}). A path is a number, from 0 on, in the list of its entry and in that of its owner; that of
 * a removed one is given to another.
 */
final class PathTable {
  static final int NONE = -1;

  private static final List<Standing> STANDINGS = List.of(Standing.values()); // by their codes
  private static final int STANDING_BITS = 2;

  private static final int ENTRY = 0;
  private static final int ORIGIN = 1;
  private static final int RECEIVED = 2;
  private static final int KEPT = 3;
  private static final int REST = 4;

  /** The identifier by which the peer speaks of it, unsigned. */
  private static final int THEIRS = 5;

  /** The identifier by which we speak of it, and its standing. */
  private static final int OURS = 6;

  private static final int NEXT = 7;
  private static final int BEFORE = 8;
  private static final int BEHIND = 9;
  private static final int COLUMNS = 10;

  private final Rows rows = new Rows(COLUMNS);
  private int free = NONE;

  /** A path that stands as current, in no list yet. */
  int add(int ofEntry, int theirId, int ourId) {
    int path = free;
    if (path == NONE) {
      path = rows.add();
    } else {
      free = rows.get(path, NEXT);
    }
    rows.set(path, ENTRY, ofEntry);
    rows.set(path, THEIRS, theirId);
    rows.set(path, OURS, ourId << STANDING_BITS);
    rows.set(path, NEXT, NONE);
    rows.set(path, BEFORE, NONE);
    rows.set(path, BEHIND, NONE);
    return path;
  }

  void free(int path) {
    rows.set(path, NEXT, free);
    free = path;
  }

  /** What is said of it: by whom, and how. */
  void say(int path, int ofOrigin, int receivedAttributes, int keptAttributes, int ofRest) {
    rows.set(path, ORIGIN, ofOrigin);
    rows.set(path, RECEIVED, receivedAttributes);
    rows.set(path, KEPT, keptAttributes);
    rows.set(path, REST, ofRest);
  }

  boolean says(int path, int ofOrigin, int receivedAttributes, int keptAttributes, int ofRest) {
    return rows.get(path, ORIGIN) == ofOrigin
        && rows.get(path, RECEIVED) == receivedAttributes
        && rows.get(path, KEPT) == keptAttributes
        && rows.get(path, REST) == ofRest;
  }

  int entry(int path) {
    return rows.get(path, ENTRY);
  }

  int origin(int path) {
    return rows.get(path, ORIGIN);
  }

  int received(int path) {
    return rows.get(path, RECEIVED);
  }

  int kept(int path) {
    return rows.get(path, KEPT);
  }

  int rest(int path) {
    return rows.get(path, REST);
  }

  int theirs(int path) {
    return rows.get(path, THEIRS);
  }

  int ours(int path) {
    return rows.get(path, OURS) >> STANDING_BITS;
  }

  Standing standing(int path) {
    return STANDINGS.get(rows.get(path, OURS) & (1 << STANDING_BITS) - 1);
  }

  void setStanding(int path, Standing standing) {
    rows.set(path, OURS, rows.get(path, OURS) >> STANDING_BITS << STANDING_BITS | standing.code);
  }

  /** The next path to the same route. */
  int next(int path) {
    return rows.get(path, NEXT);
  }

  void setNext(int path, int following) {
    rows.set(path, NEXT, following);
  }

  /** The last of the paths to one route, of which the first is given, or {@link #NONE}. */
  int last(int first) {
    int last = NONE;
    for (int path = first; path != NONE; path = next(path)) {
      last = path;
    }
    return last;
  }

  /** The smallest identifier that none of the paths to one route has, from 1. */
  int freeId(int first) {
    if (first == NONE) { // nearly always
      return 1;
    }
    var used = new BitSet();
    for (int path = first; path != NONE; path = next(path)) {
      used.set(ours(path));
    }
    return used.nextClearBit(1);
  }

  /** The path of the same owner that came before. */
  int before(int path) {
    return rows.get(path, BEFORE);
  }

  /** The path of the same owner that came next. */
  int behind(int path) {
    return rows.get(path, BEHIND);
  }

  /** Makes two paths, either of which may be {@link #NONE}, neighbours in their owner's list. */
  void link(int earlier, int later) {
    if (earlier != NONE) {
      rows.set(earlier, BEHIND, later);
    }
    if (later != NONE) {
      rows.set(later, BEFORE, earlier);
    }
  }

  /** Takes a path out of its owner's list. */
  void unlink(int path) {
    link(rows.get(path, BEFORE), rows.get(path, BEHIND));
    rows.set(path, BEFORE, NONE);
    rows.set(path, BEHIND, NONE);
  }
}
