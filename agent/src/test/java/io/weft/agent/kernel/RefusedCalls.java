package io.weft.agent.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * Does something on a thread of its own to which the kernel refuses certain system calls (seccomp
 * filter, linux/seccomp.h), as another kernel or a bad moment would.
 *
 * @param systemCall its number
 * @param third its third argument in the calls that are refused
 * @param errno what they get
 */
record RefusedCalls(int systemCall, int third, Errno errno) {
  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");
  private static final int SOCKET = ARM ? 198 : 41;
  private static final int SENDTO = ARM ? 206 : 44;
  private static final int OPENAT = ARM ? 56 : 257;
  private static final int PR_SET_SECCOMP = 22;
  private static final int SECCOMP_MODE_FILTER = 2;
  private static final int SECCOMP_RET_ALLOW = 0x7fff_0000;
  private static final int SECCOMP_RET_ERRNO = 0x0005_0000;

  /** Offset of the low half of the third argument in struct seccomp_data. */
  private static final int THIRD = 32;

  /** No socket of nftables is opened. */
  static RefusedCalls netfilter(Errno errno) {
    return new RefusedCalls(SOCKET, LinuxConstants.NETLINK_NETFILTER, errno);
  }

  /** Nothing of so many octets is sent. */
  static RefusedCalls sending(int octets, Errno errno) {
    return new RefusedCalls(SENDTO, octets, errno);
  }

  /** No file is opened to be read and closed in children, as ours are. */
  static RefusedCalls opening(Errno errno) {
    return new RefusedCalls(OPENAT, LinuxConstants.O_RDONLY | LinuxConstants.O_CLOEXEC, errno);
  }

  /** The answer of the action, which starts no threads that outlive it. */
  <T> T during(Supplier<T> action) throws Exception {
    var task =
        new FutureTask<>(
            () -> {
              install();
              return action.get();
            });
    Thread.ofPlatform().name("with refused calls").start(task);
    return task.get();
  }

  private void install() throws Exception {
    try (var arena = Arena.ofConfined()) {
      var filter = arena.allocate(6 * 8, 8);
      instruction(filter, 0, 0x20, 0, 0, 0); // load the call's number
      instruction(filter, 1, 0x15, 0, 3, systemCall);
      instruction(filter, 2, 0x20, 0, 0, THIRD);
      instruction(filter, 3, 0x15, 0, 1, third);
      instruction(filter, 4, 0x06, 0, 0, SECCOMP_RET_ERRNO | errno.number());
      instruction(filter, 5, 0x06, 0, 0, SECCOMP_RET_ALLOW);
      var program = arena.allocate(16, 8);
      program.set(JAVA_INT, 0, 6);
      program.set(ADDRESS, 8, filter);
      if (prctl(program) != 0) {
        throw new IllegalStateException("the kernel takes no seccomp filter");
      }
    }
  }

  private static void instruction(
      MemorySegment filter, int index, int code, int whenTrue, int whenFalse, int value) {
    filter.set(JAVA_INT, index * 8L, code | whenTrue << 16 | whenFalse << 24);
    filter.set(JAVA_INT, index * 8L + 4, value);
  }

  private static int prctl(MemorySegment program) throws Exception {
    var linker = Linker.nativeLinker();
    var handle =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("prctl"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
            Linker.Option.firstVariadicArg(1));
    try {
      return (int) handle.invokeExact(PR_SET_SECCOMP, (long) SECCOMP_MODE_FILTER, program);
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
