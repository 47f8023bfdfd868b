package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.net.Ipv4Address;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** GoBGP with sessions to Weft. */
final class GoBgpd implements Closeable {
  private final Arena arena;
  private final Path directory;
  private final int port;
  private ForeignProcess daemon;

  private GoBgpd(Arena arena, Path directory, int port, ForeignProcess daemon) {
    this.arena = arena;
    this.directory = directory;
    this.port = port;
    this.daemon = daemon;
  }

  /** Peers of one AS; {@code more} are lines of YAML that every neighbour gets. */
  static GoBgpd start(
      Arena arena, String name, Ipv4Address address, long as, String more, Ipv4Address... peers)
      throws IOException, InterruptedException {
    var neighbours = new StringBuilder();
    for (var peer : peers) {
      neighbours.append("- config: {neighbor-address: ").append(peer);
      neighbours.append(", peer-as: ").append(as).append("}\n");
      neighbours.append("  transport: {config: {local-address: ").append(address).append("}}\n");
      neighbours.append("  graceful-restart: {config: {enabled: true, restart-time: 20}}\n");
      neighbours.append("  afi-safis: [{config: {afi-safi-name: l2vpn-evpn},");
      neighbours.append(" mp-graceful-restart: {config: {enabled: true}}}]\n").append(more);
    }
    return startWith(arena, name, address, neighbours.toString());
  }

  /** One peer of our AS; {@code more} are the other lines of YAML, families among them. */
  static GoBgpd startWith(
      Arena arena, String name, Ipv4Address address, Ipv4Address peer, String more)
      throws IOException, InterruptedException {
    return startWith(
        arena,
        name,
        address,
        "- config: {neighbor-address: "
            + peer
            + ", peer-as: 65000}\n  transport: {config: {local-address: "
            + address
            + "}}\n"
            + more);
  }

  private static GoBgpd startWith(Arena arena, String name, Ipv4Address address, String neighbours)
      throws IOException, InterruptedException {
    var directory = arena.directory(name);
    Files.writeString(
        directory.resolve("gobgpd.yaml"),
        "global:\n  config: {as: 65000, router-id: "
            + address
            + ", local-address-list: ["
            + address
            + "]}\nneighbors:\n"
            + neighbours);
    int port = 50_000 + address.octets()[3];
    var gobgp = new GoBgpd(arena, directory, port, launch(arena, directory, port));
    gobgp.daemon.await(gobgp::answers);
    return arena.with(gobgp);
  }

  static GoBgpd client(Arena arena, String name, Ipv4Address address, Ipv4Address reflector)
      throws IOException, InterruptedException {
    return start(arena, name, address, 65000, QUICK, reflector);
  }

  static final String QUICK =
      "  timers: {config: {connect-retry: 1, idle-hold-time-after-reset: 1, hold-time: 90}}\n";

  private static ForeignProcess launch(Arena arena, Path directory, int port) throws IOException {
    return ForeignProcess.start(
        arena.namespace(),
        directory.resolve("gobgpd.log"),
        GoBgpReflector.GOBGPD.toString(),
        "-t",
        "yaml",
        "-f",
        directory.resolve("gobgpd.yaml").toString(),
        "--pprof-disable",
        "--api-hosts",
        "127.0.0.1:" + port);
  }

  private boolean answers() {
    try {
      return json("global").isObject();
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  void kill() throws InterruptedException {
    daemon.kill();
  }

  void restart() throws IOException, InterruptedException {
    daemon = launch(arena, directory, port);
    daemon.await(this::answers);
  }

  /** Originates, in the words of {@code gobgp global rib add -a evpn}. */
  void add(String route) throws IOException, InterruptedException {
    run(("global rib add -a evpn " + route).split(" "));
  }

  void delete(String route) throws IOException, InterruptedException {
    run(("global rib del -a evpn " + route).split(" "));
  }

  /** All EVPN routes with all their attributes, in GoBGP's own words. */
  SortedMap<String, String> routes() throws IOException, InterruptedException {
    var routes = new TreeMap<String, String>();
    for (var route : json("global", "rib", "-a", "evpn").properties()) {
      routes.put(route.getKey(), text(route.getValue().path(0)));
    }
    return routes;
  }

  /** As {@link #routes} without what a reflector and iBGP add. */
  SortedMap<String, String> originalRoutes() throws IOException, InterruptedException {
    var routes = new TreeMap<String, String>();
    routes().forEach((key, text) -> routes.put(key, text.replaceAll("(2|5|9|10)=[^;]*;", "")));
    return routes;
  }

  private static String text(JsonNode path) {
    var attributes = new TreeMap<Integer, String>();
    for (var attribute : path.path("attrs")) {
      var copy = (ObjectNode) attribute.deepCopy();
      int type = copy.path("type").asInt();
      copy.remove("type");
      attributes.put(type, copy.toString().replace(";", ","));
    }
    var text = new StringBuilder();
    attributes.forEach((type, value) -> text.append(type).append('=').append(value).append(';'));
    return text.append(path.path("stale").asBoolean() ? "stale" : "").toString();
  }

  boolean isUp(Ipv4Address peer) throws IOException, InterruptedException {
    return peer(peer).path("state").path("session_state").asInt() == 6;
  }

  JsonNode peer(Ipv4Address peer) throws IOException, InterruptedException {
    return json("neighbor", peer.toString());
  }

  JsonNode json(String... words) throws IOException, InterruptedException {
    var command = new ArrayList<String>(List.of("-j"));
    command.addAll(List.of(words));
    return new ObjectMapper().readTree(run(command.toArray(String[]::new)));
  }

  String run(String... words) throws IOException, InterruptedException {
    var command = new ArrayList<String>(List.of("gobgp", "-p", Integer.toString(port)));
    command.addAll(List.of(words));
    return ForeignProcess.output(arena.namespace(), command);
  }

  String log() throws IOException {
    return Files.readString(directory.resolve("gobgpd.log"));
  }

  @Override
  public void close() throws IOException {
    daemon.close();
  }
}
