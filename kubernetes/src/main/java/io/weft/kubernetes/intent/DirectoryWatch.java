package io.weft.kubernetes.intent;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Waits until a directory may have changed: the kernel said so, or enough time has passed. Watching
 * the directory and not its files catches editors that rename a new file over the old one, and the
 * one link that a mounted ConfigMap exchanges.
 */
final class DirectoryWatch implements Closeable {
  /** An editor or a copy makes several events; wait until it is quiet, but not for ever. */
  private static final Duration QUIET = Duration.ofMillis(50);

  private static final int MOST_QUIET_WAITS = 20;

  /** The period where the kernel has no watch left to give. */
  private static final Duration UNWATCHED_RESCAN = Duration.ofSeconds(1);

  private final Path directory;
  private final Duration rescan;
  private final Optional<WatchService> service;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** {@code rescan} is the longest wait: events do not reach everywhere, or get lost. */
  DirectoryWatch(Path directory, Duration rescan) {
    this.directory = directory;
    this.rescan = rescan;
    this.service = newService(directory);
    register();
  }

  private static Optional<WatchService> newService(Path directory) {
    try {
      return Optional.of(directory.getFileSystem().newWatchService());
    } catch (IOException _) {
      return Optional.empty(); // no inotify instance left: the rescans must do
    }
  }

  /** Again and again, for the directory may have been replaced by another of its name. */
  private void register() {
    if (service.isEmpty()) {
      return;
    }
    try {
      directory.register(
          service.get(),
          StandardWatchEventKinds.ENTRY_CREATE,
          StandardWatchEventKinds.ENTRY_DELETE,
          StandardWatchEventKinds.ENTRY_MODIFY);
    } catch (IOException _) {
      // It is not there just now. Whoever reads it says so; the next rescan tries again.
    }
  }

  /** Waits for a change, or for the time of a rescan. False when the watch has been closed. */
  boolean await() {
    try {
      if (service.isEmpty()) {
        return !closed.await(least(rescan, UNWATCHED_RESCAN).toMillis(), TimeUnit.MILLISECONDS);
      }
      var key = poll(service.get(), rescan);
      if (key == null) {
        register();
      }
      for (int i = 0; key != null && i < MOST_QUIET_WAITS; i++) {
        key.pollEvents();
        key.reset();
        key = poll(service.get(), QUIET);
      }
      if (key != null) {
        key.reset();
      }
      return closed.getCount() > 0;
    } catch (ClosedWatchServiceException _) {
      return false;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static @Nullable WatchKey poll(WatchService service, Duration timeout)
      throws InterruptedException {
    return service.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static Duration least(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      if (service.isPresent()) {
        service.get().close();
      }
    } catch (IOException _) {
      // Nothing depends on it any more.
    }
  }
}
