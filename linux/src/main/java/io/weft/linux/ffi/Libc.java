package io.weft.linux.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * System calls of the C library, under their C names. Calls whose refusal a caller weighs (sendto,
 * recv, connect, poll) return a negative errno, as the kernel itself does; the others throw {@link
 * LinuxException}. Handles are made at first use, in groups: a process that calls nothing pays
 * nothing. Blocking calls pin a virtual thread's carrier: use platform threads.
 */
public final class Libc {
  private Libc() {}

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  /** A new socket, closed in children. */
  public static Descriptor socket(int domain, int type, int protocol) {
    int flags = type | LinuxConstants.SOCK_CLOEXEC;
    int result =
        call(state -> (int) SocketCalls.SOCKET.invokeExact(state, domain, flags, protocol));
    return new Descriptor(check(result, "socket", "domain " + domain));
  }

  public static void bind(Descriptor socket, byte[] address) {
    check(withAddress(SocketCalls.BIND, socket, address), "bind", socket.toString());
  }

  /** Returns 0 or a negative errno. */
  public static int connect(Descriptor socket, byte[] address) {
    return withAddress(SocketCalls.CONNECT, socket, address);
  }

  /** Sets an int option; returns 0 or a negative errno. */
  public static int setsockopt(Descriptor socket, int level, int option, int value) {
    try (var arena = Arena.ofConfined()) {
      var in = arena.allocateFrom(JAVA_INT, value);
      return call(
          state ->
              (int)
                  SocketCalls.SETSOCKOPT.invokeExact(
                      state, socket.number(), level, option, in, (int) in.byteSize()));
    }
  }

  /** Sets an option on a descriptor that is not ours to close; returns 0 or a negative errno. */
  public static int setsockopt(int descriptor, int level, int option, byte[] value) {
    try (var arena = Arena.ofConfined()) {
      var in = arena.allocateFrom(java.lang.foreign.ValueLayout.JAVA_BYTE, value);
      return call(
          state ->
              (int)
                  SocketCalls.SETSOCKOPT.invokeExact(
                      state, descriptor, level, option, in, value.length));
    }
  }

