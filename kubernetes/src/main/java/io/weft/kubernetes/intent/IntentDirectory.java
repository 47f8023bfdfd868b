package io.weft.kubernetes.intent;

import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problem;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A directory of YAML files as the source of intent, read at the start and watched from then on.
 *
 * <p>A bad resource never hurts another and loses nothing: it stands in its last good version while
 * its problem is reported, also when its whole file, or the directory, cannot be read for a while.
 * Removing the resource or its file removes it; so does emptying the file, hence programs should
 * write a new file and rename it over the old one, as editors do. What was good before is known to
 * this object only, not after a restart.
 *
 * <p>Limits: 1,000 files, 8 MiB together, 10,000 resources (a file beyond is reported and not
 * used), and those of {@link io.weft.kubernetes.yaml.YamlDocument} for each file.
 */
public final class IntentDirectory implements IntentSource {
  private static final Duration SAFETY_RESCAN = Duration.ofSeconds(5);
  private static final Duration CLOSING = Duration.ofSeconds(2);

  /** A watch and the thread that waits on it. */
  private record Watching(DirectoryWatch watch, Thread thread) {}

  private final Path directory;
  private final Duration rescan;
  private Optional<DirectorySnapshot> snapshot;
  private IntentMerge merge;
  private Optional<Watching> watching = Optional.empty();
  private volatile boolean closed;

  private IntentDirectory(Path directory, Duration rescan) throws IOException {
    this.directory = directory;
    this.rescan = rescan;
    requireDirectory(directory);
    var first = DirectorySnapshot.take(directory);
    this.snapshot = Optional.of(first);
    this.merge = IntentMerge.EMPTY.next(first.parse());
  }

  /**
   * Reads the directory.
   *
   * @throws IOException when it is not there, is not a directory or cannot be read; the message
   *     says which and names it. Whatever is in the files is a problem of the {@link #reading}.
   */
  public static IntentDirectory open(Path directory) throws IOException {
    return open(directory, SAFETY_RESCAN);
  }

  static IntentDirectory open(Path directory, Duration rescan) throws IOException {
    return new IntentDirectory(directory, rescan);
  }

  /** Reads the directory once; fails as {@link #open} does. */
  public static IntentReading load(Path directory) throws IOException {
    try (var once = open(directory)) {
      return once.reading();
    }
  }

  @Override
  public synchronized IntentReading reading() {
    return merge.reading();
  }

  @Override
  public synchronized void watch(Consumer<IntentReading> consumer) {
    if (closed || watching.isPresent()) {
      throw new IllegalStateException(directory + (closed ? " is closed" : " is watched already"));
    }
    var watch = new DirectoryWatch(directory, rescan);
    var thread =
        Thread.ofPlatform().daemon().name("weft-intent").unstarted(() -> run(watch, consumer));
    watching = Optional.of(new Watching(watch, thread));
    thread.start();
  }

  @Override
  public void close() {
    closed = true;
    Optional<Watching> ending;
    synchronized (this) {
      ending = watching;
    }
    ending.ifPresent(w -> w.watch().close());
    try {
      if (ending.isPresent() && !ending.get().thread().equals(Thread.currentThread())) {
        ending.get().thread().join(CLOSING);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(DirectoryWatch watch, Consumer<IntentReading> consumer) {
    do {
      var changed = rescan();
      if (changed.isPresent() && !closed) {
        deliver(changed.get(), consumer);
      }
    } while (watch.await());
  }

  private static void deliver(IntentReading reading, Consumer<IntentReading> consumer) {
    try {
      consumer.accept(reading);
    } catch (RuntimeException e) {
      var thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  /** Reads again; the new reading if it is another. */
  synchronized Optional<IntentReading> rescan() {
    var before = merge.reading();
    try {
      var now = DirectorySnapshot.take(directory);
      if (snapshot.filter(now::equals).isPresent()) {
        return Optional.empty();
      }
      snapshot = Optional.of(now);
      merge = merge.next(now.parse());
    } catch (IOException e) {
      snapshot = Optional.empty();
      merge = merge.unchanged(new Problem(Place.of(directory.toString()), "", unreadable(e)));
    }
    return Optional.of(merge.reading()).filter(reading -> !reading.equals(before));
  }

  private static String unreadable(IOException e) {
    return "the directory cannot be read, what was read before stays in force: " + e;
  }

  private static void requireDirectory(Path directory) throws IOException {
    if (Files.notExists(directory)) {
      throw new NoSuchFileException(
          directory.toString(), null, "the intent directory is not there; make it or name another");
    }
    if (!Files.isDirectory(directory)) {
      throw new FileSystemException(
          directory.toString(), null, "is not a directory; name a directory of YAML files");
    }
  }
}
