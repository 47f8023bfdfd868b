package io.weft.agent.loop;

import java.util.List;
import java.util.OptionalLong;

/**
 * A pure brain as a loop sees it.
 *
 * @param <E> events, past tense
 * @param <F> effects, imperative
 */
public interface Brain<E, F> {
  List<F> step(long nowNanos, E event);

  OptionalLong nextDeadline();

  /** The event that says: the deadline has come. */
  E deadlineReached();
}
