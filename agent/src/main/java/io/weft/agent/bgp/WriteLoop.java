package io.weft.agent.bgp;

import io.weft.net.OctetWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that writes what waits, by turns: connections that are sent the same are then at about
 * the same place, and {@link SharedEncoding} works for all of them. It never waits for one peer.
 */
final class WriteLoop {
  private static final Logger LOG = LoggerFactory.getLogger(WriteLoop.class);

  private final Selector selector;
  private final Queue<BgpConnection> due = new ConcurrentLinkedQueue<>();
  private final SharedEncoding encoding = new SharedEncoding();
  private final OctetWriter out = new OctetWriter(BgpConnection.WRITE_AT_ONCE);
  private volatile boolean stopping;

  WriteLoop() {
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void start() {
    Thread.ofPlatform().name("bgp-write").daemon(true).start(this::run);
  }

  /** Something waits to be written there. Nobody adds one that is among the due already. */
  void add(BgpConnection connection) {
    due.add(connection);
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
      while (!stopping || !selector.keys().isEmpty() || !due.isEmpty()) {
        select();
        for (var key : selector.selectedKeys()) {
          unblock(key);
        }
        selector.selectedKeys().clear();
        writeDue();
      }
    } catch (IOException e) {
      LOG.error("no connection is written to any more", e);
    }
  }

  private void select() throws IOException {
    if (due.isEmpty()) {
      encoding.clear();
      selector.select();
    } else {
      selector.selectNow();
    }
  }

  private static void unblock(SelectionKey key) {
    try {
      key.interestOps(0);
      ((BgpConnection) key.attachment()).unblock();
    } catch (CancelledKeyException e) {
      LOG.debug("{} was closed meanwhile", key.attachment(), e);
    }
  }

  /** One turn of each. */
  private void writeDue() {
    for (int left = due.size(); left > 0; left--) {
      var connection = due.remove();
      switch (connection.write(out, encoding::encode)) {
        case ALL -> {}
        case MORE -> connection.writeLater();
        case BLOCKED -> awaitRoom(connection);
      }
    }
  }

  private void awaitRoom(BgpConnection connection) {
    try {
      connection.channel().register(selector, SelectionKey.OP_WRITE, connection);
    } catch (ClosedChannelException | CancelledKeyException e) {
      LOG.debug("{} was closed meanwhile", connection, e);
    }
  }
}