  /** Reads an int option; returns it or a negative errno. */
  public static int getsockopt(Descriptor socket, int level, int option) {
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(JAVA_INT);
      var length = arena.allocateFrom(JAVA_INT, (int) JAVA_INT.byteSize());
      int result =
          call(
              state ->
                  (int)
                      SocketCalls.GETSOCKOPT.invokeExact(
                          state, socket.number(), level, option, out, length));
      return result < 0 ? result : out.get(JAVA_INT, 0);
    }
  }

  /** Reads an option into {@code value}; returns the octets that it has or a negative errno. */
  public static int getsockopt(int descriptor, int level, int option, byte[] value) {
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(value.length);
      var length = arena.allocateFrom(JAVA_INT, value.length);
      int result =
          call(
              state ->
                  (int)
                      SocketCalls.GETSOCKOPT.invokeExact(
                          state, descriptor, level, option, out, length));
      if (result < 0) {
        return result;
      }
      MemorySegment.ofArray(value).copyFrom(out);
      return length.get(JAVA_INT, 0);
    }
  }

  /** Sends to the connected (or default) address; returns octets sent or a negative errno. */
  public static int send(Descriptor socket, MemorySegment octets) {
    return call(
        state ->
            (int)
                (long)
                    SocketCalls.SEND.invokeExact(
                        state, socket.number(), octets, octets.byteSize(), 0));
  }

  /** Sends to an address; returns octets sent or a negative errno. */
  public static int sendto(Descriptor socket, MemorySegment octets, byte[] address) {
    try (var arena = Arena.ofConfined()) {
      var to = arena.allocate(address.length, 8).copyFrom(MemorySegment.ofArray(address));
      return call(
          state ->
              (int)
                  (long)
                      SocketCalls.SENDTO.invokeExact(
                          state,
                          socket.number(),
                          octets,
                          octets.byteSize(),
                          0,
                          to,
                          address.length));
    }
  }

  /** Fills the buffer with one datagram; returns its octets or a negative errno. */
  public static int recv(Descriptor socket, MemorySegment buffer, int flags) {
    return call(
        state ->
            (int)
                (long)
                    SocketCalls.RECV.invokeExact(
                        state, socket.number(), buffer, buffer.byteSize(), flags));
  }

  /** As {@link #recv}, and writes the sender's address into {@code address}. */
  public static int recvfrom(
      Descriptor socket, MemorySegment buffer, int flags, MemorySegment address) {
    try (var arena = Arena.ofConfined()) {
      var length = arena.allocateFrom(JAVA_INT, (int) address.byteSize());
      return call(
          state ->
              (int)
                  (long)
                      SocketCalls.RECVFROM.invokeExact(
                          state,
                          socket.number(),
                          buffer,
                          buffer.byteSize(),
                          flags,
                          address,
                          length));
    }
  }

  /**
   * Waits until a descriptor can be read.
   *
   * @param timeoutMillis 0 asks only, -1 waits for ever
   * @return how many are ready; 0 after the timeout or a signal
   */
  public static int poll(int timeoutMillis, Descriptor... descriptors) {
    try (var arena = Arena.ofConfined()) {
      // struct pollfd (asm-generic/poll.h): 4 fd | 2 events | 2 revents
      var entries = arena.allocate(8L * descriptors.length, 4);
      for (int i = 0; i < descriptors.length; i++) {
        entries.set(JAVA_INT, 8L * i, descriptors[i].number());
        entries.set(JAVA_SHORT, 8L * i + 4, (short) LinuxConstants.POLLIN);
      }
      int result =
          call(
              state ->
                  (int)
                      SocketCalls.POLL.invokeExact(
                          state, entries, (long) descriptors.length, timeoutMillis));
      return result == -Errno.EINTR.number() ? 0 : check(result, "poll", "");
    }
  }

  /** A set of descriptors of which is asked which are ready (epoll(7)). */
  static Descriptor epoll() {
    int result = call(state -> (int) PollCalls.CREATE.invokeExact(state, LinuxConstants.O_CLOEXEC));
    return new Descriptor(check(result, "epoll_create1", ""));
  }

  /**
   * Puts a descriptor into the set; it leaves it when it is closed.
   *
   * @param event struct epoll_event: for what, and what is said of it then
   */
  static void watch(Descriptor epoll, Descriptor watched, MemorySegment event) {
    int result =
        call(
            state ->
                (int)
                    PollCalls.CONTROL.invokeExact(
                        state,
                        epoll.number(),
                        LinuxConstants.EPOLL_CTL_ADD,
                        watched.number(),
                        event));
    check(result, "epoll_ctl", watched.toString());
  }

  /** Fills in the events of those that are ready, as many as there is room for; waits for none. */
  static int ready(Descriptor epoll, MemorySegment events, int room) {
    int result =
        call(state -> (int) PollCalls.WAIT.invokeExact(state, epoll.number(), events, room, 0));
    return result == -Errno.EINTR.number() ? 0 : check(result, "epoll_wait", "");
  }

  /** A counter that can be polled: wakes a thread that waits in {@link #poll}. */
  public static Descriptor eventfd() {
    int result =
        call(state -> (int) SocketCalls.EVENTFD.invokeExact(state, 0, LinuxConstants.O_CLOEXEC));
    return new Descriptor(check(result, "eventfd", ""));
  }

  /** Makes an {@link #eventfd} readable for good. */
  public static void raise(Descriptor event) {
    try (var arena = Arena.ofConfined()) {
      var one = arena.allocateFrom(JAVA_LONG, 1L);
      int result =
          call(
              state ->
                  (int)
                      (long)
                          SocketCalls.WRITE.invokeExact(
                              state, event.number(), one, one.byteSize()));
      check(result, "write", event.toString());
    }
  }

  /** Octets read, or negative errno. */
  public static int read(Descriptor file, MemorySegment buffer) {
    return call(
        state ->
            (int)
                (long) FileCalls.READ.invokeExact(state, file.number(), buffer, buffer.byteSize()));
  }

  /** Octets read from the begin of a file, or negative errno. */
  static int pread(int file, MemorySegment buffer) {
    return call(
        state ->
            (int) (long) FileCalls.PREAD.invokeExact(state, file, buffer, buffer.byteSize(), 0L));
  }

  /** Octets written, or negative errno. */
  public static int write(Descriptor file, MemorySegment octets) {
    return call(
        state ->
            (int)
                (long)
                    SocketCalls.WRITE.invokeExact(state, file.number(), octets, octets.byteSize()));
  }

  /** The index of a network interface in the calling thread's namespace. */
  public static int if_nametoindex(String name) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(name);
      int result =
          call(
              state -> {
                int index = (int) SocketCalls.IF_NAMETOINDEX.invokeExact(state, text);
                return index == 0 ? -1 : index;
              });
      return check(result, "if_nametoindex", name);
    }
  }

  /** The name of a network interface in the calling thread's namespace. */
  public static String if_indextoname(int index) {
    try (var arena = Arena.ofConfined()) {
      var name = arena.allocate(16); // IF_NAMESIZE (net/if.h)
      int result =
          call(
              state -> {
                var found =
                    (MemorySegment) SocketCalls.IF_INDEXTONAME.invokeExact(state, index, name);
                return found.equals(MemorySegment.NULL) ? -1 : 0;
              });
      check(result, "if_indextoname", Integer.toString(index));
      return name.getString(0);
    }
  }

  /** Opens a path, closed in children. */
  public static Descriptor open(String path, int flags, int mode) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(path);
      int all = flags | LinuxConstants.O_CLOEXEC;
      int result = call(state -> (int) FileCalls.OPEN.invokeExact(state, text, all, mode));
      return new Descriptor(check(result, "open", path));
    }
  }

  static void close(int number) {
    // Linux releases the number whatever close says; there is nothing to repeat or to report.
    int _ = call(state -> (int) FileCalls.CLOSE.invokeExact(state, number));
  }

  /** Result or negative errno; the argument is a number or an address, as the request says. */
  public static int ioctl(Descriptor file, long request, long argument) {
    return call(
        state -> (int) FileCalls.IOCTL.invokeExact(state, file.number(), request, argument));
  }

  /** Waits for the lock of an open file; closing the descriptor releases it. */
  public static void flock(Descriptor file, int operation) {
    check(
        call(state -> (int) FileCalls.FLOCK.invokeExact(state, file.number(), operation)),
        "flock",
        file.toString());
  }

  public static void mkdir(String path, int mode) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(path);
      check(call(state -> (int) FileCalls.MKDIR.invokeExact(state, text, mode)), "mkdir", path);
    }
  }

  public static void unlink(String path) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(path);
      check(call(state -> (int) FileCalls.UNLINK.invokeExact(state, text)), "unlink", path);
    }
  }

  /** Moves the calling thread, and only it, into a namespace. */
  public static void setns(Descriptor namespace, int type) {
    check(
        call(state -> (int) NamespaceCalls.SETNS.invokeExact(state, namespace.number(), type)),
        "setns",
        namespace.toString());
  }

  /** Gives the calling thread, and only it, a new namespace. */
  public static void unshare(int flags) {
    check(call(state -> (int) NamespaceCalls.UNSHARE.invokeExact(state, flags)), "unshare", "");
  }

  public static void mount(String source, String target, String type, long flags) {
    try (var arena = Arena.ofConfined()) {
      var from = arena.allocateFrom(source);
      var to = arena.allocateFrom(target);
      var kind = arena.allocateFrom(type);
      int result =
          call(
              state ->
                  (int)
                      NamespaceCalls.MOUNT.invokeExact(
                          state, from, to, kind, flags, MemorySegment.NULL));
      check(result, "mount", target);
    }
  }

  public static void umount2(String target, int flags) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(target);
      check(
          call(state -> (int) NamespaceCalls.UMOUNT2.invokeExact(state, text, flags)),
          "umount2",
          target);
    }
  }

  /** Returns the result, or throws what a negative one means. */
  public static int check(int result, String operation, String target) {
    if (result < 0) {
      throw new LinuxException(operation, target, new Errno(-result), "");
    }
    return result;
  }

  private static int withAddress(MethodHandle function, Descriptor socket, byte[] address) {
    try (var arena = Arena.ofConfined()) {
      var segment = arena.allocate(address.length, 8);
      segment.copyFrom(MemorySegment.ofArray(address));
      return call(
          state -> (int) function.invokeExact(state, socket.number(), segment, address.length));
    }
  }

  private interface NativeCall {
    int run(MemorySegment state) throws Throwable;
  }

  private static int call(NativeCall function) {
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      int result = function.run(state);
      return result >= 0 ? result : -(int) ERRNO.get(state, 0L);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a native call has thrown", e);
    }
  }

  private static MethodHandle handle(String name, MemoryLayout result, MemoryLayout... arguments) {
    return handle(name, FunctionDescriptor.of(result, arguments));
  }

  private static MethodHandle handle(
      String name, FunctionDescriptor type, Linker.Option... options) {
    var linker = Linker.nativeLinker();
    var all = java.util.Arrays.copyOf(options, options.length + 1);
    all[options.length] = Linker.Option.captureCallState("errno");
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, all);
  }

  /** Nested, so that the handles come into being when the first of the group is called. */
  private static final class SocketCalls {
    static final MethodHandle SOCKET = handle("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle BIND = handle("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    static final MethodHandle CONNECT = handle("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    static final MethodHandle SETSOCKOPT =
        handle("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    static final MethodHandle GETSOCKOPT =
        handle("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    static final MethodHandle SEND =
        handle("send", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    static final MethodHandle SENDTO =
        handle("sendto", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    static final MethodHandle RECV =
        handle("recv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    static final MethodHandle RECVFROM =
        handle("recvfrom", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
    static final MethodHandle POLL = handle("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    static final MethodHandle EVENTFD = handle("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle WRITE = handle("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    static final MethodHandle IF_NAMETOINDEX = handle("if_nametoindex", JAVA_INT, ADDRESS);
    static final MethodHandle IF_INDEXTONAME = handle("if_indextoname", ADDRESS, JAVA_INT, ADDRESS);
  }

  private static final class PollCalls {
    static final MethodHandle CREATE = handle("epoll_create1", JAVA_INT, JAVA_INT);
    static final MethodHandle CONTROL =
        handle("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    static final MethodHandle WAIT =
        handle("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  }

  private static final class FileCalls {
    // int open(const char *, int, ...): the mode is a variadic argument
    static final MethodHandle OPEN =
        handle(
            "open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    // int ioctl(int, unsigned long, ...)
    static final MethodHandle IOCTL =
        handle(
            "ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(2));
    static final MethodHandle READ = handle("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    static final MethodHandle PREAD =
        handle("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CLOSE = handle("close", JAVA_INT, JAVA_INT);
    static final MethodHandle FLOCK = handle("flock", JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle MKDIR = handle("mkdir", JAVA_INT, ADDRESS, JAVA_INT);
    static final MethodHandle UNLINK = handle("unlink", JAVA_INT, ADDRESS);
  }

  private static final class NamespaceCalls {
    static final MethodHandle SETNS = handle("setns", JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle UNSHARE = handle("unshare", JAVA_INT, JAVA_INT);
    static final MethodHandle MOUNT =
        handle("mount", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
    static final MethodHandle UMOUNT2 = handle("umount2", JAVA_INT, ADDRESS, JAVA_INT);
  }
}
