package io.weft.kubernetes.api;

import java.util.OptionalLong;

/**
 * How the calls of a client have ended.
 *
 * @param answered with what was asked for; of a watch, that it began
 * @param refused by the server (4xx)
 * @param failed 5xx, or no answer
 * @param lastAnswerNanos when the server last answered anything but 5xx, on the clock of {@code
 *     System.nanoTime}; empty: never
 */
public record ApiCalls(long answered, long refused, long failed, OptionalLong lastAnswerNanos) {
  /** None yet. */
  static final ApiCalls NONE = new ApiCalls(0, 0, 0, OptionalLong.empty());

  ApiCalls withStatus(int status, long nowNanos) {
    return switch (status / 100) {
      case 2 -> new ApiCalls(answered + 1, refused, failed, OptionalLong.of(nowNanos));
      case 5 -> withoutAnswer();
      default -> new ApiCalls(answered, refused + 1, failed, OptionalLong.of(nowNanos));
    };
  }

  ApiCalls withoutAnswer() {
    return new ApiCalls(answered, refused, failed + 1, lastAnswerNanos);
  }
}
