package io.weft.simulation;

import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.cluster.VniOwner;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a node of a simulated cluster sees the API, and the copy of it that it keeps for a start
 * while the server is away (decisions/0028).
 */
final class NodeSight implements ApiListener {
  /** What was seen is in the copy so much later at most, as in the agent. */
  private static final long SAVED_NANOS = 5_000_000_000L;

  private final String node;
  private final World world;
  private final ApiServer api;
  private Optional<ApiCopy> kept = Optional.empty();
  private Optional<List<NetworkIntent>> told = Optional.empty();
  private ApiServer.Client client;
  private boolean saves;

  NodeSight(String node, World world, ApiServer api) {
    this.node = node;
    this.world = world;
    this.api = api;
    this.client = api.connect(this, Optional.empty());
  }

  ApiServer.Client client() {
    return client;
  }

  /** The agent dies. */
  void close() {
    client.close();
  }

  /** Another agent begins, with the copy that the former one kept or with nothing. */
  void begin(boolean copy) {
    told = Optional.empty();
    kept = kept.filter(_ -> copy);
    client = api.connect(this, kept);
  }

  @Override
  public void seen() {
    if (world.isAlive(node)) {
      var networks = networks(client);
      if (!told.equals(Optional.of(networks))) {
        told = Optional.of(networks);
        world.intend(node, networks, List.of());
      }
      world.give(node, new NodeEvent.AddressesSeen(client.addresses(), client.isCopy()));
      save();
    }
  }

  private void save() {
    if (!saves) {
      saves = true;
      var mine = client;
      world
          .timeline()
          .after(
              SAVED_NANOS,
              () -> {
                saves = false;
                if (mine == client && client.isOpen()) {
                  kept = Optional.of(client.copy(node));
                }
              });
    }
  }

  @Override
  public void away() {
    if (world.isAlive(node)) {
      world.give(node, new NodeEvent.AddressesUnreadable("the API server is away"));
    }
  }

  /** What the node wants to have written into the store of addresses goes there. */
  void write(AddressWrite write) {
    var asked = client;
    kept = kept.map(copy -> copy.before(List.of(write), node));
    asked.write(
        write,
        outcome -> {
          if (asked == client && world.isAlive(node)) {
            world.give(node, new NodeEvent.AddressWritten(write, outcome));
          }
        });
  }

  private static List<NetworkIntent> networks(ApiServer.Client client) {
    var networks = new ArrayList<NetworkIntent>();
    for (var object : client.objects()) {
      object
          .owner()
          .flatMap(VniOwner::status)
          .ifPresent(vni -> networks.add(network(object.name(), vni)));
    }
    return networks;
  }

  private static NetworkIntent network(String name, Vni vni) {
    var target = RouteTarget.automatic(World.AS, vni);
    return new NetworkIntent(
        name,
        Optional.of("t-" + name),
        vni,
        List.of(IpPrefix.parse("192.168.1.0/25")),
        List.of(target),
        List.of(target),
        OptionalInt.empty());
  }
}
