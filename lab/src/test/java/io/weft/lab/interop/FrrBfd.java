package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** FRR's bfdd, and the zebra that it tells it of interfaces, in a namespace. */
final class FrrBfd implements AutoCloseable {
  static final Path BFDD = Path.of("/usr/lib/frr/bfdd");

  private final String namespace;
  private final Path directory;
  private final List<ForeignProcess> daemons = new ArrayList<>();

  private FrrBfd(String namespace, Path directory) {
    this.namespace = namespace;
    this.directory = directory;
  }

  /** With the text of its configuration. */
  static FrrBfd start(String namespace, Path directory, String configuration)
      throws IOException, InterruptedException {
    var frr = new FrrBfd(namespace, Files.createDirectories(directory));
    try {
      // The daemons run as their own user, who makes sockets here.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
      Files.writeString(directory.resolve("zebra.conf"), "");
      Files.writeString(directory.resolve("bfdd.conf"), configuration);
      var api = directory.resolve("z.api");
      frr.daemons.add(
          frr.start(FrrNode.ZEBRA, "zebra", api, List.of()).await(() -> Files.exists(api)));
      var control = List.of("--bfdctl", directory.resolve("bfdd.sock").toString());
      frr.daemons.add(
          frr.start(BFDD, "bfdd", api, control)
              .await(() -> Files.exists(directory.resolve("bfdd.vty"))));
    } catch (IOException | InterruptedException | RuntimeException e) {
      frr.close();
      throw e;
    }
    return frr;
  }

  private ForeignProcess start(Path daemon, String name, Path api, List<String> more)
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
    command.addAll(more);
    return ForeignProcess.start(
        namespace, directory.resolve(name + ".log"), command.toArray(String[]::new));
  }

  /** What {@code show bfd peers json} says of one peer; missing when it has none. */
  JsonNode peer(IpAddress address) throws IOException, InterruptedException {
    var peers =
        new ObjectMapper()
            .readTree(
                ForeignProcess.output(
                    namespace,
                    List.of(
                        "vtysh",
                        "--vty_socket",
                        directory.toString(),
                        "-c",
                        "show bfd peers json")));
    for (var peer : peers) {
      if (peer.path("peer").asText().equals(address.toString())) {
        return peer;
      }
    }
    return new ObjectMapper().missingNode();
  }

  @Override
  public void close() throws IOException {
    for (var daemon : daemons.reversed()) {
      daemon.close();
    }
    daemons.clear();
  }
}
