package io.weft.lab.process;

/** A lab cannot be built or kept, for a reason that the user can read and act on. */
public final class LabFailure extends Exception {
  private static final long serialVersionUID = 1;

  public LabFailure(String message) {
    super(message);
  }

  public LabFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
