package io.weft.agent.bgp;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP connection to a peer: a thread that reads, frames and decodes, and one that encodes and
 * writes. The brain never waits for it: a peer that does not read what is written is cut off, see
 * {@link WriteQueue}.
 */
final class BgpConnection {
  /** After {@link #close}: how long the last words may take to leave. */
  static final Duration LINGER = Duration.ofSeconds(5);

  private static final Logger LOG = LoggerFactory.getLogger(BgpConnection.class);

  /** Small, for a reflector has thousands of them. */
  private static final int READ_BUFFER = 16 * 1024;

  private static final int WRITE_AT_ONCE = 16 * 1024;

  private final long id;
  private final IpAddress peer;
  private final PeerTransport made;
  private final SocketChannel channel;
  private final Consumer<SpeakerEvent> events;
  private final MessageCodec codec = new MessageCodec();
  private final WriteQueue outgoing = new WriteQueue();

  /** No event follows: the speaker knows that this connection is no more. */
  private final AtomicBoolean ended = new AtomicBoolean();

  /** Down when both threads have done all that they had to do. */
  private final CountDownLatch threads = new CountDownLatch(2);

  private volatile boolean started;
  private volatile boolean closing;

  BgpConnection(
      long id,
      IpAddress peer,
      PeerTransport made,
      SocketChannel channel,
      Consumer<SpeakerEvent> events) {
    this.id = id;
    this.peer = peer;
    this.made = made;
    this.channel = channel;
    this.events = events;
  }

  IpAddress peer() {
    return peer;
  }

  /** What it had to have when it was made. */
  PeerTransport made() {
    return made;
  }

  /** Reads and writes from now on, on two threads that the builder makes. */
  void start(Thread.Builder builder) {
    builder.name("bgp-read-" + id).start(this::read);
    builder.name("bgp-write-" + id).start(this::write);
    started = true;
  }

  /** True once the speaker has been told of it. */
  boolean isStarted() {
    return started;
  }

  /** Queues; never blocks. */
  void send(List<Message> messages) {
    if (messages.isEmpty() || ended.get()) {
      return;
    }
    outgoing
        .put(System.nanoTime(), messages)
        .ifPresent(
            reason ->
                // The caller takes the events: it must not wait for room among them.
                Thread.ofVirtual().name("bgp-cut-off-" + id).start(() -> end(reason)));
  }

  /**
   * Writes what is queued, then closes; by force when that takes longer than {@link #LINGER}. The
   * speaker knows already: no event follows.
   */
  void close() {
    ended.set(true);
    closing = true;
    wakeWriter();
    Thread.ofVirtual().name("bgp-close-" + id).start(this::closeAfterLinger);
  }

  private void closeAfterLinger() {
    try {
      if (!threads.await(LINGER.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.debug("connection {}: closed before all was written", id);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closeChannel();
  }

  /** Closes without a word to the peer, and tells the speaker why; nothing if it is closed. */
  void end(String reason) {
    if (ended.compareAndSet(false, true)) {
      closeChannel();
      events.accept(new SpeakerEvent.Disconnected(id, reason));
    }
  }

  private void closeChannel() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("connection {}: {}", id, e.getMessage()); // nothing is left to be done with it
    }
    wakeWriter();
  }

  private void wakeWriter() {
    if (!channel.isOpen()) {
      outgoing.clear();
    }
    outgoing.wake();
  }

  private void read() {
    var buffer = ByteBuffer.allocate(READ_BUFFER);
    try {
      boolean isBgp = true;
      while (channel.read(buffer) >= 0) {
        buffer.flip();
        isBgp = isBgp && deliver(buffer);
        if (isBgp) {
          buffer.compact();
          if (!buffer.hasRemaining()) { // part of one extended message: it must fit as a whole
            buffer = ByteBuffer.allocate(Message.MAX_EXTENDED_LENGTH).put(buffer.flip());
          }
        } else {
          // Read on to the end: closing with unread octets resets, and our last words get lost.
          buffer.clear();
        }
      }
      end("the peer closed the connection");
    } catch (IOException e) {
      end("connection lost: " + e.getMessage());
    } catch (RuntimeException e) {
      defect(e);
    } finally {
      threads.countDown();
    }
  }

  private void defect(RuntimeException e) {
    LOG.error("connection {}: this is a defect of Weft; the connection is closed", id, e);
    end("a defect of ours: " + e);
  }

  /** Decodes all whole messages in the buffer; false when no more of the octets are wanted. */
  private boolean deliver(ByteBuffer buffer) {
    while (buffer.remaining() >= Message.HEADER_LENGTH && !ended.get()) {
      var header = new byte[Message.HEADER_LENGTH];
      buffer.get(buffer.position(), header);
      int length = codec.frameLength(header);
      if (length < 0) {
        events.accept(new SpeakerEvent.MessageReceived(id, codec.decode(header)));
        return false;
      }
      if (buffer.remaining() < length) {
        return true;
      }
      var message = new byte[length];
      buffer.get(message);
      events.accept(new SpeakerEvent.MessageReceived(id, codec.decode(message)));
    }
    return !ended.get();
  }

  private void write() {
    var buffer = ByteBuffer.allocate(WRITE_AT_ONCE + Message.MAX_LENGTH);
    try {
      while (channel.isOpen()) {
        for (var next = outgoing.take(); !next.isEmpty(); next = outgoing.poll()) {
          for (var message : next) {
            var octets = codec.encode(message);
            if (octets.length > buffer.remaining()) { // longer than 4096: few are
              flush(buffer);
              buffer = ByteBuffer.allocate(Message.MAX_EXTENDED_LENGTH + WRITE_AT_ONCE);
            }
            buffer.put(octets);
            outgoing.leaves(message);
            if (buffer.position() >= WRITE_AT_ONCE) {
              flush(buffer);
            }
          }
        }
        flush(buffer);
        if (closing && outgoing.isEmpty()) {
          channel.shutdownOutput(); // the peer reads to the end and closes; then so do we
          return;
        }
      }
    } catch (IOException e) {
      end("connection lost: " + e.getMessage());
    } catch (RuntimeException e) {
      defect(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      threads.countDown();
    }
  }

  private void flush(ByteBuffer buffer) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
      outgoing.progress(System.nanoTime());
    }
    buffer.clear();
  }
}
