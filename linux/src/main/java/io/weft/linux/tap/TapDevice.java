package io.weft.linux.tap;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.ffi.LinuxException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A tap device of the calling thread's namespace (linux/if_tun.h). For whoever makes one for a
 * hypervisor to open by its name, and for tests that play a virtual machine.
 */
public final class TapDevice implements AutoCloseable {
  private static final String CLONE = "/dev/net/tun";

  /** struct ifreq: 16 octets of name, then a union of 24. */
  private static final int IFREQ = 40;

  private static final int NAME = 16;

  private static final int MAX_FRAME = 65_536;

  private final Descriptor file;

  private TapDevice(Descriptor file) {
    this.file = file;
  }

  /**
   * Opens the device, as a hypervisor does; makes it when there is none of the name, and then it
   * goes when it is closed. One open file at a time.
   *
   * @throws LinuxException EBUSY when somebody has it open, EINVAL when the link of this name is no
   *     tap, ENOENT or ENODEV where the kernel has none (CONFIG_TUN)
   */
  public static TapDevice open(String name) {
    var octets = name.getBytes(StandardCharsets.UTF_8);
    if (octets.length == 0 || octets.length >= NAME) {
      throw new IllegalArgumentException("'" + name + "' cannot name a link");
    }
    var file = Libc.open(CLONE, LinuxConstants.O_RDWR, 0);
    try (var arena = Arena.ofConfined()) {
      var request = arena.allocate(IFREQ, 8);
      for (int i = 0; i < octets.length; i++) {
        request.set(JAVA_BYTE, i, octets[i]);
      }
      request.set(JAVA_SHORT, NAME, (short) (LinuxConstants.IFF_TAP | LinuxConstants.IFF_NO_PI));
      Libc.check(Libc.ioctl(file, LinuxConstants.TUNSETIFF, request.address()), "TUNSETIFF", name);
      return new TapDevice(file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** From now on the link stays, whoever opens and closes it. */
  public void persist() {
    Libc.check(Libc.ioctl(file, LinuxConstants.TUNSETPERSIST, 1), "TUNSETPERSIST", file.toString());
  }

  /** The next frame that goes to the link; empty: none came in this time. */
  public Optional<byte[]> receive(int timeoutMillis) {
    if (Libc.poll(timeoutMillis, file) == 0) {
      return Optional.empty();
    }
    try (var arena = Arena.ofConfined()) {
      var buffer = arena.allocate(MAX_FRAME, 8);
      int length = Libc.check(Libc.read(file, buffer), "read", "tap");
      return Optional.of(buffer.asSlice(0, length).toArray(JAVA_BYTE));
    }
  }

  /** A frame comes in by the link. */
  public void send(byte[] frame) {
    try (var arena = Arena.ofConfined()) {
      Libc.check(Libc.write(file, arena.allocateFrom(JAVA_BYTE, frame)), "write", "tap");
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
