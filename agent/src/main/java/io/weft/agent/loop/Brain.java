package io.weft.agent.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * A pure brain as a loop sees it.
 *
 * @param <E> events, past tense
 * @param <F> effects, imperative
 */
public interface Brain<E, F> {
  /**
   * Takes one event.
   *
   * @param nowNanos {@link System#nanoTime}
   * @return what is to be done, in this order
   */
  List<F> step(long nowNanos, E event);

  /** Takes events that came together; a brain that gains by seeing them as one overrides this. */
  default List<F> step(long nowNanos, List<E> events) {
    if (events.size() == 1) {
      return step(nowNanos, events.getFirst());
    }
    var effects = new ArrayList<F>();
    events.forEach(event -> effects.addAll(step(nowNanos, event)));
    return effects;
  }

  /** When {@link #deadlineReached} is due, on the clock of {@code step}; empty: not by itself. */
  OptionalLong nextDeadline();

  /** The event that says: the deadline has come. */
  E deadlineReached();
}
