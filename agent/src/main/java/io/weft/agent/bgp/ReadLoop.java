package io.weft.agent.bgp;

import io.weft.bgp.wire.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that reads all connections, into one buffer. While the brain has no room for what came
 * it waits, and TCP holds the peers back.
 */
final class ReadLoop {
  /** Octets of one connection that are taken at once; the others' turn comes between. */
  private static final int READ_AT_ONCE = 4 * Message.MAX_EXTENDED_LENGTH;

  private static final Logger LOG = LoggerFactory.getLogger(ReadLoop.class);

  private final Selector selector;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(READ_AT_ONCE);
  private volatile boolean stopping;

  ReadLoop() {
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void start() {
    Thread.ofPlatform().name("bgp-read").daemon(true).start(this::run);
  }

  /** Reads it from now on, until it has no more to give. */
  void add(BgpConnection connection) throws ClosedChannelException {
    connection.channel().register(selector, SelectionKey.OP_READ, connection);
    selector.wakeup();
  }

  /** To be called when a channel was closed: the selector holds it until it looks again. */
  void wake() {
    selector.wakeup();
  }

  /** Ends once the last connection is closed. */
  void stop() {
    stopping = true;
    selector.wakeup();
  }

  private void run() {
    try (selector) {
      while (!stopping || !selector.keys().isEmpty()) {
        selector.select();
        for (var key : selector.selectedKeys()) {
          if (!((BgpConnection) key.attachment()).read(buffer)) {
            key.cancel();
          }
        }
        selector.selectedKeys().clear();
      }
    } catch (IOException e) {
      LOG.error("no connection is read any more", e);
    }
  }
}
