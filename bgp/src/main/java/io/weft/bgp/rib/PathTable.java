package io.weft.bgp.rib;

import io.weft.bgp.rib.Candidate.Standing;
import java.util.Arrays;
import java.util.List;

/**
 * All paths of a table as columns of numbers: 40 octets a path. A path is a number, from 0 on, in
 * the list of its entry and in that of its owner; that of a removed one is given to another.
 */
final class PathTable {
  static final int NONE = -1;

  private static final int SMALLEST = 64;
  private static final List<Standing> STANDINGS = List.of(Standing.values()); // by their codes
  private static final int STANDING_BITS = 2;

  private int[] entry = new int[SMALLEST];
  private int[] origin = new int[SMALLEST];
  private int[] received = new int[SMALLEST];
  private int[] kept = new int[SMALLEST];
  private int[] rest = new int[SMALLEST];

  /** The identifier by which the peer speaks of it, unsigned. */
  private int[] theirs = new int[SMALLEST];

  /** The identifier by which we speak of it, and its standing. */
  private int[] ours = new int[SMALLEST];

  private int[] next = new int[SMALLEST];
  private int[] before = new int[SMALLEST];
  private int[] behind = new int[SMALLEST];

  private int free = NONE;
  private int limit;

  /** A path that stands as current, in no list yet. */
  int add(int ofEntry, int theirId, int ourId) {
    int path = free;
    if (path != NONE) {
      free = next[path];
    } else {
      if (limit == entry.length) {
        enlarge(limit + (limit >> 1));
      }
      path = limit++;
    }
    entry[path] = ofEntry;
    theirs[path] = theirId;
    ours[path] = ourId << STANDING_BITS;
    next[path] = NONE;
    before[path] = NONE;
    behind[path] = NONE;
    return path;
  }

  private void enlarge(int capacity) {
    entry = Arrays.copyOf(entry, capacity);
    origin = Arrays.copyOf(origin, capacity);
    received = Arrays.copyOf(received, capacity);
    kept = Arrays.copyOf(kept, capacity);
    rest = Arrays.copyOf(rest, capacity);
    theirs = Arrays.copyOf(theirs, capacity);
    ours = Arrays.copyOf(ours, capacity);
    next = Arrays.copyOf(next, capacity);
    before = Arrays.copyOf(before, capacity);
    behind = Arrays.copyOf(behind, capacity);
  }

  void free(int path) {
    next[path] = free;
    free = path;
  }

  /** What is said of it: by whom, and how. */
  void say(int path, int ofOrigin, int receivedAttributes, int keptAttributes, int ofRest) {
    origin[path] = ofOrigin;
    received[path] = receivedAttributes;
    kept[path] = keptAttributes;
    rest[path] = ofRest;
  }

  boolean says(int path, int ofOrigin, int receivedAttributes, int keptAttributes, int ofRest) {
    return origin[path] == ofOrigin
        && received[path] == receivedAttributes
        && kept[path] == keptAttributes
        && rest[path] == ofRest;
  }

  int entry(int path) {
    return entry[path];
  }

  int origin(int path) {
    return origin[path];
  }

  int received(int path) {
    return received[path];
  }

  int kept(int path) {
    return kept[path];
  }

  int rest(int path) {
    return rest[path];
  }

  int theirs(int path) {
    return theirs[path];
  }

  int ours(int path) {
    return ours[path] >> STANDING_BITS;
  }

  Standing standing(int path) {
    return STANDINGS.get(ours[path] & (1 << STANDING_BITS) - 1);
  }

  void setStanding(int path, Standing standing) {
    ours[path] = ours[path] >> STANDING_BITS << STANDING_BITS | standing.code;
  }

  /** The next path to the same route. */
  int next(int path) {
    return next[path];
  }

  void setNext(int path, int following) {
    next[path] = following;
  }

  /** The path of the same owner that came before. */
  int before(int path) {
    return before[path];
  }

  /** The path of the same owner that came next. */
  int behind(int path) {
    return behind[path];
  }

  /** Makes two paths, either of which may be {@link #NONE}, neighbours in their owner's list. */
  void link(int earlier, int later) {
    if (earlier != NONE) {
      behind[earlier] = later;
    }
    if (later != NONE) {
      before[later] = earlier;
    }
  }

  /** Takes a path out of its owner's list. */
  void unlink(int path) {
    link(before[path], behind[path]);
    before[path] = NONE;
    behind[path] = NONE;
  }
}
