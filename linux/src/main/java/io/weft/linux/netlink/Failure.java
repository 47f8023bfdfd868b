package io.weft.linux.netlink;

import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;

/**
 * The kernel's refusal of one request.
 *
 * @param kernelText its extended acknowledgement, or empty
 */
public record Failure(Request request, Errno errno, String kernelText) {
  /** What was to be made is there already. */
  public boolean alreadyThere() {
    return errno.equals(Errno.EEXIST);
  }

  /** What was to be deleted or changed is not there: each table says that with its own number. */
  public boolean notThere() {
    return errno.equals(Errno.ENOENT)
        || errno.equals(Errno.ESRCH)
        || errno.equals(Errno.ENODEV)
        || errno.equals(Errno.EADDRNOTAVAIL);
  }

  public LinuxException toException() {
    return new LinuxException("rtnetlink", request.toString(), errno, kernelText);
  }

  @Override
  public String toString() {
    return request + ": " + errno + (kernelText.isEmpty() ? "" : " (" + kernelText + ")");
  }
}
