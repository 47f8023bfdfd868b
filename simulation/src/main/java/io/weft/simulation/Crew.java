package io.weft.simulation;

import java.util.Optional;

/**
 * Who does the thinking of the machines. Brains are independent of each other for as long as a word
 * takes from one to the next, so that several may think at once; what comes of it is the same,
 * octet for octet, whoever did it and when.
 */
public interface Crew {
  /** Work that was begun. */
  interface Begun {
    /**
     * Comes back when it is done; what it has written is seen then.
     *
     * @throws RuntimeException what the work has thrown
     */
    void join();
  }

  /** One after the other, on the thread of the caller. */
  Crew ALONE =
      work -> {
        Optional<Throwable> thrown = Optional.empty();
        try {
          work.run();
        } catch (RuntimeException | Error e) {
          thrown = Optional.of(e);
        }
        var kept = thrown;
        return () -> {
          switch (kept.orElse(null)) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case null, default -> {}
          }
        };
      };

  /** Sees to it that the work is done, now or until it is joined, on any thread; never blocks. */
  Begun begin(Runnable work);
}
