package io.weft.kubernetes.intent;

import java.util.function.Consumer;

/** Where resources come from: read at the start, and watched from then on. */
public interface IntentSource extends AutoCloseable {
  /** What was read last. */
  IntentReading reading();

  /**
   * Calls {@code consumer}, on a thread of its own, with each reading that differs from the one
   * before, beginning with what has changed since the start. What the consumer throws goes to that
   * thread's uncaught-exception handler; the watching goes on.
   *
   * @throws IllegalStateException when it is watched already, or closed
   */
  void watch(Consumer<IntentReading> consumer);

  /**
   * Ends the watching. Afterwards no call of the consumer begins; one that is under way is waited
   * for, two seconds at most.
   */
  @Override
  void close();
}
