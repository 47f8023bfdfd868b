package io.weft.lab.interop;

import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A daemon of somebody else's inside a network namespace, and commands that ask it things. */
final class ForeignProcess implements AutoCloseable {
  private final String name;
  private final Process process;
  private final Path log;

  private ForeignProcess(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  static ForeignProcess start(String namespace, Path log, String... command) throws IOException {
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    return new ForeignProcess(
        Path.of(command[0]).getFileName().toString(),
        NetworkNamespaces.callIn(namespace, builder::start),
        log);
  }

  /** Waits until the condition holds; fails when the daemon ends or a minute passes. */
  ForeignProcess await(BooleanSupplier ready) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!ready.getAsBoolean()) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new IOException(name + " does not start: " + Files.readString(log));
      }
      process.waitFor(20, TimeUnit.MILLISECONDS);
    }
    return this;
  }

  /** What a command inside the namespace prints on standard output. */
  static String output(String namespace, List<String> command)
      throws IOException, InterruptedException {
    var process =
        NetworkNamespaces.callIn(
            namespace,
            () ->
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start());
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    if (code != 0) {
      throw new IOException(command + " exits with " + code + ": " + text);
    }
    return text;
  }

  /** As kill -9 does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
