package io.weft.kubernetes.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.kubernetes.api.ExecProgram.Interaction;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs a program that makes credentials, and keeps what it said until that runs out or the server
 * refuses it. One run at a time; others wait for what it says. It has a minute, five where it may
 * ask the person at the terminal, and may say 1 MiB. Nothing of what it says is ever in a message.
 */
final class ExecCredentials {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_OUTPUT = 1 << 20;

  /** Of what it says to people; the end counts. */
  private static final int MOST_WORDS = 1_024;

  private static final Duration END_OF_OUTPUT = Duration.ofSeconds(5);

  private final ExecProgram program;
  private final boolean isInteractive;
  private final Duration patience;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private Optional<Made> made = Optional.empty();

  ExecCredentials(ExecProgram program) {
    this(program, hasTerminal());
  }

  ExecCredentials(ExecProgram program, boolean hasTerminal) {
    this(program, hasTerminal, patience(mayAsk(program, hasTerminal)));
  }

  ExecCredentials(ExecProgram program, boolean hasTerminal, Duration patience) {
    this.program = program;
    this.isInteractive = mayAsk(program, hasTerminal);
    this.patience = patience;
  }

  private static boolean mayAsk(ExecProgram program, boolean hasTerminal) {
    return hasTerminal && program.interaction() != Interaction.NEVER;
  }

  private static Duration patience(boolean isInteractive) {
    return Duration.ofMinutes(isInteractive ? 5 : 1);
  }

  /** After so long the program is ended. */
  Duration patience() {
    return patience;
  }

  /**
   * What it said.
   *
   * @param certificate and key: both or neither, PEM
   * @param until it holds; empty: until the server refuses it
   */
  record Made(
      Optional<String> token,
      Optional<String> certificate,
      Optional<String> key,
      Optional<Instant> until) {
    @Override
    public String toString() {
      return "Made[hidden]";
    }
  }

  /**
   * What holds now.
   *
   * @throws IOException when the program cannot be run, fails, or says what is no credential
   */
  Made current() throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      var now = Instant.now();
      if (made.isEmpty() || made.get().until().filter(until -> !now.isBefore(until)).isPresent()) {
        made = Optional.empty();
        made = Optional.of(read(run()));
      }
      return made.get();
    } finally {
      lock.unlock();
    }
  }

  /** The server does not take this one; the program is asked when one is needed next. */
  boolean refused(Optional<String> token, Optional<String> certificate) {
    lock.lock();
    try {
      made =
          made.filter(now -> !now.token().equals(token) || !now.certificate().equals(certificate));
      return true;
    } finally {
      lock.unlock();
    }
  }

  private static boolean hasTerminal() {
    try {
      var input = Files.readSymbolicLink(Path.of("/proc/self/fd/0")).toString();
      return input.startsWith("/dev/pts/") || input.startsWith("/dev/tty");
    } catch (IOException _) {
      return false;
    }
  }

  // ---- the program --------------------------------------------------------------------------

  private byte[] run() throws IOException, InterruptedException {
    if (program.interaction() == Interaction.ALWAYS && !isInteractive) {
      throw failure("must ask somebody (interactiveMode: Always), and there is no terminal");
    }
    var process = start();
    try {
      return outcome(process);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private Process start() throws IOException {
    var command = new ArrayList<>(List.of(program.command()));
    command.addAll(program.arguments());
    var builder = new ProcessBuilder(command);
    builder.environment().putAll(program.environment());
    builder.environment().put("KUBERNETES_EXEC_INFO", info());
    builder.redirectInput(isInteractive ? Redirect.INHERIT : Redirect.from(new File("/dev/null")));
    if (isInteractive) {
      builder.redirectError(Redirect.INHERIT); // it tells the person what to do
    }
    try {
      return builder.start();
    } catch (IOException e) {
      throw new IOException(
          program
              + " cannot be run: there is no such program, or it may not be run"
              + program.installHint().map(hint -> "\n" + hint.strip()).orElse(""),
          e);
    }
  }

  private String info() {
    var info =
        JSON.createObjectNode()
            .put("apiVersion", program.apiVersion())
            .put("kind", "ExecCredential");
    var spec = info.putObject("spec").put("interactive", isInteractive);
    program.cluster().ifPresent(cluster -> spec.set("cluster", tree(cluster)));
    return info.toString();
  }

  private static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("made by the reader of kubeconfigs", e);
    }
  }

  private byte[] outcome(Process process) throws IOException, InterruptedException {
    var output = reading(process.getInputStream(), MOST_OUTPUT, process);
    var words = reading(process.getErrorStream(), MOST_OUTPUT, process);
    if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      throw failure("has not ended within %d s".formatted(patience.toSeconds()));
    }
    var said = read(output);
    if (said.length > MOST_OUTPUT) {
      throw failure("says more than " + MOST_OUTPUT + " octets");
    }
    if (process.exitValue() != 0) {
      throw failure("failed with exit code " + process.exitValue() + ending(read(words)));
    }
    return said;
  }

  /** Reads so much and one octet more; whoever says more is ended. */
  private static CompletableFuture<byte[]> reading(InputStream in, int most, Process process) {
    var read = new CompletableFuture<byte[]>();
    Thread.ofVirtual()
        .name("exec-output")
        .start(
            () -> {
              try {
                var octets = in.readNBytes(most + 1);
                if (octets.length > most) {
                  process.destroyForcibly();
                }
                read.complete(octets);
              } catch (IOException e) {
                read.completeExceptionally(e);
              }
            });
    return read;
  }

  private byte[] read(CompletableFuture<byte[]> output) throws IOException, InterruptedException {
    try {
      return output.get(END_OF_OUTPUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      throw failure("has ended, and another process holds its output open");
    } catch (ExecutionException e) {
      throw new IOException(program + ": what it says cannot be read", e);
    }
  }

  private static String ending(byte[] words) {
    var text = new String(words, StandardCharsets.UTF_8).strip();
    return text.isEmpty() ? "" : ": " + text.substring(Math.max(0, text.length() - MOST_WORDS));
  }

  // ---- what it says -------------------------------------------------------------------------

  private Made read(byte[] output) throws IOException {
    JsonNode said;
    try {
      said = JSON.readTree(output);
    } catch (IOException _) { // its words have what was read
      throw failure("says what is not JSON");
    }
    if (!said.path("kind").asText().equals("ExecCredential")
        || !said.path("apiVersion").asText().equals(program.apiVersion())) {
      throw failure("says no ExecCredential of " + program.apiVersion());
    }
    var status = said.path("status");
    var token = text(status, "token");
    var certificate = text(status, "clientCertificateData");
    var key = text(status, "clientKeyData");
    if (certificate.isPresent() != key.isPresent()) {
      throw failure("says one of clientCertificateData and clientKeyData without the other");
    }
    if (token.isEmpty() && certificate.isEmpty()) {
      throw failure("says neither token nor clientCertificateData");
    }
    return new Made(token, certificate, key, until(status));
  }

  private static Optional<String> text(JsonNode status, String field) {
    return Optional.of(status.path(field).asText("")).filter(text -> !text.isEmpty());
  }

  private Optional<Instant> until(JsonNode status) throws IOException {
    var text = text(status, "expirationTimestamp");
    try {
      return text.map(time -> DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(time, Instant::from));
    } catch (DateTimeException _) {
      throw failure("says an expirationTimestamp that is no time (RFC 3339)");
    }
  }

  private IOException failure(String what) {
    return new IOException(program + " " + what);
  }
}
