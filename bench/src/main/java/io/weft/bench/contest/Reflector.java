package io.weft.bench.contest;

import io.weft.bench.load.LoadPlan;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;

/** A contestant that runs, in a process of its own. */
final class Reflector implements AutoCloseable {
  private static final Duration STARTING = Duration.ofSeconds(20);
  private static final String LOG = "log";
  private static final long POLL_MILLIS = 50;
  private static final long STOPPING_SECONDS = 5;

  private final Process process;
  private final Path directory;
  private final InetSocketAddress address;

  private Reflector(Process process, Path directory, InetSocketAddress address) {
    this.process = process;
    this.directory = directory;
    this.address = address;
  }

  /** Starts it and waits until it takes connections. */
  static Reflector start(Contestant contestant, Path home, LoadPlan plan)
      throws IOException, InterruptedException {
    var directory = Files.createTempDirectory("weft-bench");
    int port = freePort();
    var user = System.getProperty("user.name");
    var setting = new Contestant.Setting(home, directory, port, user, plan);
    var log = directory.resolve(LOG).toFile();
    var process =
        new ProcessBuilder(contestant.command(setting))
            .redirectErrorStream(true)
            .redirectOutput(log)
            .start();
    // An interrupted contest leaves nobody running.
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly, "stop"));
    var made =
        new Reflector(
            process,
            directory,
            new InetSocketAddress(InetAddress.ofLiteral(Contestant.ADDRESS), port));
    try {
      made.awaitListening();
      return made;
    } catch (IOException e) {
      var why = e.getMessage() + made.lastWords();
      made.close();
      throw new IOException(why, e);
    }
  }

  long pid() {
    return process.pid();
  }

  InetSocketAddress address() {
    return address;
  }

  /** What it logged last, to be put behind what went wrong. */
  String lastWords() throws IOException {
    var lines = Files.readAllLines(directory.resolve(LOG));
    return lines.isEmpty() ? "" : "; it said: " + lines.getLast();
  }

  private void awaitListening() throws IOException, InterruptedException {
    long until = System.nanoTime() + STARTING.toNanos();
    while (System.nanoTime() < until && process.isAlive()) {
      try (var probe = new Socket()) {
        probe.connect(address);
        return;
      } catch (IOException _) {
        Thread.sleep(POLL_MILLIS);
      }
    }
    throw new IOException(
        process.isAlive() ? "does not listen" : "ended with code " + process.exitValue());
  }

  private static int freePort() throws IOException {
    try (var probe = new ServerSocket(0)) {
      return probe.getLocalPort();
    }
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(STOPPING_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
