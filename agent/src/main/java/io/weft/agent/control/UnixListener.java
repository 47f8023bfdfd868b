package io.weft.agent.control;

import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Unix socket for root alone, with a virtual thread for each connection. */
public final class UnixListener implements AutoCloseable {
  /** Connections that wait while all slots are taken; those behind them wait in connect(2). */
  private static final int BACKLOG = 1024;

  /** File types (sys/stat.h). */
  private static final int S_IFMT = 0170000;

  private static final int S_IFSOCK = 0140000;

  /** Pause after a failed accept, such as for want of descriptors. */
  private static final long ACCEPT_PAUSE_NANOS = 100_000_000L;

  private static final Logger LOG = LoggerFactory.getLogger(UnixListener.class);

  /** Serves one connection; it is closed afterwards. */
  public interface Connection {
    /** Serves it. */
    void serve(SocketChannel channel) throws IOException, InterruptedException;
  }

  private final Path path;
  private final String name;
  private final Connection connection;
  private final ServerSocketChannel server;
  private final Semaphore slots;

  private UnixListener(
      Path path, String name, int slots, Connection connection, ServerSocketChannel server) {
    this.path = path;
    this.name = name;
    this.connection = connection;
    this.server = server;
    this.slots = new Semaphore(slots);
  }

  /**
   * Opens the socket with mode 0600; one left by a dead agent is replaced.
   *
   * @param name of its threads
   * @param slots connections that are served at once; further ones wait
   * @throws IOException with the path, when another agent answers there, something else than a
   *     socket is there, or the place is not writable
   */
  public static UnixListener open(Path path, String name, int slots, Connection connection)
      throws IOException {
    makeDirectory(path);
    removeLeftOver(path);
    var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(path), BACKLOG);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      server.close();
      throw new IOException("cannot open the socket " + path + ": " + e.getMessage(), e);
    }
    var listener = new UnixListener(path, name, slots, connection, server);
    Thread.ofVirtual().name(name + "-accept").start(listener::accept);
    return listener;
  }

  private static void makeDirectory(Path path) throws IOException {
    var directory = path.toAbsolutePath().getParent();
    if (directory == null || Files.isDirectory(directory)) {
      return;
    }
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw new IOException("cannot make the directory " + directory + " of the socket: " + e, e);
    }
  }

  private static void removeLeftOver(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & S_IFMT) != S_IFSOCK) {
      throw new IOException(path + " is there and is not a socket; name another place");
    }
    if (someoneAnswers(path)) {
      throw new IOException("another agent answers on " + path + "; stop it first");
    }
    Files.delete(path);
  }

  private static boolean someoneAnswers(Path path) throws IOException {
    try (var probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(path));
    } catch (SocketException e) {
      LOG.debug("{} is left over: {}", path, e.getMessage());
      return false;
    }
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        slots.acquire();
        var channel = server.accept();
        Thread.ofVirtual().name(name).start(() -> serve(channel));
      } catch (IOException e) {
        slots.release();
        if (server.isOpen()) {
          LOG.warn("cannot accept on {}: {}", path, e.getMessage());
          LockSupport.parkNanos(ACCEPT_PAUSE_NANOS);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      connection.serve(channel);
    } catch (IOException e) {
      LOG.debug("a connection on {} ended: {}", path, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      slots.release();
    }
  }

  /** Closes the socket and removes its file. */
  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(path);
  }
}
