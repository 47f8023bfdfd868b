package io.weft.linux.packet;

import io.weft.linux.ffi.Libc;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.BitSet;

/**
 * Echo requests at a steady pace on a platform thread of its own, counting what is lost: the
 * witness that something else, such as a restart, does not disturb traffic.
 */
public final class EchoStream implements AutoCloseable {
  private static final int PAYLOAD = 56;

  /** Sequence numbers wrap there. */
  private static final int MAX_REQUESTS = 0xffff;

  /** How late a stop may be noticed. */
  private static final int MAX_WAIT_MILLIS = 50;

  private final IcmpEcho echo;
  private final long intervalNanos;
  private final BitSet answered = new BitSet();
  private final Thread thread;
  private int attempts;
  private volatile int received;
  private volatile boolean stopping;
  private volatile Deadline patience = new Deadline(Duration.ZERO);

  /**
   * What a stream saw.
   *
   * @param sent requests tried, those that the kernel refused among them
   * @param longestSilence the longest run of requests without a reply
   */
  public record Statistics(int sent, int received, int longestSilence) {
    public int lost() {
      return sent - received;
    }
  }

  private EchoStream(IcmpEcho echo, Duration interval) {
    this.echo = echo;
    this.intervalNanos = interval.toNanos();
    this.thread = Thread.ofPlatform().name("echo stream").daemon().unstarted(this::run);
  }

  /**
   * Starts to send.
   *
   * @param interval 1 ms or more; after 65,535 requests the stream rests
   */
  public static EchoStream startIn(String nameOrPath, IpAddress destination, Duration interval) {
    if (interval.toMillis() < 1) {
      throw new IllegalArgumentException("interval " + interval + " is under 1 ms");
    }
    var stream = new EchoStream(IcmpEcho.openIn(nameOrPath, destination), interval);
    stream.thread.start();
    return stream;
  }

  private void run() {
    long next = System.nanoTime();
    while (!stopping) {
      if (next - System.nanoTime() <= 0 && attempts < MAX_REQUESTS) {
        // A refused request is a lost one: it never gets an answer.
        int _ = echo.send(++attempts, PAYLOAD);
        next += intervalNanos;
      }
      collect(Math.clamp((next - System.nanoTime() + 999_999) / 1_000_000, 0, MAX_WAIT_MILLIS));
    }
    while (received < attempts && !patience.isOver()) {
      collect(Math.min(patience.leftMillis(), MAX_WAIT_MILLIS));
    }
  }

  private void collect(int waitMillis) {
    if (Libc.poll(waitMillis, echo.socket()) > 0) {
      int sequence = echo.receive();
      if (sequence > 0 && sequence <= attempts) {
        answered.set(sequence);
        received = answered.cardinality();
      }
    }
  }

  /** Replies so far. */
  public int received() {
    return received;
  }

  /** Stops sending, waits for replies that are under way, and says what was lost. Only once. */
  public Statistics stop(Duration patience) {
    this.patience = new Deadline(patience);
    end();
    int silence = 0;
    int longest = 0;
    for (int sequence = 1; sequence <= attempts; sequence++) {
      silence = answered.get(sequence) ? 0 : silence + 1;
      longest = Math.max(longest, silence);
    }
    return new Statistics(attempts, answered.cardinality(), longest);
  }

  private void end() {
    stopping = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops without waiting for replies. */
  @Override
  public void close() {
    end();
    echo.close();
  }
}
