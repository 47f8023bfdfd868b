package io.weft.overlay.evpn;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Counts moves of MACs and says which of them are at two places at once (RFC 7432 §15.1). Pure: the
 * time comes with each call, in nanoseconds of one monotonic clock.
 *
 * <p>Only moves from or to this node are counted, as the RFC asks of the node that learns the MAC
 * locally: so there are never more subjects than endpoints attached within one window. Moves
 * outlive an endpoint that is detached; they are forgotten when they are older than the window.
 */
public final class DuplicateDetection {
  /**
   * When a MAC is a duplicate and for how long.
   *
   * @param moves N of RFC 7432 §15.1: so many within the window are too many
   * @param windowNanos M of RFC 7432 §15.1
   * @param recoveryNanos after which a duplicate gets another chance; the RFC leaves it open
   */
  public record Limits(int moves, long windowNanos, long recoveryNanos) {
    /** RFC 7432 §15.1 proposes 5 moves in 180 s; recovery is after nine such windows, 1,620 s. */
    public static final Limits STANDARD =
        new Limits(5, 180 * 1_000_000_000L, 9 * 180 * 1_000_000_000L);

    public Limits {
      if (moves < 1 || windowNanos < 1 || recoveryNanos < 1) {
        throw new IllegalArgumentException(
            "moves, window and recovery must be at least 1, not "
                + moves
                + ", "
                + windowNanos
                + " ns and "
                + recoveryNanos
                + " ns");
      }
    }
  }

  /**
   * One MAC of one network, or one of its addresses, which moves between MACs.
   *
   * @param mac zero where it is an address
   */
  public record Subject(String network, MacAddress mac, Optional<IpAddress> ip)
      implements Comparable<Subject> {
    private static final Comparator<Subject> ORDER =
        Comparator.comparing(Subject::network)
            .thenComparing(Subject::mac)
            .thenComparing(subject -> subject.ip().map(IpAddress::toString).orElse(""));

    public Subject(String network, MacAddress mac) {
      this(network, mac, Optional.empty());
    }

    public Subject(String network, IpAddress ip) {
      this(network, MacAddress.ZERO, Optional.of(ip));
    }

    @Override
    public int compareTo(Subject other) {
      return ORDER.compare(this, other);
    }
  }

  /**
   * A MAC that is frozen.
   *
   * @param moves that were counted
   * @param firstMoveNanos when the first of them was
   * @param sinceNanos when it was frozen
   * @param recoverAtNanos when it gets another chance
   */
  public record Duplicate(
      Subject subject, int moves, long firstMoveNanos, long sinceNanos, long recoverAtNanos) {}

  private long counted;
  private Limits limits;
  private final TreeMap<Subject, ArrayDeque<Long>> moves = new TreeMap<>();
  private final TreeMap<Subject, Duplicate> duplicates = new TreeMap<>();

  public DuplicateDetection(Limits limits) {
    this.limits = limits;
  }

  /**
   * Other limits, for what is counted from now on; a duplicate keeps the time that it was given.
   */
  public void change(Limits next) {
    limits = next;
  }

  /** Counts a move; true when with it the MAC becomes a duplicate. One that is stays as it is. */
  public boolean moved(long now, Subject subject) {
    counted++;
    if (duplicates.containsKey(subject)) {
      return false;
    }
    forgetOld(now);
    var times = moves.computeIfAbsent(subject, _ -> new ArrayDeque<>());
    times.add(now);
    if (times.size() < limits.moves()) {
      return false;
    }
    moves.remove(subject);
    duplicates.put(
        subject,
        new Duplicate(subject, times.size(), times.getFirst(), now, now + limits.recoveryNanos()));
    return true;
  }

  /** All moves since the start. */
  public long counted() {
    return counted;
  }

  private void forgetOld(long now) {
    for (var times : moves.values()) {
      while (!times.isEmpty() && now - times.getFirst() >= limits.windowNanos()) {
        times.removeFirst();
      }
    }
    moves.values().removeIf(ArrayDeque::isEmpty);
  }

  public boolean isDuplicate(Subject subject) {
    return duplicates.containsKey(subject);
  }

  /** One of the two owners is gone: the MAC is no duplicate any more. True when it was one. */
  public boolean ownerGone(Subject subject) {
    return duplicates.remove(subject) != null;
  }

  /** Those whose time is over; they are no duplicates any more and begin anew. */
  public List<Subject> recover(long now) {
    var recovered = new ArrayList<Subject>();
    for (var duplicate : List.copyOf(duplicates.values())) {
      if (duplicate.recoverAtNanos() - now <= 0) {
        duplicates.remove(duplicate.subject());
        recovered.add(duplicate.subject());
      }
    }
    return recovered;
  }

  /** When {@link #recover} has something to do next. */
  public OptionalLong nextRecovery() {
    return duplicates.isEmpty()
        ? OptionalLong.empty()
        : duplicates.values().stream().mapToLong(Duplicate::recoverAtNanos).min();
  }

  public Collection<Duplicate> duplicates() {
    return Collections.unmodifiableCollection(duplicates.values());
  }
}
