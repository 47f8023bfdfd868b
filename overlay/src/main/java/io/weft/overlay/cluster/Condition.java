package io.weft.overlay.cluster;

import java.time.Instant;

/**
 * One thing that holds of an object, or does not (Kubernetes, metav1.Condition).
 *
 * @param type what it is about: {@link #ACCEPTED} or {@link #READY}
 * @param status {@code True}, {@code False} or {@code Unknown}
 * @param reason why, as a word for programs
 * @param message why, and what to do
 * @param since when the status became what it is
 * @param generation the object's {@code metadata.generation} that it was said of
 */
public record Condition(
    String type, String status, String reason, String message, Instant since, long generation) {
  /** The object is valid, and contradicts no other. */
  public static final String ACCEPTED = "Accepted";

  /** Nodes carry it out as it is. */
  public static final String READY = "Ready";

  /** It holds. */
  public boolean holds() {
    return status.equals("True");
  }

  /** True when both say the same, whenever they began to. */
  boolean saysWhat(Condition other) {
    return type.equals(other.type)
        && status.equals(other.status)
        && reason.equals(other.reason)
        && message.equals(other.message)
        && generation == other.generation;
  }
}
