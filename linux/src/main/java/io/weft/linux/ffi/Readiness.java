package io.weft.linux.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Which of many descriptors have something to read, in one call (epoll(7)): to ask each of them
 * costs more than all else while nothing happens. One owner at a time.
 */
public final class Readiness implements AutoCloseable {
  /** Ready at once at most; those beyond come with the next question. */
  private static final int ROOM = 4096;

  /** struct epoll_event: 4 events | 8 data, without padding on x86-64 alone. */
  private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");

  private static final int SIZE = PACKED ? 12 : 16;
  private static final int DATA = PACKED ? 4 : 8;

  private final Descriptor epoll = Libc.epoll();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment events = arena.allocate((long) SIZE * ROOM, 8);

  /**
   * Watches a descriptor until it is closed.
   *
   * @param number whose it is; several descriptors may have the same. Not negative
   */
  public void add(Descriptor descriptor, int number) {
    add(descriptor, number, LinuxConstants.EPOLLIN);
  }

  /** As {@link #add}, for a file that tells so of changes (such as /proc/self/mountinfo). */
  public void addForChanges(Descriptor file, int number) {
    add(file, number, LinuxConstants.EPOLLPRI);
  }

  private void add(Descriptor descriptor, int number, int what) {
    try (var once = Arena.ofConfined()) {
      var event = once.allocate(SIZE, 8);
      event.set(JAVA_INT, 0, what);
      event.set(JAVA_INT_UNALIGNED, DATA, number);
      Libc.watch(epoll, descriptor, event);
    }
  }

  /** The numbers of those that are ready now. */
  public BitSet ready() {
    var numbers = new BitSet();
    int count = Libc.ready(epoll, events, ROOM);
    for (int i = 0; i < count; i++) {
      numbers.set(events.get(JAVA_INT_UNALIGNED, (long) SIZE * i + DATA));
    }
    return numbers;
  }

  @Override
  public void close() {
    epoll.close();
    arena.close();
  }
}
