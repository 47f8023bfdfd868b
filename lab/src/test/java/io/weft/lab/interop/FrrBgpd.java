package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.net.Ipv4Address;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** FRR's bgpd alone, without a kernel: it passes on what it is told. */
final class FrrBgpd implements Closeable {
  private final Arena arena;
  private final Path directory;
  private final Ipv4Address address;
  private ForeignProcess daemon;

  private FrrBgpd(Arena arena, Path directory, Ipv4Address address, ForeignProcess daemon) {
    this.arena = arena;
    this.directory = directory;
    this.address = address;
    this.daemon = daemon;
  }

  /** With a whole configuration, see {@link #config}. */
  static FrrBgpd start(Arena arena, String name, Ipv4Address address, String config)
      throws IOException, InterruptedException {
    var directory = arena.directory(name);
    Files.writeString(directory.resolve("bgpd.conf"), config);
    var daemon = launch(arena, directory, address);
    return arena.with(new FrrBgpd(arena, directory, address, daemon));
  }

  /** A client of one reflector. */
  static FrrBgpd client(Arena arena, String name, Ipv4Address address, Ipv4Address reflector)
      throws IOException, InterruptedException {
    return start(arena, name, address, config(65000, address, neighbour(address, reflector, "")));
  }

  /** Timers that make a test short; {@code more} are lines that begin with a space. */
  static String config(long as, Ipv4Address address, String more) {
    return "router bgp "
        + as
        + "\n bgp router-id "
        + address
        + "\n no bgp ebgp-requires-policy\n no bgp default ipv4-unicast\n bgp graceful-restart\n"
        + more;
  }

  /** The lines of an iBGP neighbour; {@code family} are its further words in EVPN. */
  static String neighbour(Ipv4Address self, Ipv4Address peer, String family) {
    return neighbour(65000, self, peer, family);
  }

  static String neighbour(long as, Ipv4Address self, Ipv4Address peer, String family) {
    var name = " neighbor " + peer;
    return name
        + " remote-as "
        + as
        + "\n"
        + name
        + " update-source "
        + self
        + "\n"
        + name
        + " timers connect 1\n"
        + (as == 65000 ? "" : name + " ebgp-multihop 4\n")
        + " address-family l2vpn evpn\n "
        + name
        + " activate\n"
        + (family.isEmpty() ? "" : " " + name + " " + family + "\n")
        + " exit-address-family\n";
  }

  private static ForeignProcess launch(Arena arena, Path directory, Ipv4Address address)
      throws IOException, InterruptedException {
    var socket = directory.resolve("bgpd.vty");
    Files.deleteIfExists(socket);
    return ForeignProcess.start(
            arena.namespace(),
            directory.resolve("bgpd.log"),
            FrrDaemons.BGPD.toString(),
            "-u",
            "root",
            "-g",
            "root",
            "--skip_runas",
            "-n",
            "-Z",
            "-f",
            directory.resolve("bgpd.conf").toString(),
            "-p",
            "179",
            "-l",
            address.toString(),
            "-i",
            directory.resolve("bgpd.pid").toString(),
            "-z",
            directory.resolve("z.api").toString(),
            "--vty_socket",
            directory.toString(),
            "-P",
            "0")
        .await(() -> Files.exists(socket));
  }

  /** As kill -9 does. */
  void kill() throws InterruptedException {
    daemon.kill();
  }

  /** Starts again what was killed. */
  void restart() throws IOException, InterruptedException {
    daemon = launch(arena, directory, address);
  }

  /** All best EVPN routes with all that FRR shows of them, in its own words. */
  SortedMap<String, String> routes() throws IOException, InterruptedException {
    var routes = new TreeMap<String, String>();
    for (var rd : table().properties()) {
      for (var route : rd.getValue().properties()) {
        if (route.getKey().startsWith("[")) {
          var path = route.getValue().path("paths").path(0).path(0);
          routes.put(rd.getKey() + " " + route.getKey(), text(path));
        }
      }
    }
    return routes;
  }

  /** Keys of the routes that FRR holds as stale. */
  List<String> stale() throws IOException, InterruptedException {
    var stale = new ArrayList<String>();
    routes()
        .forEach(
            (key, text) -> {
              if (text.contains("stale")) {
                stale.add(key);
              }
            });
    return stale;
  }

  JsonNode table() throws IOException, InterruptedException {
    return vtysh("show bgp l2vpn evpn route detail json");
  }

  private static String text(JsonNode path) {
    var nextHop = path.path("nexthops").path(0);
    var text = new ArrayList<String>();
    text.add("via " + nextHop.path("ip").asText());
    text.add(path.path("extendedCommunity").path("string").asText());
    add(text, path, "VNI");
    add(text, path, "esi");
    add(text, path, "gatewayIP");
    add(text, path, "origin");
    add(text, path, "locPrf");
    add(text, path, "originatorId");
    text.add("as " + path.path("aspath").path("string").asText());
    text.add("clusters " + path.path("clusterList").path("list"));
    text.add("pmsi " + path.path("pmsi"));
    text.add(path.path("stale").asBoolean() ? "stale" : "");
    return String.join(" | ", text).strip();
  }

  private static void add(List<String> text, JsonNode path, String field) {
    if (path.has(field)) {
      text.add(field + " " + path.path(field).asText());
    }
  }

  boolean isUp(Ipv4Address peer) throws IOException, InterruptedException {
    return peer(peer).path("bgpState").asText().equals("Established");
  }

  JsonNode peer(Ipv4Address peer) throws IOException, InterruptedException {
    return vtysh("show bgp neighbors " + peer + " json").path(peer.toString());
  }

  JsonNode vtysh(String command) throws IOException, InterruptedException {
    return new ObjectMapper().readTree(run(command));
  }

  /** Configures, one word a line. */
  void configure(String... lines) throws IOException, InterruptedException {
    var all = new ArrayList<String>(List.of("configure terminal"));
    all.addAll(List.of(lines));
    run(all.toArray(String[]::new));
  }

  String run(String... commands) throws IOException, InterruptedException {
    var words = new ArrayList<String>(List.of("vtysh", "--vty_socket", directory.toString()));
    for (var command : commands) {
      words.add("-c");
      words.add(command);
    }
    return ForeignProcess.output(arena.namespace(), words);
  }

  @Override
  public void close() throws IOException {
    daemon.close();
  }
}
