package io.weft.kubernetes.api;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A stream of which so much is read and no more, and which ends when nothing comes for a while:
 * what comes from outside has a limit, and who vanishes in the middle of an answer is not waited
 * for.
 */
final class Bounded extends FilterInputStream {
  private final int most;
  private final Duration patience;
  private long read;
  private volatile long lastNanos = System.nanoTime();
  private volatile boolean overdue;
  private volatile CompletableFuture<Boolean> watch = new CompletableFuture<>();

  /**
   * Of an answer.
   *
   * @param most octets that are read
   * @param patience how long nothing may come
   */
  Bounded(InputStream in, int most, Duration patience) {
    super(in);
    this.most = most;
    this.patience = patience;
    watch(patience.toNanos());
  }

  private void watch(long nanos) {
    var next =
        new CompletableFuture<Boolean>().completeOnTimeout(true, nanos, TimeUnit.NANOSECONDS);
    watch = next;
    var _ = next.thenAccept(this::look);
  }

  private void look(boolean late) {
    long left = patience.toNanos() - (System.nanoTime() - lastNanos);
    if (!late) {
      return; // it is closed
    }
    if (left > 0) {
      watch(left);
      return;
    }
    overdue = true;
    try {
      in.close(); // ends a read that waits
    } catch (IOException _) {
      // The reader is told in any case.
    }
  }

  @Override
  public int read() throws IOException {
    try {
      int octet = super.read();
      count(octet < 0 ? 0 : 1);
      return octet;
    } catch (IOException e) {
      throw explained(e);
    }
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    try {
      int got = super.read(into, offset, length);
      count(Math.max(0, got));
      return got;
    } catch (IOException e) {
      throw explained(e);
    }
  }

  private IOException explained(IOException e) {
    return overdue
        ? new IOException("nothing has come for %d s".formatted(patience.toSeconds()), e)
        : e;
  }

  private void count(int octets) throws IOException {
    lastNanos = System.nanoTime();
    read += octets;
    if (overdue) {
      throw new IOException("closed");
    }
    if (read > most) {
      throw new IOException("it is longer than " + most + " octets");
    }
  }

  @Override
  public void close() throws IOException {
    watch.complete(false);
    super.close();
  }
}
