package io.weft.agent;

/** Why a daemon cannot start, in words for whoever started it. */
public final class DaemonFailure extends Exception {
  public DaemonFailure(String message) {
    super(message, null, false, false);
  }
}
