package io.weft.agent.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How many files may be kept open to read them quickly: a quarter of what the process may have at
 * all. One thread owns it.
 */
final class DescriptorBudget {
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final String LINE = "Max open files";

  /** Where the limit is not to be read, it is taken for the least that is usual. */
  private static final int LEAST = 1_024;

  private int left;

  DescriptorBudget() {
    this(limit() / 4);
  }

  DescriptorBudget(int left) {
    this.left = left;
  }

  /** {@code Max open files 1024 524288 files}: what counts now, and what it may be raised to. */
  private static int limit() {
    try {
      for (var line : Files.readAllLines(LIMITS)) {
        if (line.startsWith(LINE)) {
          return Integer.parseInt(line.substring(LINE.length()).strip().split(" +", 2)[0]);
        }
      }
    } catch (IOException | NumberFormatException _) {
      return LEAST;
    }
    return LEAST;
  }

  /** False when there are not so many left; then none is taken. */
  boolean take(int files) {
    if (files > left) {
      return false;
    }
    left -= files;
    return true;
  }

  void give(int files) {
    left += files;
  }
}
