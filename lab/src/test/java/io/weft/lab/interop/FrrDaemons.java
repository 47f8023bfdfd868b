package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** Daemons of FRR that work together: zebra, and what tells it of routes or asks it for links. */
final class FrrDaemons implements AutoCloseable {
  static final Path ZEBRA = Path.of("/usr/lib/frr/zebra");
  static final Path BGPD = Path.of("/usr/lib/frr/bgpd");
  static final Path BFDD = Path.of("/usr/lib/frr/bfdd");

  private final String namespace;
  private final Path directory;
  private final Path api;
  private final List<ForeignProcess> daemons = new ArrayList<>();

  private FrrDaemons(String namespace, Path directory) {
    this.namespace = namespace;
    this.directory = directory;
    this.api = directory.resolve("z.api");
  }

  /** Starts more of them; whatever fails, none is left. */
  interface Start {
    void on(FrrDaemons daemons) throws IOException, InterruptedException;
  }

  /** Zebra with the text of its configuration, then the others. */
  static FrrDaemons start(String namespace, Path directory, String zebra, Start others)
      throws IOException, InterruptedException {
    var frr = new FrrDaemons(namespace, Files.createDirectories(directory));
    try {
      // The daemons run as their own user, who makes sockets here.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
      frr.start(ZEBRA, zebra, frr.api);
      others.on(frr);
    } catch (IOException | InterruptedException | RuntimeException e) {
      frr.close();
      throw e;
    }
    return frr;
  }

  void bgpd(String configuration, String... options) throws IOException, InterruptedException {
    start(BGPD, configuration, directory.resolve("bgpd.vty"), options);
  }

  void bfdd(String configuration) throws IOException, InterruptedException {
    var control = directory.resolve("bfdd.sock").toString();
    start(BFDD, configuration, directory.resolve("bfdd.vty"), "--bfdctl", control);
  }

  private void start(Path daemon, String configuration, Path ready, String... options)
      throws IOException, InterruptedException {
    var name = daemon.getFileName().toString();
    var file = directory.resolve(name + ".conf");
    Files.writeString(file, configuration);
    var command =
        new ArrayList<>(
            List.of(
                daemon.toString(),
                "-f",
                file.toString(),
                "-z",
                api.toString(),
                "--vty_socket",
                directory.toString(),
                "-i",
                directory.resolve(name + ".pid").toString()));
    command.addAll(List.of(options));
    var log = directory.resolve(name + ".log");
    var started = ForeignProcess.start(namespace, log, command.toArray(String[]::new));
    daemons.add(started);
    started.await(() -> Files.exists(ready));
  }

  /** The answer to a command that answers in JSON. */
  JsonNode vtysh(String command) throws IOException, InterruptedException {
    return new ObjectMapper()
        .readTree(
            ForeignProcess.output(
                namespace, List.of("vtysh", "--vty_socket", directory.toString(), "-c", command)));
  }

  /** Changes the running configuration, line by line. */
  void configure(String... lines) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("vtysh", "--vty_socket", directory.toString()));
    command.addAll(List.of("-c", "configure terminal"));
    for (var line : lines) {
      command.addAll(List.of("-c", line));
    }
    ForeignProcess.output(namespace, command);
  }

  @Override
  public void close() throws IOException {
    for (var daemon : daemons.reversed()) {
      daemon.close();
    }
    daemons.clear();
  }
}
