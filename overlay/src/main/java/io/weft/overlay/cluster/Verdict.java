package io.weft.overlay.cluster;

import java.util.Optional;

/**
 * What reading an object together with all others came to.
 *
 * @param complaint why it is not as it should be
 * @param inForce true when a node that reads it carries it out as it is, once it has its VNI
 * @param use what it does, in a few words
 */
public record Verdict(Optional<Complaint> complaint, boolean inForce, String use) {
  /**
   * Something for its author to mend.
   *
   * @param reason as a word for programs
   * @param message what, why, and what to do
   * @param mayPass true when it may be for no more than a moment, as where something is not there
   */
  public record Complaint(String reason, String message, boolean mayPass) {
    /** One that lasts until its author does something. */
    public Complaint(String reason, String message) {
      this(reason, message, false);
    }
  }
}
