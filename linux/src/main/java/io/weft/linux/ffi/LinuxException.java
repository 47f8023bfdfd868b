package io.weft.linux.ffi;

/**
 * The kernel refused something. Unchecked, because most callers can only report it; those that act
 * on a refusal look at {@link #errno}.
 */
public final class LinuxException extends RuntimeException {
  private final String operation;
  private final String target;
  private final Errno errno;
  private final String kernelText;

  /**
   * @param operation what was asked, such as {@code setns} or {@code CreateVxlan}
   * @param target on what: a path, a link, an entry
   * @param kernelText the kernel's own words (extended ack), or empty
   */
  public LinuxException(String operation, String target, Errno errno, String kernelText) {
    super(
        operation
            + (target.isEmpty() ? "" : " " + target)
            + ": "
            + errno
            + (kernelText.isEmpty() ? "" : " (" + kernelText + ")"));
    this.operation = operation;
    this.target = target;
    this.errno = errno;
    this.kernelText = kernelText;
  }

  public String operation() {
    return operation;
  }

  public String target() {
    return target;
  }

  public Errno errno() {
    return errno;
  }

  /** The kernel's extended acknowledgement text; empty where it said nothing. */
  public String kernelText() {
    return kernelText;
  }
}
