package io.weft.linux.netns;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.ffi.Readiness;

/**
 * Whether mounts have come or gone where this process sees them (proc_pid_mountinfo(5)): the name
 * of a network namespace is one, and cannot get lost without.
 */
public final class MountChanges implements AutoCloseable {
  private final Descriptor file =
      Libc.open("/proc/self/mountinfo", LinuxConstants.O_RDONLY | LinuxConstants.O_CLOEXEC, 0);
  private final Readiness readiness = new Readiness();

  public MountChanges() {
    readiness.addForChanges(file, 0);
  }

  /** True when one did since the last call, or since this was made. */
  public boolean happened() {
    return !readiness.ready().isEmpty();
  }

  @Override
  public void close() {
    readiness.close();
    file.close();
  }
}
