package io.weft.agent.bgp;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * One TCP connection to a peer: a virtual thread that reads, frames and decodes, and one that
 * encodes and writes. The brain never waits for it: a peer that does not read what is written is
 * cut off when {@link #MAX_QUEUED} hand-overs wait.
 */
final class BgpConnection {
  /** Hand-overs of messages that may wait to be written. */
  static final int MAX_QUEUED = 4096;

  private static final int READ_BUFFER = 64 * 1024;
  private static final int WRITE_AT_ONCE = 256 * 1024;

  private final long id;
  private final SocketChannel channel;
  private final Consumer<SpeakerEvent> events;
  private final MessageCodec codec = new MessageCodec();
  private final BlockingQueue<List<Message>> outgoing = new ArrayBlockingQueue<>(MAX_QUEUED);
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile boolean closing;

  BgpConnection(long id, SocketChannel channel, Consumer<SpeakerEvent> events) {
    this.id = id;
    this.channel = channel;
    this.events = events;
  }

  void start() {
    Thread.ofVirtual().name("bgp-read-" + id).start(this::read);
    Thread.ofVirtual().name("bgp-write-" + id).start(this::write);
  }

  /** Queues; never blocks. */
  void send(List<Message> messages) {
    if (!messages.isEmpty() && !outgoing.offer(messages)) {
      end("the peer does not read: " + MAX_QUEUED + " writes are waiting");
    }
  }

  /** Writes what is queued, then closes. The session knows already: no event follows. */
  void close() {
    ended.set(true);
    closing = true;
    if (!outgoing.offer(List.of())) {
      closeChannel();
    }
  }

  private void end(String reason) {
    if (ended.compareAndSet(false, true)) {
      closeChannel();
      events.accept(new SpeakerEvent.Disconnected(id, reason));
    }
  }

  private void closeChannel() {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing is left to be done with a connection that cannot even be closed.
      closing = true;
    }
    if (!outgoing.offer(List.of())) {
      outgoing.clear();
      closing = true;
    }
  }

  private void read() {
    var buffer = ByteBuffer.allocate(READ_BUFFER);
    try {
      while (channel.read(buffer) >= 0) {
        buffer.flip();
        if (!deliver(buffer)) {
          return;
        }
        buffer.compact();
      }
      end("the peer closed the connection");
    } catch (IOException e) {
      end("connection lost: " + e.getMessage());
    }
  }

  /** Decodes all whole messages in the buffer; false when the octets are not BGP any more. */
  private boolean deliver(ByteBuffer buffer) {
    while (buffer.remaining() >= Message.HEADER_LENGTH) {
      var header = new byte[Message.HEADER_LENGTH];
      buffer.get(buffer.position(), header);
      int length = MessageCodec.frameLength(header);
      if (length < 0) {
        events.accept(new SpeakerEvent.MessageReceived(id, codec.decode(header)));
        return false;
      }
      if (buffer.remaining() < length) {
        return true;
      }
      var message = new byte[length];
      buffer.get(message);
      if (ended.get()) {
        return false;
      }
      events.accept(new SpeakerEvent.MessageReceived(id, codec.decode(message)));
    }
    return true;
  }

  private void write() {
    var buffer = ByteBuffer.allocate(WRITE_AT_ONCE + Message.MAX_LENGTH);
    try {
      while (channel.isOpen()) {
        var messages = outgoing.take();
        while (messages != null) {
          for (var message : messages) {
            buffer.put(codec.encode(message));
            if (buffer.position() >= WRITE_AT_ONCE) {
              flush(buffer);
            }
          }
          messages = outgoing.poll();
        }
        flush(buffer);
        if (closing && outgoing.isEmpty()) {
          channel.close();
        }
      }
    } catch (IOException e) {
      end("connection lost: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      Arrays.fill(buffer.array(), (byte) 0);
    }
  }

  private void flush(ByteBuffer buffer) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }
}
