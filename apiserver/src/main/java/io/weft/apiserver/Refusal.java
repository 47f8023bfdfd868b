package io.weft.apiserver;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A call that is answered with a {@code Status} of failure. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1;

  private final int code;
  private final String reason;
  private final int retryAfter;

  Refusal(int code, String reason, String message) {
    this(code, reason, message, 0);
  }

  private Refusal(int code, String reason, String message, int retryAfter) {
    super(message, null, false, false);
    this.code = code;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** Too much is asked of the server; in so many seconds again. */
  static Refusal busy(int retryAfter) {
    var words = "The apiserver is busy, please try again later";
    return new Refusal(429, "TooManyRequests", words, retryAfter);
  }

  static Refusal forbidden(String call) {
    return new Refusal(403, "Forbidden", call + ": is forbidden");
  }

  static Refusal notFound(String what) {
    return new Refusal(404, "NotFound", what + " not found");
  }

  static Refusal alreadyExists(String what) {
    return new Refusal(409, "AlreadyExists", what + " already exists");
  }

  static Refusal conflict(String what, String why) {
    return new Refusal(409, "Conflict", "Operation cannot be fulfilled on " + what + ": " + why);
  }

  static Refusal invalid(String what, String why) {
    return new Refusal(422, "Invalid", what + " is invalid: " + why);
  }

  static Refusal gone(String why) {
    return new Refusal(410, "Expired", why);
  }

  static Refusal bad(String why) {
    return new Refusal(400, "BadRequest", why);
  }

  int code() {
    return code;
  }

  /** Seconds; 0: it is not said. */
  int retryAfter() {
    return retryAfter;
  }

  String reason() {
    return reason;
  }

  String words() {
    return String.valueOf(getMessage());
  }

  /** As the server answers it. */
  ObjectNode status() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("kind", "Status")
        .put("apiVersion", "v1")
        .put("status", "Failure")
        .put("reason", reason())
        .put("message", words())
        .put("code", code());
  }
}
