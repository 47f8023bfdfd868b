package io.weft.lab.cluster;

import java.io.IOException;
import java.time.Duration;

/** Asks again and again until nothing is wrong any more. */
final class Waiting {
  private static final Duration POLL = Duration.ofMillis(50);

  private Waiting() {}

  /** What is still missing, in words; empty: nothing. */
  interface Question {
    String missing() throws IOException, InterruptedException;
  }

  /** What is missing after the longest time; empty when at some moment nothing was. */
  static String ask(Duration longest, Question question) throws InterruptedException {
    long end = System.nanoTime() + longest.toNanos();
    var missing = once(question);
    while (!missing.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(POLL);
      missing = once(question);
    }
    return missing;
  }

  private static String once(Question question) throws InterruptedException {
    try {
      return question.missing();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
