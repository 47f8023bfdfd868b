package io.weft.kubernetes.api;

import java.time.Duration;
import java.util.Optional;

/**
 * A call of the API server that did not succeed. The message names the call, the answer and the
 * server's own words.
 */
public final class ApiFailure extends Exception {
  private static final long serialVersionUID = 1;

  /** In place of a status: there was no answer. */
  public static final int NO_ANSWER = 0;

  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int GONE = 410;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int SERVER_FAILED = 500;

  private final int status;
  private final String reason;
  private final Optional<Duration> retryAfter;

  /**
   * An answer that is a refusal.
   *
   * @param call such as {@code PUT /apis/weft.io/v1alpha1/networks/red-web}
   * @param status of HTTP
   * @param reason the server's word for programs, such as {@code AlreadyExists}; may be empty
   * @param words the server's words for people; may be empty
   * @param retryAfter how long the server asks to wait
   */
  ApiFailure(String call, int status, String reason, String words, Optional<Duration> retryAfter) {
    super(
        call
            + ": "
            + status
            + (reason.isEmpty() ? "" : " " + reason)
            + (words.isEmpty() ? "" : ": " + words));
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** There was no answer, or one that cannot be read. */
  ApiFailure(String call, String why, Throwable cause) {
    super(call + ": " + why, cause);
    this.status = NO_ANSWER;
    this.reason = "";
    this.retryAfter = Optional.empty();
  }

  public int status() {
    return status;
  }

  /** The server has not said what became of the call: it may have been carried out. */
  public boolean isUnanswered() {
    return status == NO_ANSWER;
  }

  /**
   * The server is not there, is busy, fails by itself, or does not know who asks, as when it cannot
   * check a token or the token is just being exchanged: the same call may succeed later, and may
   * have been carried out.
   */
  public boolean isAway() {
    return isUnanswered()
        || status == UNAUTHORIZED
        || status == TOO_MANY_REQUESTS
        || status >= SERVER_FAILED;
  }

  /** Who asks may not do this. */
  public boolean isForbidden() {
    return status == FORBIDDEN;
  }

  /** The object is not there; for a whole collection: its kind is not known to the server. */
  public boolean isNotFound() {
    return status == NOT_FOUND;
  }

  /** Somebody else changed the object meanwhile; read it again. */
  public boolean isConflict() {
    return status == CONFLICT && !isAlreadyThere();
  }

  /** An object of the name is there already. */
  public boolean isAlreadyThere() {
    return status == CONFLICT && reason.equals("AlreadyExists");
  }

  /** The version to go on from is too old; list again. */
  public boolean isGone() {
    return status == GONE;
  }

  public Optional<Duration> retryAfter() {
    return retryAfter;
  }
}
