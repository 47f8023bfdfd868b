package io.weft.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Lets a daemon run until it fails or the process is told to end. */
final class DaemonRun {
  private DaemonRun() {}

  static int untilEnd(CompletableFuture<Void> ended, AutoCloseable daemon)
      throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> closeQuietly(daemon), "shutdown"));
    try {
      ended.get();
      return 0;
    } catch (ExecutionException e) {
      System.err.println("weft: stopped: " + e.getCause());
      return Weft.FAILED;
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
