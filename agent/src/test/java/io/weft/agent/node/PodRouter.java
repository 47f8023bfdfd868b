package io.weft.agent.node;

import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** A BGP daemon of others in a pod: FRR's bgpd, GoBGP or BIRD. */
final class PodRouter implements AutoCloseable {
  private static final Path FRR = Path.of("/usr/lib/frr/bgpd");

  private final String pod;
  private final Path directory;
  private final Process process;

  private PodRouter(String pod, Path directory, Process process) {
    this.pod = pod;
    this.directory = directory;
    this.process = process;
  }

  static boolean hasFrr() {
    return Files.isExecutable(FRR);
  }

  static boolean hasGobgp() {
    return Files.isExecutable(Path.of("/usr/bin/gobgpd"));
  }

  static boolean hasBird() {
    return Files.isExecutable(Path.of("/usr/sbin/bird"));
  }

  /** FRR without zebra: it says what it is configured to say. */
  static PodRouter frr(String pod, Path directory, String config) throws IOException {
    prepare(directory);
    var file = Files.writeString(directory.resolve("bgpd.conf"), config);
    return start(
        pod,
        directory,
        List.of(
            FRR.toString(),
            "-n",
            "-Z",
            "-f",
            file.toString(),
            "--vty_socket",
            directory.toString(),
            "-i",
            directory.resolve("bgpd.pid").toString(),
            "-p",
            "0"));
  }

  static PodRouter gobgp(String pod, Path directory, String config) throws IOException {
    prepare(directory);
    var file = Files.writeString(directory.resolve("gobgp.toml"), config);
    return start(
        pod,
        directory,
        List.of("/usr/bin/gobgpd", "-f", file.toString(), "--api-hosts", "127.0.0.1:50051"));
  }

  static PodRouter bird(String pod, Path directory, String config) throws IOException {
    prepare(directory);
    var file = Files.writeString(directory.resolve("bird.conf"), config);
    return start(
        pod,
        directory,
        List.of(
            "/usr/sbin/bird",
            "-f",
            "-c",
            file.toString(),
            "-s",
            directory.resolve("bird.ctl").toString()));
  }

  /** FRR's daemon runs as a user of its own. */
  private static void prepare(Path directory) throws IOException {
    Files.createDirectories(directory);
    for (var path = directory; path != null && path.getNameCount() > 1; path = path.getParent()) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
    }
  }

  private static PodRouter start(String pod, Path directory, List<String> words)
      throws IOException {
    var builder =
        new ProcessBuilder(words)
            .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(directory.resolve("log").toFile()));
    return new PodRouter(
        pod, directory, NetworkNamespaces.<Process, IOException>callIn(pod, builder::start));
  }

  /** Lines for FRR's daemon, as an operator types them. */
  void type(String... lines) throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of("vtysh", "--vty_socket", directory.toString()));
    words.addAll(List.of("-c", "configure terminal"));
    for (var line : lines) {
      words.addAll(List.of("-c", line));
    }
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (!Files.exists(directory.resolve("bgpd.vty"))) { // it listens a moment after its start
      if (System.nanoTime() > until) {
        throw new IOException("FRR does not listen in " + directory);
      }
      Thread.sleep(20);
    }
    call(words.toArray(String[]::new));
  }

  /** Runs a program in the pod to its end. */
  void call(String... words) throws IOException, InterruptedException {
    var log = directory.resolve("call.log");
    var shell =
        NetworkNamespaces.<Process, IOException>callIn(
            pod,
            () ->
                new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectOutput(Redirect.appendTo(log.toFile()))
                    .start());
    if (shell.waitFor() != 0) {
      throw new IOException(String.join(" ", words) + ": " + Files.readString(log));
    }
  }

  /** As kill -9. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    kill();
  }
}
