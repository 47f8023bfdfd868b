package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.net.Ipv4Address;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** OpenBGPD with one session, to Weft, without a kernel. */
final class OpenBgpd implements Closeable {
  static final Path BGPD = Path.of("/usr/sbin/bgpd");

  /** Its user's home, where it locks itself in; of the package's service, made at each boot. */
  private static final Path CELL = Path.of("/run/openbgpd");

  private final Arena arena;
  private final Path directory;
  private ForeignProcess daemon;

  private OpenBgpd(Arena arena, Path directory) {
    this.arena = arena;
    this.directory = directory;
  }

  /** {@code networks} are lines with its own routes. */
  static OpenBgpd start(
      Arena arena, String name, Ipv4Address self, Ipv4Address peer, String networks)
      throws IOException, InterruptedException {
    Files.createDirectories(CELL);
    var bgpd = new OpenBgpd(arena, arena.directory(name));
    var config = bgpd.directory.resolve("bgpd.conf");
    Files.writeString(
        config,
        """
        AS 65000
        connect-retry 1
        router-id %1$s
        listen on %1$s
        socket "%2$s"
        fib-update no
        %3$s
        neighbor %4$s {
          remote-as 65000
          local-address %1$s
          announce IPv4 unicast
          announce add-path recv yes
          announce add-path send all
          announce enhanced refresh yes
          announce restart yes
        }
        allow from any
        allow to any
        """
            .formatted(self, bgpd.directory.resolve("bgpd.sock"), networks, peer));
    Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rw-------"));
    bgpd.daemon =
        ForeignProcess.start(
                arena.namespace(),
                bgpd.directory.resolve("bgpd.log"),
                BGPD.toString(),
                "-d",
                "-f",
                config.toString())
            .await(() -> Files.exists(bgpd.directory.resolve("bgpd.sock")));
    return arena.with(bgpd);
  }

  boolean isUp(Ipv4Address peer) throws IOException, InterruptedException {
    return bgpctl("show", "neighbor", peer.toString())
        .path("neighbors")
        .path(0)
        .path("state")
        .asText()
        .equals("Established");
  }

  /** Its table, as {@code show rib detail} has it, without its own routes. */
  List<JsonNode> learned() throws IOException, InterruptedException {
    var learned = new ArrayList<JsonNode>();
    for (var route : bgpctl("show", "rib", "detail").path("rib")) {
      if (!route.path("neighbor").path("description").asText().equals("LOCAL")) {
        learned.add(route);
      }
    }
    return learned;
  }

  JsonNode bgpctl(String... words) throws IOException, InterruptedException {
    var command =
        new ArrayList<>(List.of("bgpctl", "-s", directory.resolve("bgpd.sock").toString(), "-j"));
    command.addAll(List.of(words));
    return new ObjectMapper().readTree(ForeignProcess.output(arena.namespace(), command));
  }

  @Override
  public void close() throws IOException {
    daemon.close();
  }
}
