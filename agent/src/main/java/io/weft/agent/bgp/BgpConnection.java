package io.weft.agent.bgp;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.net.IpAddress;
import io.weft.net.OctetWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP connection to a peer: framed and decoded on the thread of {@link ReadLoop}, encoded and
 * written on that of {@link WriteLoop}; a few small messages at once by who sends them. It has no
 * thread and, while nothing moves, no buffer of its own. The brain never waits for it: a peer that
 * does not read what is written is cut off, see {@link WriteQueue}.
 */
final class BgpConnection {
  /** After {@link #close}: how long the last words may take to leave. */
  static final Duration LINGER = Duration.ofSeconds(5);

  /** Octets that are encoded before they are written, about. */
  static final int WRITE_AT_ONCE = 60 * 1024;

  /** Octets of one connection that are written before others have their turn, about. */
  private static final int TURN = 4 * WRITE_AT_ONCE;

  /** Messages and routes that are so few that a hand-over would cost more than to write them. */
  private static final int FEW_MESSAGES = 4;

  private static final int FEW_ROUTES = 8;

  private static final Logger LOG = LoggerFactory.getLogger(BgpConnection.class);

  private static final byte[] NOTHING = new byte[0];

  /** What it shares with the other connections. */
  record Edge(ReadLoop reader, WriteLoop writer, Consumer<List<SpeakerEvent>> events) {}

  /** How far a turn of writing went. */
  enum Written {
    ALL,
    MORE,
    /** The socket takes no more for now. */
    BLOCKED
  }

  /** Appends one whole message. */
  interface Encoder {
    void encode(MessageCodec codec, Message message, OctetWriter out);
  }

  private final long id;
  private final IpAddress peer;
  private final PeerTransport made;
  private final SocketChannel channel;
  private final Edge edge;
  private final MessageCodec codec = new MessageCodec();

  /** No event follows: the speaker knows that this connection is no more. */
  private final AtomicBoolean ended = new AtomicBoolean();

  /** Down when all has been read, and all been written. */
  private final CountDownLatch directions = new CountDownLatch(2);

  private volatile boolean started;
  private volatile boolean closing;

  // Of the reader's thread.

  /** The head of a message that is not whole yet. */
  private byte[] begun = NOTHING;

  /** What comes is wanted no more. */
  private boolean deaf;

  // For writing. What waits is taken out, and written, by whoever holds the lock.

  private final WriteQueue outgoing = new WriteQueue();
  private final ReentrantLock writing = new ReentrantLock();
  private final AtomicBoolean due = new AtomicBoolean();
  private volatile boolean blocked;

  /** Encoded, and not taken by the socket yet. */
  private ByteBuffer unsent = ByteBuffer.wrap(NOTHING);

  /** The last words have left. */
  private boolean written;

  BgpConnection(long id, IpAddress peer, PeerTransport made, SocketChannel channel, Edge edge) {
    this.id = id;
    this.peer = peer;
    this.made = made;
    this.channel = channel;
    this.edge = edge;
  }

  IpAddress peer() {
    return peer;
  }

  /** What it had to have when it was made. */
  PeerTransport made() {
    return made;
  }

  SocketChannel channel() {
    return channel;
  }

  /** Reads from now on; the speaker has been told of it. */
  void start() {
    try {
      edge.reader().add(this);
      started = true;
    } catch (ClosedChannelException | ClosedSelectorException e) {
      LOG.debug("connection {}: closed before it was read", id, e);
      closeChannel();
    }
  }

  /** True once the speaker has been told of it. */
  boolean isStarted() {
    return started;
  }

  // The end.

  /**
   * Writes what is queued, then closes; by force when that takes longer than {@link #LINGER}. The
   * speaker knows already: no event follows.
   */
  void close() {
    ended.set(true);
    closing = true;
    writeLater();
    Thread.ofVirtual().name("bgp-close-" + id).start(this::closeAfterLinger);
  }

