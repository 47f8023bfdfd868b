package io.weft.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Lets a daemon run until it fails or the process is told to end. */
final class DaemonRun {
  /** Who stops it need not wait longer, whatever hangs. */
  private static final Duration STOPPING = Duration.ofSeconds(5);

  private DaemonRun() {}

  static int untilEnd(CompletableFuture<Void> ended, AutoCloseable daemon)
      throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(daemon), "shutdown"));
    try {
      ended.get();
      return 0;
    } catch (ExecutionException e) {
      System.err.println("weft: stopped: " + e.getCause());
      return Weft.FAILED;
    }
  }

  private static void close(AutoCloseable daemon) {
    var closing = Thread.ofPlatform().daemon().start(() -> closeQuietly(daemon));
    try {
      if (!closing.join(STOPPING)) {
        System.err.println("weft: not all parts stopped in time; the process ends without them");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void closeQuietly(AutoCloseable daemon) {
    try {
      daemon.close();
    } catch (Exception e) {
      System.err.println("weft: while stopping: " + e.getMessage());
    }
  }
}
