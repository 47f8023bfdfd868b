package io.weft.overlay.node;

import io.weft.overlay.forwarding.ForwardingKey;
import java.util.List;
import java.util.OptionalLong;

/**
 * What others did to objects of this node in the kernel, since the agent's start. Who it was, the
 * kernel does not tell.
 *
 * @param counts by kind and deed, those that are not 0, sorted
 * @param mended how many are as they shall be again
 * @param slowestNanos between notice and mending, the longest so far
 * @param open those not mended yet, by key; 4,096 at most
 * @param recent the last 100 that were mended, the oldest first
 */
public record ForeignView(
    List<Count> counts, long mended, long slowestNanos, List<Change> open, List<Change> recent) {
  public ForeignView {
    counts = List.copyOf(counts);
    open = List.copyOf(open);
    recent = List.copyOf(recent);
  }

  /** What was done to an object. */
  public enum Deed {
    /** It was there and is not. */
    DELETED,
    /** It stands, and is not what is wanted. */
    CHANGED,
    /** Nobody here wants it, and it is in a table of which all is ours. */
    ADDED
  }

  /** How often. */
  public record Count(ForwardingKey.Kind kind, Deed deed, long count) {}

  /**
   * One change.
   *
   * @param found what stood there instead; empty text: nothing
   * @param sinceNanos when it was noticed, on the clock of {@link Node#step}
   * @param mendedAtNanos likewise; empty: not yet
   */
  public record Change(
      ForwardingKey key, Deed deed, String found, long sinceNanos, OptionalLong mendedAtNanos) {
    Change mendedAt(long now) {
      return new Change(key, deed, found, sinceNanos, OptionalLong.of(now));
    }
  }
}
