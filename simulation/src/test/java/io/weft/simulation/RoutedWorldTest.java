package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.node.EgressIntent;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.TenantIntent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A tenant with two routed networks on five nodes: every kernel has the way to every host, to the
 * prefix behind some of them, and out.
 */
final class RoutedWorldTest {
  private static final Vni L3 = new Vni(5001);
  private static final List<RouteTarget> TARGET = List.of(RouteTarget.automatic(World.AS, L3));
  private static final NetworkIntent WEB = network("web", 100, "192.168.1.0/24", "192.168.1.1");
  private static final NetworkIntent DB = network("db", 200, "192.168.2.0/24", "192.168.2.1");

  private static final IpPrefix BEHIND = IpPrefix.parse("10.50.0.0/16");

  private static final TenantIntent RED =
      new TenantIntent("red", L3, List.copyOf(TARGET), TARGET)
          .withEgress(
              Optional.of(
                  new EgressIntent(
                      true,
                      false,
                      List.of(
                          IpPrefix.parse("192.168.1.0/24"), IpPrefix.parse("192.168.2.0/24")))));

  /** Node by address; the network follows from the address. */
  private final TreeMap<String, Integer> hosts = new TreeMap<>();

  private static NetworkIntent network(String name, int vni, String subnet, String gateway) {
    var target = List.of(RouteTarget.automatic(World.AS, new Vni(vni)));
    return new NetworkIntent(
        name,
        Optional.of("red"),
        new Vni(vni),
        List.of(IpPrefix.parse(subnet)),
        List.copyOf(target),
        target,
        OptionalInt.empty(),
        List.of(new HostAddress(IpAddress.parse(gateway), 24)));
  }

  private static boolean isWeb(String ip) {
    return ip.startsWith("192.168.1.");
  }

  private static boolean isRouter(String ip) {
    return !ip.endsWith(".11");
  }

  private void attach(World world, int node, String ip) {
    world.attach(
        "n" + node,
        new AttachRequest(
                "e" + ip,
                isWeb(ip) ? "web" : "db",
                "/run/netns/" + ip,
                "eth0",
                Optional.empty(),
                List.of(IpAddress.parse(ip)))
            .withPrefixes(isRouter(ip) ? List.of(BEHIND) : List.of()));
    hosts.put(ip, node);
  }

  private void detach(World world, String ip) {
    world.detach("n" + Optional.ofNullable(hosts.remove(ip)).orElseThrow(), "e" + ip);
  }

  private World world(long seed) {
    var world =
        World.builder(seed).nodes(5).reflectors(2).network(WEB).network(DB).tenant(RED).build();
    world.run(Duration.ofSeconds(1));
    attach(world, 1, "192.168.1.11");
    attach(world, 1, "192.168.2.11");
    attach(world, 2, "192.168.1.12");
    attach(world, 3, "192.168.2.13");
    attach(world, 4, "192.168.2.14");
    world.run(Duration.ofSeconds(10));
    return world;
  }

  private void check(World world) {
    for (var name : world.nodes()) {
      int node = Integer.parseInt(name.substring(1));
      var held = new TreeSet<String>();
      for (var object : world.kernel(name).objects(Kind.TENANT_ROUTE)) {
        if (object instanceof TenantRoute route) {
          route.hops().forEach(hop -> held.add(route.prefix() + " " + hop.via()));
        }
      }
      assertThat(held).as(name).isEqualTo(expected(node));
      long routers =
          hosts.entrySet().stream()
              .filter(host -> host.getValue() == node && isRouter(host.getKey()))
              .count();
      var behind = world.kernel(name).objects(Kind.ENDPOINT_ROUTE);
      assertThat(behind).as(name).hasSize(routers == 0 ? 0 : 1);
      for (var object : behind) {
        assertThat(((EndpointRoute) object).hops()).hasSize((int) routers);
      }
      int networks = count(node, true) + count(node, false);
      assertThat(world.kernel(name).objects(Kind.GATEWAY))
          .hasSize(networks == 0 ? 0 : networks + 1);
      assertThat(world.kernel(name).objects(Kind.EGRESS_ROUTE)).hasSize(networks == 0 ? 0 : 1);
      assertThat(world.kernel(name).objects(Kind.EGRESS_FILTER)).hasSize(networks == 0 ? 0 : 2);
      assertThat(world.kernel(name).objects(Kind.DEAD_END)).hasSize(networks == 0 ? 0 : 2);
    }
  }

  private int count(int node, boolean web) {
    return hosts.entrySet().stream()
            .anyMatch(host -> host.getValue() == node && isWeb(host.getKey()) == web)
        ? 1
        : 0;
  }

  private TreeSet<String> expected(int node) {
    var routes = new TreeSet<String>();
    if (count(node, true) + count(node, false) > 0) {
      hosts.forEach(
          (ip, at) -> {
            if (at != node) {
              routes.add(ip + "/32 " + World.vtep(at));
            }
          });
      boolean own =
          hosts.entrySet().stream().anyMatch(h -> h.getValue() == node && isRouter(h.getKey()));
      if (!own) {
        hosts.forEach(
            (ip, at) -> {
              if (isRouter(ip)) {
                routes.add(BEHIND + " " + World.vtep(at));
              }
            });
      }
      for (boolean web : new boolean[] {true, false}) {
        var subnet = web ? "192.168.1.0/24" : "192.168.2.0/24";
        if (count(node, web) == 0) {
          hosts.entrySet().stream()
              .filter(host -> isWeb(host.getKey()) == web)
              .mapToInt(Map.Entry::getValue)
              .forEach(at -> routes.add(subnet + " " + World.vtep(at)));
        }
      }
    }
    return routes;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyNodeHasTheWayToEveryHost(long seed) {
    var world = world(seed);
    check(world);
    detach(world, "192.168.1.12");
    attach(world, 5, "192.168.1.15");
    world.run(Duration.ofSeconds(10));
    check(world);
    List.copyOf(hosts.keySet()).forEach(ip -> detach(world, ip));
    world.run(Duration.ofSeconds(10));
    assertThat(world.nodes()).allMatch(node -> world.kernel(node).objects().isEmpty());
  }

  @Test
  void aHostThatMovesIsFoundWhereItIs() {
    var world = world(4);
    var ip = "192.168.2.13";
    attach(world, 2, ip);
    world.run(Duration.ofSeconds(5));
    world.detach("n3", "e" + ip);
    world.run(Duration.ofSeconds(5));
    check(world);
  }

  @Test
  void anAgentThatDiesAndComesBackWritesNothing() {
    var world = world(5);
    var before = new TreeMap<String, Long>();
    world.nodes().forEach(node -> before.put(node, world.kernel(node).writes()));
    world.crash("n1");
    world.run(Duration.ofSeconds(20));
    world.restart("n1");
    world.run(Duration.ofMinutes(5));
    world
        .nodes()
        .forEach(
            node -> assertThat(world.kernel(node).writes()).as(node).isEqualTo(before.get(node)));
    check(world);
  }
}
