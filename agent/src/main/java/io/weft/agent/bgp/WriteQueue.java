package io.weft.agent.bgp;

import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.Update;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What waits to be written to one peer. Nobody waits to put something in: a peer that is too slow
 * is to be cut off instead, and the reason says what waits since when. What one step of the speaker
 * says goes in as a whole, so that a table of any size fits for a peer that reads. One thread puts
 * in; one at a time takes out.
 */
final class WriteQueue {
  /** So many messages may wait for a peer that has read nothing for {@link #STALL}. */
  static final int MAX_MESSAGES = 262_144;

  /** The same in octets, estimated by {@link #octets(Message)}; less where the heap is small. */
  static final long MAX_OCTETS = Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 8);

  /** So many times as much may wait for a peer that reads, but too slowly. */
  static final int READING = 4;

  /** A peer that has read nothing for so long does not read. */
  static final Duration STALL = Duration.ofSeconds(5);

  /** RFC 9687: however little waits, a peer that has read nothing for so long is gone. */
  static final Duration SEND_HOLD = Duration.ofMinutes(8);

  private final Queue<List<Message>> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger messages = new AtomicInteger();
  private final AtomicLong octets = new AtomicLong();
  private volatile long progressNanos;

  /** What is left of the step that is being taken out. */
  private Iterator<Message> current = Collections.emptyIterator();

  /** Adds; or does not, and gives the reason why the peer is to be cut off. */
  Optional<String> put(long nowNanos, List<Message> more) {
    if (messages.get() == 0) {
      progressNanos = nowNanos;
    } else if (isTooMuch(nowNanos - progressNanos)) {
      return Optional.of(reason(nowNanos - progressNanos));
    }
    messages.addAndGet(more.size());
    octets.addAndGet(more.stream().mapToLong(WriteQueue::octets).sum());
    queue.add(more);
    return Optional.empty();
  }

  private boolean isTooMuch(long sinceNanos) {
    int part = sinceNanos >= STALL.toNanos() ? 1 : READING;
    return messages.get() > part * MAX_MESSAGES
        || octets.get() > part * MAX_OCTETS
        || sinceNanos >= SEND_HOLD.toNanos();
  }

  private String reason(long sinceNanos) {
    return "the peer does not read: "
        + messages
        + " messages, about "
        + (octets.get() >> 10)
        + " KiB, wait to be written; it took something last "
        + TimeUnit.NANOSECONDS.toSeconds(sinceNanos)
        + " s ago";
  }

  /** About what a message takes on the wire, and in memory beside the routes that are shared. */
  private static long octets(Message message) {
    return message instanceof Update update
        ? 128 + 64L * (update.announced().size() + update.withdrawn().size())
        : 128;
  }

  /** The next one, which does not wait any more; empty when there is none. */
  Optional<Message> poll() {
    while (!current.hasNext()) {
      var next = queue.poll();
      if (next == null) {
        return Optional.empty();
      }
      current = next.iterator();
    }
    var message = current.next();
    messages.decrementAndGet();
    octets.addAndGet(-octets(message));
    return Optional.of(message);
  }

  /** The peer has taken something. */
  void progress(long nowNanos) {
    progressNanos = nowNanos;
  }

  boolean isEmpty() {
    return messages.get() == 0;
  }
}
