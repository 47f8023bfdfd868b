package io.weft.linux.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Files of one number each, such as those below /proc/sys, that stay open: all are read again in a
 * microsecond or two each. One owner at a time.
 */
public final class NumberFiles implements AutoCloseable {
  /** Stands for the number of a file that was not there when it was opened. */
  public static final int MISSING = -Integer.MAX_VALUE;

  /** The process, or the machine, has no room for one more. */
  private static final Set<Errno> FULL = Set.of(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM);

  private final List<Integer> numbers = new ArrayList<>();
  private final List<Descriptor> files = new ArrayList<>();

  /**
   * Opens these, too, as the calling thread sees them; one that is not to be read is missing.
   *
   * @throws LinuxException EMFILE, ENFILE or ENOMEM when there is no room for one of them, which
   *     may pass: that tells nothing of the file, and all are closed then
   */
  public void open(Collection<String> paths) {
    try {
      paths.forEach(this::open);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void open(String path) {
    int flags = LinuxConstants.O_RDONLY | LinuxConstants.O_CLOEXEC;
    try {
      files.add(Libc.open(path, flags, 0));
      numbers.add(files.getLast().number());
    } catch (LinuxException e) {
      if (FULL.contains(e.errno())) {
        throw e;
      }
      numbers.add(-1);
    }
  }

  /** How many have been opened, missing ones among them. */
  public int count() {
    return numbers.size();
  }

  /**
   * What they say now, in the order in which they were opened. A number below 0 may be a negative
   * errno, such as ENOENT where what the file was about has gone.
   */
  public int[] read() {
    var values = new int[numbers.size()];
    try (var arena = Arena.ofConfined()) {
      var buffer = arena.allocate(16);
      for (int i = 0; i < values.length; i++) {
        int file = numbers.get(i);
        values[i] = file < 0 ? MISSING : parse(buffer, Libc.pread(file, buffer));
      }
    }
    return values;
  }

  private static int parse(MemorySegment octets, int length) {
    if (length < 0) {
      return length;
    }
    int value = 0;
    for (int i = 0; i < length; i++) {
      byte digit = octets.get(JAVA_BYTE, i);
      value = digit >= '0' && digit <= '9' ? 10 * value + digit - '0' : value;
    }
    return octets.get(JAVA_BYTE, 0) == '-' ? -value : value;
  }

  @Override
  public void close() {
    files.forEach(Descriptor::close);
    files.clear();
    numbers.clear();
  }
}
