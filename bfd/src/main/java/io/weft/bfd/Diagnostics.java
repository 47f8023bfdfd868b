package io.weft.bfd;

/** Reasons of the last change of state (RFC 5880 §4.1, "Diag"). */
public final class Diagnostics {
  public static final int NONE = 0;
  public static final int DETECTION_TIME_EXPIRED = 1;
  public static final int NEIGHBOR_SIGNALED_DOWN = 3;
  public static final int ADMINISTRATIVELY_DOWN = 7;

  private Diagnostics() {}

  /** The words of the RFC; "reserved" with the number for one that it does not name. */
  public static String text(int number) {
    return switch (number) {
      case NONE -> "no diagnostic";
      case DETECTION_TIME_EXPIRED -> "control detection time expired";
      case 2 -> "echo function failed";
      case NEIGHBOR_SIGNALED_DOWN -> "neighbor signaled session down";
      case 4 -> "forwarding plane reset";
      case 5 -> "path down";
      case 6 -> "concatenated path down";
      case ADMINISTRATIVELY_DOWN -> "administratively down";
      case 8 -> "reverse concatenated path down";
      default -> "reserved diagnostic " + number;
    };
  }
}
