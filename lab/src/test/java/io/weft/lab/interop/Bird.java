package io.weft.lab.interop;

import io.weft.net.Ipv4Address;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** BIRD 2 with one session, to Weft, without a kernel. */
final class Bird implements Closeable {
  static final Path BIRD = Path.of("/usr/sbin/bird");

  private final Arena arena;
  private final Path directory;
  private ForeignProcess daemon;

  private Bird(Arena arena, Path directory) {
    this.arena = arena;
    this.directory = directory;
  }

  /**
   * With all that it can do of graceful restart and long messages, and short times.
   *
   * @param origins protocols that have its own routes
   * @param channel further words of the IPv4 channel
   */
  static Bird start(
      Arena arena,
      String name,
      Ipv4Address self,
      long as,
      Ipv4Address peer,
      String origins,
      String channel)
      throws IOException, InterruptedException {
    var bird = new Bird(arena, arena.directory(name));
    Files.writeString(
        bird.directory.resolve("bird.conf"),
        """
        router id %1$s;
        protocol device {}
        %2$s
        protocol bgp weft {
          local %1$s as %3$d;
          neighbor %4$s as 65000;
          strict bind yes;
          multihop;
          connect retry time 1;
          connect delay time 1;
          error wait time 1, 2;
          graceful restart yes;
          graceful restart time 2;
          long lived graceful restart yes;
          long lived stale time 60;
          enable extended messages yes;
          ipv4 { import all; extended next hop yes; %5$s };
        }
        """
            .formatted(self, origins, as, peer, channel));
    bird.restart();
    return arena.with(bird);
  }

  /** A protocol with one route that says nothing but its community. */
  static String origin(String name, String prefix, int community) {
    return "protocol static %s { ipv4; route %s blackhole { bgp_community.add((65000,%d)); }; }\n"
        .formatted(name, prefix, community);
  }

  /** Starts, or starts again what was killed. */
  void restart() throws IOException, InterruptedException {
    var control = directory.resolve("bird.ctl");
    Files.deleteIfExists(control);
    daemon =
        ForeignProcess.start(
                arena.namespace(),
                directory.resolve("bird.log"),
                BIRD.toString(),
                "-f",
                "-c",
                directory.resolve("bird.conf").toString(),
                "-s",
                control.toString(),
                "-P",
                directory.resolve("bird.pid").toString())
            .await(this::answers);
  }

  /** Its socket is there before its configuration is read. */
  private boolean answers() {
    try {
      return session().contains("weft");
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** As kill -9 does. */
  void kill() throws InterruptedException {
    daemon.kill();
  }

  /** What {@code show protocols all} says of the session. */
  String session() throws IOException, InterruptedException {
    return birdc("show protocols all weft");
  }

  /** The paths to a prefix that the session gave, each with its attributes in BIRD's words. */
  List<SortedMap<String, String>> paths(String prefix) throws IOException, InterruptedException {
    var paths = new ArrayList<SortedMap<String, String>>();
    boolean wanted = false;
    for (var line : birdc("show route all protocol weft").split("\n", -1)) {
      if (line.contains(" [weft ")) { // a further path has blanks for the prefix
        wanted = line.startsWith(prefix + " ") || wanted && line.startsWith(" ");
        if (wanted) {
          paths.add(new TreeMap<>());
        }
      } else if (wanted && line.startsWith("\tBGP.")) {
        int colon = line.indexOf(": ");
        paths.getLast().put(line.substring(5, colon), line.substring(colon + 2).strip());
      }
    }
    return paths;
  }

  private String birdc(String command) throws IOException, InterruptedException {
    var words =
        new ArrayList<>(List.of("birdc", "-r", "-s", directory.resolve("bird.ctl").toString()));
    words.addAll(List.of(command.split(" ")));
    return ForeignProcess.output(arena.namespace(), words);
  }

  @Override
  public void close() throws IOException {
    daemon.close();
  }
}
