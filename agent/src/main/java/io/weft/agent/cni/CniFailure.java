package io.weft.agent.cni;

import io.weft.overlay.attachment.AttachResult.Reason;

/** An error that the runtime is told, with a code of the CNI specification (§ Error). */
public final class CniFailure extends Exception {
  public static final int INCOMPATIBLE_VERSION = 1;
  public static final int UNSUPPORTED_FIELD = 2;

  /** The runtime need not clean up. */
  public static final int UNKNOWN_CONTAINER = 3;

  public static final int INVALID_ENVIRONMENT = 4;
  public static final int NOT_DECODED = 6;
  public static final int INVALID_CONFIGURATION = 7;

  /** The runtime may ask again soon. */
  public static final int TRY_AGAIN = 11;

  /** Answer to STATUS: an ADD cannot be served. */
  public static final int NOT_AVAILABLE = 50;

  /** From here on, codes are the plugin's own. */
  public static final int ADDRESS_IN_USE = 101;

  public static final int NO_FREE_ADDRESS = 102;
  public static final int LIMIT_REACHED = 103;
  public static final int KERNEL_REFUSED = 104;

  /** Answer to CHECK: the attachment is not as it was given. */
  public static final int NOT_AS_GIVEN = 105;

  private final int code;
  private final String details;

  /**
   * Fails.
   *
   * @param message short
   * @param details the rest; may be empty
   */
  public CniFailure(int code, String message, String details) {
    super(message, null, false, false);
    this.code = code;
    this.details = details;
  }

  int code() {
    return code;
  }

  String details() {
    return details;
  }

  /** The failure of an attachment that was refused. */
  public static CniFailure of(Reason reason, String message) {
    return switch (reason) {
      case INVALID_REQUEST, ADDRESS_OUTSIDE_SUBNET ->
          new CniFailure(INVALID_CONFIGURATION, "the attachment cannot be made", message);
      case UNKNOWN_NETWORK -> new CniFailure(INVALID_CONFIGURATION, "unknown network", message);
      case ADDRESS_IN_USE -> new CniFailure(ADDRESS_IN_USE, "address in use", message);
      case NO_FREE_ADDRESS -> new CniFailure(NO_FREE_ADDRESS, "no free address", message);
      case NOT_READY -> new CniFailure(TRY_AGAIN, "this node is not ready yet", message);
      case DRAINED -> new CniFailure(TRY_AGAIN, "this node is drained", message);
      case LIMIT_REACHED -> new CniFailure(LIMIT_REACHED, "limit reached", message);
      case KERNEL_REFUSED -> new CniFailure(KERNEL_REFUSED, "the kernel refused", message);
    };
  }
}
