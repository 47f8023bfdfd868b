package io.weft.lab.process;

import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** FRR's daemons in one namespace of a lab; whoever removes the lab ends them. */
public final class FrrDaemons {
  private static final Path PROGRAMS = Path.of("/usr/lib/frr");
  private static final Duration START = Duration.ofSeconds(15);

  private final LabDirectory directory;
  private final String host;
  private final String namespace;
  private final Map<String, ProcessIdentity> processes = new TreeMap<>();

  /** {@code host}: a gateway or an endpoint, by its name in the lab. */
  FrrDaemons(LabDirectory directory, String host, String namespace) {
    this.directory = directory;
    this.host = host;
    this.namespace = namespace;
  }

  /**
   * Says what to install.
   *
   * @param what of the topology is FRR, and how to do without
   * @throws LabFailure when FRR is not on this machine
   */
  public static void requireInstalled(String what) throws LabFailure {
    for (var daemon : List.of("zebra", "bgpd", "bfdd")) {
      if (!Files.isExecutable(PROGRAMS.resolve(daemon))) {
        throw new LabFailure(
            PROGRAMS.resolve(daemon) + " is not there; install FRR (package frr): " + what);
      }
    }
  }

  /** Where their sockets and files are. */
  Path path() {
    return directory.host(host).resolve("frr");
  }

  /**
   * Starts one, again where it has ended.
   *
   * @param config what is in its file
   * @param more of the command line
   */
  void start(String daemon, String config, List<String> more) throws IOException {
    // The daemons run as a user of their own, who makes sockets and files there.
    Files.createDirectories(path());
    Files.setPosixFilePermissions(path(), PosixFilePermissions.fromString("rwxrwxrwx"));
    var file = Files.writeString(path().resolve(daemon + ".conf"), config);
    var ready = path().resolve(daemon + ".vty");
    Files.deleteIfExists(ready);
    var words = new ArrayList<String>();
    words.addAll(List.of(PROGRAMS.resolve(daemon).toString(), "-f", file.toString()));
    words.addAll(List.of("--vty_socket", path().toString()));
    words.addAll(List.of("-i", path().resolve(daemon + ".pid").toString()));
    words.addAll(more);
    var builder =
        new ProcessBuilder(words)
            .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(path().resolve(daemon + ".log").toFile()));
    var process = NetworkNamespaces.<Process, IOException>callIn(namespace, builder::start);
    var identity =
        ProcessIdentity.of(process.pid())
            .orElseThrow(() -> new IOException(host + ": " + daemon + " ended at once"));
    // A directory for each process: whoever removes the lab ends what is written there.
    var name = host + "." + daemon;
    Files.createDirectories(directory.host(name));
    identity.write(directory.pid(name));
    processes.put(daemon, identity);
    await(daemon, identity, ready);
  }

  private void await(String daemon, ProcessIdentity process, Path ready) throws IOException {
    long deadline = System.nanoTime() + START.toNanos();
    while (!Files.exists(ready)) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new IOException(
            host + ": " + daemon + " does not start; see " + path() + "/" + daemon + ".log");
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while " + daemon + " was starting", e);
      }
    }
  }

  /** Ends one as kill -9 does; nothing where it does not run. */
  void kill(String daemon) throws InterruptedException {
    var process = processes.get(daemon);
    if (process != null) {
      process.kill();
      process.awaitEnd(START);
    }
  }

  /** Lines of configuration, as an operator types them. */
  void type(List<String> lines) throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of("vtysh", "--vty_socket", path().toString()));
    words.addAll(List.of("-c", "configure terminal"));
    lines.forEach(line -> words.addAll(List.of("-c", line)));
    var log = path().resolve("vtysh.log").toFile();
    var shell =
        new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log))
            .start();
    if (shell.waitFor() != 0) {
      throw new IOException(host + ": vtysh refused " + lines + "; see " + log);
    }
  }
}
