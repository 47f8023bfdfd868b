package io.weft.bench.contest;

import io.weft.bench.load.LoadPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A program that is a route reflector, and how it is told to be ours. */
public enum Contestant {
  /** bgpd of FRR, as the distribution packages it. */
  FRR {
    @Override
    List<String> command(Setting at) throws IOException {
      var config = at.directory().resolve("bgpd.conf");
      Files.writeString(config, String.join("\n", frrLines(at.plan())) + "\n");
      return List.of(
          FRR_BGPD.toString(),
          "-u" + at.user(),
          "-g" + at.user(),
          "--skip_runas",
          "-n", // nothing into the kernel
          "-Z", // and no zebra
          "-f" + config,
          "-p" + at.port(),
          "-l" + ADDRESS,
          "-i" + at.directory().resolve("pid"),
          "-z" + at.directory().resolve("zebra"),
          "--vty_socket=" + at.directory(),
          "-P0");
    }
  },

  /** {@code weft reflector}, as built. */
  WEFT {
    @Override
    List<String> command(Setting at) {
      return List.of(
          at.home().resolve("weft").toString(),
          "reflector",
          "--listen=" + ADDRESS + ":" + at.port(),
          "--asn=65000",
          "--router-id=10.255.0.1",
          "--cluster-id=10.255.0.1",
          "--clients=127.0.0.0/8",
          "--log-level=warn",
          "--socket=" + at.directory().resolve("weft.sock"));
    }
  };

  static final String ADDRESS = "127.0.0.1";

  private static final Path FRR_BGPD = Path.of("/usr/lib/frr/bgpd");

  /**
   * What a start depends on.
   *
   * @param home the repository
   * @param directory of its own
   * @param user that it may stay
   */
  record Setting(Path home, Path directory, int port, String user, LoadPlan plan) {}

  /** The command line, after its files are written. */
  abstract List<String> command(Setting at) throws IOException;

  public boolean isInstalled() {
    return this == WEFT || Files.isExecutable(FRR_BGPD);
  }

  private static List<String> frrLines(LoadPlan plan) {
    var clients = plan.clients();
    var lines = new ArrayList<String>();
    lines.add("router bgp 65000");
    lines.add(" bgp router-id 10.255.0.1");
    lines.add(" bgp cluster-id 10.255.0.1");
    lines.add(" no bgp default ipv4-unicast");
    for (var client : clients) {
      lines.add(" neighbor " + client + " remote-as 65000");
      lines.add(" neighbor " + client + " passive");
    }
    lines.add(" address-family l2vpn evpn");
    for (var client : clients) {
      lines.add("  neighbor " + client + " activate");
      lines.add("  neighbor " + client + " route-reflector-client");
    }
    return lines;
  }
}
