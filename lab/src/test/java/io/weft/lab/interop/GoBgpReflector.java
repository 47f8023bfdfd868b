package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** GoBGP as a route reflector for EVPN. */
final class GoBgpReflector implements AutoCloseable {
  static final Path GOBGPD = Path.of("/usr/bin/gobgpd");

  private static final Pattern MAC =
      Pattern.compile("\\[type:macadv]\\[rd:(.*?)]\\[etag:(\\d+)]\\[mac:(.*?)]\\[ip:(.*?)]");
  private static final Pattern MULTICAST =
      Pattern.compile("\\[type:multicast]\\[rd:(.*?)]\\[etag:(\\d+)]\\[ip:(.*?)]");

  private final String namespace;
  private final ForeignProcess daemon;

  private GoBgpReflector(String namespace, ForeignProcess daemon) {
    this.namespace = namespace;
    this.daemon = daemon;
  }

  /**
   * Reflects to the clients. Another reflector is a client too: to an iBGP peer that is none, GoBGP
   * 3.10 sends no withdrawal when its best path moves from a client's to that peer's own, and a
   * route that is gone stays at the peer for good.
   */
  static GoBgpReflector start(
      String namespace, Path directory, IpAddress address, List<IpAddress> clients)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    var config = new StringBuilder("global:\n  config: {as: 65000, router-id: ");
    config.append(routerId(address)).append(", local-address-list: [\"").append(address);
    config.append("\"]}\nneighbors:\n");
    clients.forEach(client -> neighbour(config, client, routerId(address)));
    var file = directory.resolve("gobgpd.yaml");
    Files.writeString(file, config);
    var daemon =
        ForeignProcess.start(
            namespace,
            directory.resolve("gobgpd.log"),
            GOBGPD.toString(),
            "-t",
            "yaml",
            "-f",
            file.toString(),
            "--api-hosts",
            "127.0.0.1:50051");
    var reflector = new GoBgpReflector(namespace, daemon);
    daemon.await(reflector::answers);
    return reflector;
  }

  /** The last 32 bits, which differ in a lab. */
  private static Ipv4Address routerId(IpAddress address) {
    return new Ipv4Address(ByteBuffer.wrap(address.octets()).getInt(address.bits() / 8 - 4));
  }

  private static void neighbour(StringBuilder config, IpAddress address, Ipv4Address cluster) {
    config
        .append("- config: {neighbor-address: \"")
        .append(address)
        .append("\", peer-as: 65000}\n");
    config.append("  route-reflector: {config: {route-reflector-client: true,");
    config.append(" route-reflector-cluster-id: ").append(cluster).append("}}\n");
    config.append("  transport: {config: {passive-mode: true}}\n");
    config.append("  graceful-restart: {config: {enabled: true, restart-time: 120}}\n");
    config.append("  afi-safis: [{config: {afi-safi-name: l2vpn-evpn},");
    config.append(" mp-graceful-restart: {config: {enabled: true}}}]\n");
  }

  private boolean answers() {
    try {
      return gobgp("global").isObject();
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** All EVPN routes that it holds, as {@link RouteTexts} writes them, with next hop. */
  SortedMap<String, String> routes() throws IOException, InterruptedException {
    var routes = new TreeMap<String, String>();
    for (var route : gobgp("global", "rib", "-a", "evpn").properties()) {
      routes.put(text(route.getKey()), nextHop(route.getValue()));
    }
    return routes;
  }

  private static String nextHop(JsonNode paths) {
    for (var attribute : paths.path(0).path("attrs")) {
      if (attribute.path("type").asInt() == 14) {
        return attribute.path("nexthop").asText();
      }
    }
    return "no next hop";
  }

  private static String text(String key) {
    var mac = MAC.matcher(key);
    if (mac.lookingAt()) {
      var ip = mac.group(4).equals("<nil>") ? "" : mac.group(4);
      return RouteTexts.macIp(mac.group(1), mac.group(2), mac.group(3), ip);
    }
    var multicast = MULTICAST.matcher(key);
    return multicast.lookingAt()
        ? RouteTexts.multicast(multicast.group(1), multicast.group(2), multicast.group(3))
        : key;
  }

  /** Neighbours with an established session. */
  long establishedPeers() throws IOException, InterruptedException {
    long count = 0;
    for (var peer : gobgp("neighbor")) {
      count += peer.path("state").path("session_state").asInt() == 6 ? 1 : 0;
    }
    return count;
  }

  private JsonNode gobgp(String... words) throws IOException, InterruptedException {
    var command = new ArrayList<String>(List.of("gobgp", "-j"));
    command.addAll(List.of(words));
    return new ObjectMapper().readTree(ForeignProcess.output(namespace, command));
  }

  @Override
  public void close() throws IOException {
    daemon.close();
  }
}
