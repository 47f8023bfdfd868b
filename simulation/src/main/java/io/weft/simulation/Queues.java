package io.weft.simulation;

import io.weft.bgp.wire.Message;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What may wait, as the daemons have it (ARCHITECTURE.md, "Limits").
 *
 * @param events that wait for a brain; those behind them are not read, and wait in TCP
 * @param messages that wait for a peer which has read nothing for {@link #STALL}; four times as
 *     many for one that reads
 * @param octets of these, about
 */
record Queues(int events, int messages, long octets) {
  static final Queues OF_THE_DAEMONS = new Queues(2_048, 262_144, 64L << 20);

  /** A peer that has read nothing for so long does not read. */
  static final Duration STALL = Duration.ofSeconds(5);

  /** However little waits, a peer that has read nothing for so long is gone (RFC 9687). */
  static final Duration SEND_HOLD = Duration.ofMinutes(8);

  private static final int READING = 4;

  /** What one side of a connection has said and the other has not read. */
  static final class Unread {
    private final Queues limits;
    private int messages;
    private long octets;
    private long progressNanos;

    Unread(Queues limits) {
      this.limits = limits;
    }

    /** Adds what one step says as a whole; or does not, and says why the peer is to be cut off. */
    Optional<String> put(long now, List<Message> more) {
      if (messages == 0) {
        progressNanos = now;
      } else if (isTooMuch(now - progressNanos)) {
        return Optional.of(
            "the peer does not read: %d messages wait, it took something last %d s ago"
                .formatted(messages, Duration.ofNanos(now - progressNanos).toSeconds()));
      }
      messages += more.size();
      for (var message : more) {
        octets += octets(message);
      }
      return Optional.empty();
    }

    private boolean isTooMuch(long sinceNanos) {
      int part = sinceNanos >= STALL.toNanos() ? 1 : READING;
      return messages > part * limits.messages()
          || octets > part * limits.octets()
          || sinceNanos >= SEND_HOLD.toNanos();
    }

    /** The peer has read one of them. */
    void read(long now, Message message) {
      messages--;
      octets -= octets(message);
      progressNanos = now;
    }

    int messages() {
      return messages;
    }

    /** True when something waits, and the peer has read nothing for so long. */
    boolean isStuck(long now, Duration most) {
      return messages > 0 && now - progressNanos > most.toNanos();
    }

    private static long octets(Message message) {
      return message instanceof Message.Update update
          ? 128 + 64L * (update.announced().size() + update.withdrawn().size())
          : 128;
    }
  }
}