  private void closeAfterLinger() {
    try {
      if (!directions.await(LINGER.toMillis(), TimeUnit.MILLISECONDS)) {
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
      // The caller may be the one who takes the events: it must not wait for room among them.
      Thread.ofVirtual()
          .name("bgp-end-" + id)
          .start(() -> edge.events().accept(List.of(new SpeakerEvent.Disconnected(id, reason))));
    }
  }

  private void lost(IOException e) {
    end("connection lost: " + e.getMessage());
    closeChannel(); // also when last words were still to be written
  }

  private void defect(RuntimeException e) {
    LOG.error("connection {}: this is a defect of Weft; the connection is closed", id, e);
    end("a defect of ours: " + e);
    closeChannel();
  }

  private void closeChannel() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("connection {}: {}", id, e.getMessage()); // nothing is left to be done with it
    }
    edge.reader().wake();
    edge.writer().wake();
    directions.countDown();
    directions.countDown();
  }

  // In.

  /**
   * Takes what has come; false when nothing can come any more.
   *
   * @param buffer with room for the longest message and more; its content is nobody's
   */
  boolean read(ByteBuffer buffer) {
    try {
      buffer.clear().put(begun);
      if (channel.read(buffer) >= 0) {
        deliver(buffer.flip());
        return true;
      }
      end("the peer closed the connection");
    } catch (IOException e) {
      lost(e);
    } catch (RuntimeException e) {
      defect(e);
    }
    directions.countDown();
    return false;
  }

  /** Decodes all whole messages, and hands them over at once. */
  private void deliver(ByteBuffer buffer) {
    var come = new ArrayList<SpeakerEvent>();
    var header = new byte[Message.HEADER_LENGTH];
    // After an end it reads on: closing with unread octets resets, and our last words get lost.
    deaf |= ended.get();
    boolean whole = true;
    while (whole && !deaf && buffer.remaining() >= header.length) {
      buffer.get(buffer.position(), header);
      int length = codec.frameLength(header);
      if (length < 0) {
        come.add(new SpeakerEvent.MessageReceived(id, codec.decode(header)));
        deaf = true;
      } else if (buffer.remaining() < length) {
        whole = false;
      } else {
        var message = new byte[length];
        buffer.get(message);
        come.add(new SpeakerEvent.MessageReceived(id, codec.decode(message)));
      }
    }
    begun = deaf || !buffer.hasRemaining() ? NOTHING : new byte[buffer.remaining()];
    buffer.get(buffer.limit() - begun.length, begun);
    if (!come.isEmpty() && !ended.get()) {
      edge.events().accept(come);
    }
  }

  // Out.

  /**
   * Queues, or writes what is little and has nothing before it; never blocks.
   *
   * @param mayWrite false where the caller has too many to send to
   */
  void send(List<Message> messages, boolean mayWrite) {
    if (messages.isEmpty() || ended.get()) {
      return;
    }
    boolean alone = outgoing.isEmpty();
    var refusal = outgoing.put(System.nanoTime(), messages);
    if (refusal.isPresent()) {
      end(refusal.get());
    } else if (!blocked && !(mayWrite && alone && isLittle(messages) && writeNow())) {
      writeLater();
    }
  }

  private static boolean isLittle(List<Message> messages) {
    int routes = 0;
    for (var message : messages) {
      if (message instanceof Message.Update update) {
        routes += update.announced().size() + update.withdrawn().size();
      }
    }
    return messages.size() <= FEW_MESSAGES && routes <= FEW_ROUTES;
  }

  private boolean writeNow() {
    if (!writing.tryLock()) {
      return false; // the writer is here
    }
    try {
      return write(new OctetWriter(), MessageCodec::encode) == Written.ALL;
    } finally {
      writing.unlock();
    }
  }

  /** Has the writer come by. */
  void writeLater() {
    if (due.compareAndSet(false, true)) {
      edge.writer().add(this);
    }
  }

  /** The socket takes octets again. */
  void unblock() {
    blocked = false;
    writeLater();
  }

  /**
   * Writes what waits, for one turn.
   *
   * @param out empty, and is so again afterwards
   */
  Written write(OctetWriter out, Encoder encoder) {
    due.set(false); // whoever puts something in from now on, has us come again
    writing.lock();
    try {
      for (int octets = 0; octets < TURN; ) {
        if (!unsent.hasRemaining() && !fill(out, encoder)) {
          finishIfClosing();
          return Written.ALL;
        }
        int taken = channel.write(unsent);
        octets += taken;
        if (taken > 0) {
          outgoing.progress(System.nanoTime());
        }
        if (unsent.hasRemaining()) {
          var left = Arrays.copyOfRange(unsent.array(), unsent.position(), unsent.limit());
          unsent = ByteBuffer.wrap(left); // the buffer is for others now
          blocked = true;
          return Written.BLOCKED;
        }
      }
      return Written.MORE;
    } catch (IOException e) {
      lost(e);
      return Written.ALL;
    } catch (RuntimeException e) {
      defect(e);
      return Written.ALL;
    } finally {
      if (!unsent.hasRemaining()) {
        unsent = ByteBuffer.wrap(NOTHING);
      }
      out.truncate(0);
      writing.unlock();
    }
  }

  /** Encodes the next ones; false when there are none. */
  private boolean fill(OctetWriter out, Encoder encoder) {
    out.truncate(0);
    while (out.size() < WRITE_AT_ONCE) {
      var message = outgoing.poll();
      if (message.isEmpty()) {
        break;
      }
      encoder.encode(codec, message.get(), out);
    }
    unsent = ByteBuffer.wrap(out.array(), 0, out.size());
    return out.size() > 0;
  }

  private void finishIfClosing() throws IOException {
    if (closing && !written && channel.isOpen()) {
      written = true;
      channel.shutdownOutput(); // the peer reads to the end and closes; then so do we
      directions.countDown();
    }
  }

  @Override
  public String toString() {
    return "connection " + id + " to " + peer;
  }
}
