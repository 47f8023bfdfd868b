package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.node.NetworkIntent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Who is attached where, and what the kernels must hold because of it: no protocol, only sets. */
final class Model {
  static final NetworkIntent RED = network("web", "red", 100);
  static final NetworkIntent BLUE = network("shop", "blue", 200);

  private record Attachment(int node, NetworkIntent network, String ip) {
    MacAddress mac() {
      return new MacAddress(0x0a58_0000_0000L | (Ipv4Address.parse(ip).value() & 0xffff_ffffL));
    }
  }

  private final TreeMap<String, Attachment> attachments = new TreeMap<>();

  /** How long frames for what has moved away are sent on. */
  private static final Duration MOMENT = Duration.ofSeconds(3);

  static NetworkIntent network(String name, String tenant, int vni) {
    var target = RouteTarget.automatic(World.AS, new Vni(vni));
    return new NetworkIntent(
        name,
        Optional.of(tenant),
        new Vni(vni),
        List.of(IpPrefix.parse("192.168.1.0/24")),
        List.of(target),
        List.of(target),
        OptionalInt.empty());
  }

  void attach(World world, int node, NetworkIntent network, String endpoint, String ip) {
    world.attach(
        "n" + node,
        new AttachRequest(
            endpoint,
            network.name(),
            "/run/netns/" + endpoint,
            "eth0",
            Optional.empty(),
            List.of(IpAddress.parse(ip))));
    attachments.put(endpoint, new Attachment(node, network, ip));
  }

  void detach(World world, String endpoint) {
    var gone = Optional.ofNullable(attachments.remove(endpoint)).orElseThrow();
    world.detach("n" + gone.node(), endpoint);
  }

  /** It moves, as a virtual machine does: it is attached there before it is detached here. */
  Runnable move(World world, String endpoint, int node) {
    var from = Optional.ofNullable(attachments.get(endpoint)).orElseThrow();
    attach(world, node, from.network(), endpoint, from.ip());
    return () -> world.detach("n" + from.node(), endpoint);
  }

  /** Where the endpoint is. */
  String node(String endpoint) {
    return "n" + Optional.ofNullable(attachments.get(endpoint)).orElseThrow().node();
  }

  List<String> endpoints() {
    return List.copyOf(attachments.keySet());
  }

  /**
   * Every kernel holds exactly what follows from who is attached where, once no frames are sent on
   * any more.
   */
  void check(World world) {
    if (world.nodes().stream().anyMatch(n -> !world.kernel(n).objects(Kind.MOVED_MAC).isEmpty())) {
      world.run(MOMENT);
    }
    for (var name : world.nodes()) {
      int node = Integer.parseInt(name.substring(1));
      var held = new TreeSet<String>();
      world.kernel(name).objects().forEach(object -> held.add(object.key() + " " + value(object)));
      assertThat(held).as("kernel of %s", name).isEqualTo(expected(node));
    }
  }

  private static String value(ForwardingObject object) {
    return switch (object) {
      case ForwardingObject.VxlanFdbEntry entry ->
          "to " + entry.vtep() + " vni " + entry.destinationVni();
      case ForwardingObject.FloodEntry entry -> "vni " + entry.destinationVni();
      case ForwardingObject.NeighbourEntry entry -> "is " + entry.mac();
      case ForwardingObject.VxlanPort port -> "from " + port.local();
      case ForwardingObject.EndpointPort port ->
          port.endpoint() + " " + port.mac() + " " + port.addresses() + " in " + port.vni();
      default -> "";
    };
  }

  private SortedSet<String> expected(int node) {
    var rows = new TreeSet<String>();
    for (var entry : attachments.entrySet()) {
      var own = entry.getValue();
      if (own.node() == node) {
        rows.addAll(local(entry.getKey(), own, node));
        attachments.values().stream()
            .filter(a -> a.node() != node && a.network().equals(own.network()))
            .forEach(a -> rows.addAll(remote(a)));
      }
    }
    return rows;
  }

  private static String row(Kind kind, NetworkIntent network, String discriminator, String value) {
    int vni = kind == Kind.NAMESPACE || kind == Kind.PORT ? 0 : network.vni().value();
    var space = "weft-" + network.tenant().orElseThrow();
    return new ForwardingKey(kind, space, vni, discriminator) + " " + value;
  }

  private static List<String> local(String endpoint, Attachment own, int node) {
    var network = own.network();
    var port = AddressPlan.portName(endpoint);
    return List.of(
        row(Kind.NAMESPACE, network, "", ""),
        row(Kind.BRIDGE, network, "", ""),
        row(Kind.VXLAN, network, "", "from " + World.vtep(node)),
        row(
            Kind.PORT,
            network,
            port,
            endpoint + " " + own.mac() + " [" + own.ip() + "] in " + network.vni()),
        row(Kind.LOCAL_FDB, network, own.mac().toString(), ""),
        row(Kind.NEIGHBOUR, network, own.ip(), "is " + own.mac()));
  }

  private static List<String> remote(Attachment other) {
    var network = other.network();
    var vtep = World.vtep(other.node()).toString();
    var rows = new ArrayList<String>();
    rows.add(
        row(
            Kind.VXLAN_FDB,
            network,
            other.mac().toString(),
            "to " + vtep + " vni " + network.vni()));
    rows.add(row(Kind.BRIDGE_FDB, network, other.mac().toString(), ""));
    rows.add(row(Kind.FLOOD, network, vtep, "vni " + network.vni()));
    rows.add(row(Kind.NEIGHBOUR, network, other.ip(), "is " + other.mac()));
    return rows;
  }
}
