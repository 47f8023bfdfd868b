package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** FRR as a top-of-rack switch: zebra, which has the kernel's routes, bgpd, and bfdd if wanted. */
final class FrrTor implements AutoCloseable {
  private final String namespace;
  private final Path directory;
  private final List<ForeignProcess> daemons = new ArrayList<>();

  private FrrTor(String namespace, Path directory) {
    this.namespace = namespace;
    this.directory = directory;
  }

  /** With the texts of both configurations. */
  static FrrTor start(String namespace, Path directory, String zebra, String bgpd)
      throws IOException, InterruptedException {
    return start(namespace, directory, zebra, bgpd, Optional.empty());
  }

  /** With bfdd, by its configuration; bgpd then only connects, and nobody can connect to it. */
  static FrrTor startWithBfd(
      String namespace, Path directory, String zebra, String bgpd, String bfdd)
      throws IOException, InterruptedException {
    return start(namespace, directory, zebra, bgpd, Optional.of(bfdd));
  }

  private static FrrTor start(
      String namespace, Path directory, String zebra, String bgpd, Optional<String> bfdd)
      throws IOException, InterruptedException {
    var tor = new FrrTor(namespace, Files.createDirectories(directory));
    try {
      // The daemons run as their own user, who makes sockets here.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
      Files.writeString(directory.resolve("zebra.conf"), zebra);
      Files.writeString(directory.resolve("bgpd.conf"), bgpd);
      var api = directory.resolve("z.api");
      tor.daemons.add(tor.start(FrrNode.ZEBRA, "zebra", api).await(() -> Files.exists(api)));
      if (bfdd.isPresent()) {
        Files.writeString(directory.resolve("bfdd.conf"), bfdd.get());
        var control = directory.resolve("bfdd.sock").toString();
        tor.daemons.add(
            tor.start(FrrBfd.BFDD, "bfdd", api, "--bfdctl", control)
                .await(() -> Files.exists(directory.resolve("bfdd.vty"))));
      }
      tor.daemons.add(
          tor.start(FrrNode.BGPD, "bgpd", api, bfdd.isPresent() ? "-p0" : "-p179")
              .await(() -> Files.exists(directory.resolve("bgpd.vty"))));
    } catch (IOException | InterruptedException | RuntimeException e) {
      tor.close();
      throw e;
    }
    return tor;
  }

  private ForeignProcess start(Path daemon, String name, Path api, String... more)
      throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                daemon.toString(),
                "-f",
                directory.resolve(name + ".conf").toString(),
                "-z",
                api.toString(),
                "--vty_socket",
                directory.toString(),
                "-i",
                directory.resolve(name + ".pid").toString()));
    command.addAll(List.of(more));
    return ForeignProcess.start(
        namespace, directory.resolve(name + ".log"), command.toArray(String[]::new));
  }

  JsonNode vtysh(String command) throws IOException, InterruptedException {
    return new ObjectMapper()
        .readTree(
            ForeignProcess.output(
                namespace, List.of("vtysh", "--vty_socket", directory.toString(), "-c", command)));
  }

  @Override
  public void close() throws IOException {
    for (var daemon : daemons.reversed()) {
      daemon.close();
    }
    daemons.clear();
  }
}
