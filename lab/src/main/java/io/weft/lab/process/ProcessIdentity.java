package io.weft.lab.process;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A process that is ours: a process id alone is not enough, since the kernel gives it to another
 * process later.
 *
 * @param startTicks field 22 of {@code /proc/<pid>/stat} (proc(5)): since boot, in clock ticks
 */
public record ProcessIdentity(long pid, long startTicks) {
  private static final Duration POLL = Duration.ofMillis(5);

  /** Empty when there is no such process, or only what is left of it until its parent asks. */
  public static Optional<ProcessIdentity> of(long pid) {
    // Not by a channel, which an interrupt would close: a process must not seem dead then.
    try (var in = new FileInputStream("/proc/" + pid + "/stat")) {
      var stat = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      // The name, in parentheses, may hold spaces and parentheses: count behind the last one.
      var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return fields[0].equals("Z")
          ? Optional.empty()
          : Optional.of(new ProcessIdentity(pid, Long.parseLong(fields[19])));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  public boolean isAlive() {
    return of(pid).filter(this::equals).isPresent();
  }

  /** Writes it to a file, to be found by a later lab command. */
  public void write(Path file) throws IOException {
    try (var out = new FileOutputStream(file.toFile())) {
      out.write((pid + " " + startTicks + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Empty when the file is not there, or not whole. */
  public static Optional<ProcessIdentity> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    var text = Files.readString(file).strip();
    if (!text.matches("[0-9]{1,10} [0-9]{1,18}")) {
      return Optional.empty();
    }
    int space = text.indexOf(' ');
    return Optional.of(
        new ProcessIdentity(
            Long.parseLong(text.substring(0, space)), Long.parseLong(text.substring(space + 1))));
  }

  /** SIGTERM; nothing when it is not there any more. */
  public void terminate() {
    handle().ifPresent(ProcessHandle::destroy);
  }

  /** SIGKILL; nothing when it is not there any more. */
  public void kill() {
    handle().ifPresent(ProcessHandle::destroyForcibly);
  }

  private Optional<ProcessHandle> handle() {
    return isAlive() ? ProcessHandle.of(pid) : Optional.empty();
  }

  /** Waits for its end; false after the timeout. */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (isAlive()) {
      if (System.nanoTime() > end) {
        return false;
      }
      Thread.sleep(POLL);
    }
    return true;
  }
}
