package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.TenantIntent;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One step changes a network, a tenant or the underlay of running nodes: every kernel and every
 * reflector comes to what it would have had from the start, and neither a write nor an UPDATE has
 * to do with another network.
 */
final class ChangesWorldTest {
  private static final Duration WHILE = Duration.ofSeconds(20);
  private static final Pattern VNI = Pattern.compile("\\bvni[= ](\\d+)");
  private static final Pattern DISTINGUISHER = Pattern.compile("\\d+\\.\\d+\\.\\d+\\.\\d+:(\\d+)");
  private static final Ipv4Address NEW_VTEP = (Ipv4Address) IpAddress.parse("10.0.7.7");

  /** What the nodes are told; the underlay is that of {@code n1}. */
  private record Story(
      TreeMap<String, NetworkIntent> networks,
      TreeMap<String, TenantIntent> tenants,
      Ipv4Address vtep,
      int mtu) {
    static Story first() {
      var networks = new TreeMap<String, NetworkIntent>();
      networks.put("db", network("db", "red", 200, "192.168.2.0/24", "192.168.2.1"));
      networks.put("flat", network("flat", "red", 300, "192.168.3.0/24"));
      networks.put("shop", network("shop", "blue", 400, "192.168.4.0/24", "192.168.4.1"));
      networks.put("web", network("web", "red", 100, "192.168.1.0/24", "192.168.1.1"));
      var tenants = new TreeMap<String, TenantIntent>();
      tenants.put("blue", tenant("blue", 5002, 5002));
      tenants.put("red", tenant("red", 5001, 5001));
      return new Story(networks, tenants, World.vtep(1), 1500);
    }

    Story web(UnaryOperator<NetworkIntent> change) {
      var next = new TreeMap<>(networks);
      next.computeIfPresent("web", (_, before) -> change.apply(before));
      return new Story(next, tenants, vtep, mtu);
    }

    Story red(TenantIntent red) {
      var next = new TreeMap<>(tenants);
      next.put("red", red);
      return new Story(networks, next, vtep, mtu);
    }
  }

  private static List<RouteTarget> target(int number) {
    return List.of(RouteTarget.automatic(World.AS, new Vni(number)));
  }

  private static NetworkIntent network(
      String name, String tenant, int vni, String subnet, String... gateways) {
    return network(name, tenant, vni, vni, OptionalInt.empty(), subnet, gateways);
  }

  private static NetworkIntent network(
      String name,
      String tenant,
      int vni,
      int target,
      OptionalInt mtu,
      String subnet,
      String... gateways) {
    var prefix = IpPrefix.parse(subnet);
    return new NetworkIntent(
        name,
        Optional.of(tenant),
        new Vni(vni),
        List.of(prefix),
        List.copyOf(target(target)),
        target(target),
        mtu,
        List.of(gateways).stream()
            .map(gateway -> new HostAddress(IpAddress.parse(gateway), prefix.length()))
            .toList());
  }

  private static NetworkIntent web(
      String tenant, int vni, int target, int mtu, String... gateways) {
    var size = mtu == 0 ? OptionalInt.empty() : OptionalInt.of(mtu);
    return network("web", tenant, vni, target, size, "192.168.1.0/24", gateways);
  }

  private static TenantIntent tenant(String name, int vni, int target) {
    return new TenantIntent(name, new Vni(vni), List.copyOf(target(target)), target(target));
  }

  /** Each a change, and the VNIs that it may have to do with; 0: all. */
  enum Case {
    VNI(s -> s.web(_ -> web("red", 101, 101, 0, "192.168.1.1")), 100, 101, 5001),
    L3_VNI(s -> s.red(tenant("red", 5003, 5003)), 100, 200, 5001, 5003),
    MTU(s -> s.web(_ -> web("red", 100, 100, 1300, "192.168.1.1")), 100),
    SUBNET(s -> s.web(_ -> network("web", "red", 100, "192.168.0.0/23", "192.168.1.1")), 100, 5001),
    GATEWAY_MOVED(s -> s.web(_ -> web("red", 100, 100, 0, "192.168.1.254")), 100, 5001),
    GATEWAY_REMOVED(s -> s.web(_ -> web("red", 100, 100, 0)), 100, 5001),
    TARGETS(s -> s.web(_ -> web("red", 100, 77, 0, "192.168.1.1")), 100, 5001),
    TARGETS_OF_A_TENANT(s -> s.red(tenant("red", 5001, 78)), 100, 200, 5001),
    TENANT(s -> s.web(_ -> web("blue", 100, 100, 0, "192.168.1.1")), 100, 5001, 5002),
    VTEP(s -> new Story(s.networks(), s.tenants(), NEW_VTEP, s.mtu()), 0),
    UNDERLAY_MTU(s -> new Story(s.networks(), s.tenants(), s.vtep(), 9000), 0);

    private final UnaryOperator<Story> change;
    private final TreeSet<Integer> vnis = new TreeSet<>();

    Case(UnaryOperator<Story> change, int... vnis) {
      this.change = change;
      for (int vni : vnis) {
        this.vnis.add(vni);
      }
    }
  }

  /** Three nodes with an endpoint of each network, a fourth with one of {@code db} only. */
  private static World world(long seed, Story story) {
    var builder = World.builder(seed).nodes(4).reflectors(2);
    story.networks().values().forEach(builder::network);
    story.tenants().values().forEach(builder::tenant);
    var world = builder.build();
    world.underlay("n1", story.vtep(), story.mtu());
    world.run(Duration.ofSeconds(1));
    for (int node = 1; node <= 4; node++) {
      for (var name : node == 4 ? List.of("db") : List.of("db", "flat", "shop", "web")) {
        int subnet = List.of("web", "db", "flat", "shop").indexOf(name) + 1;
        var ip = "192.168." + subnet + ".1" + node;
        world.attach(
            "n" + node,
            new AttachRequest(
                name + node,
                name,
                "/run/netns/" + name + node,
                "eth0",
                Optional.empty(),
                List.of(IpAddress.parse(ip))));
      }
    }
    world.run(WHILE);
    return world;
  }

  private static void become(World world, Story before, Story after) {
    if (!before.vtep().equals(after.vtep()) || before.mtu() != after.mtu()) {
      world.underlay("n1", after.vtep(), after.mtu());
    }
    world.intend(List.copyOf(after.networks().values()), List.copyOf(after.tenants().values()));
    world.run(WHILE);
  }

  private static TreeMap<String, List<String>> seen(World world) {
    var seen = new TreeMap<String, List<String>>();
    for (var node : world.nodes()) {
      seen.put(node, world.kernel(node).objects().stream().map(Object::toString).toList());
    }
    for (var reflector : List.of("r1", "r2")) {
      seen.put(
          reflector,
          world.reflector(reflector).routes().stream()
              .map(route -> route.route() + " " + route.attributes().extendedCommunities())
              .sorted()
              .toList());
    }
    return seen;
  }

  private static TreeSet<Integer> numbers(List<String> lines, Pattern pattern) {
    var numbers = new TreeSet<Integer>();
    for (var line : lines) {
      var matcher = pattern.matcher(line);
      while (matcher.find()) {
        numbers.add(Integer.valueOf(matcher.group(1)));
      }
    }
    return numbers;
  }

  @ParameterizedTest
  @EnumSource(Case.class)
  void nothingOldIsLeftAnywhereAndNobodyElseIsTouched(Case each) {
    var before = Story.first();
    var after = each.change.apply(before);
    var world = world(1, before);
    var first = seen(world);
    int mark = world.trace().size();
    become(world, before, after);
    var lines = world.trace().subList(mark, world.trace().size());
    var writes = lines.stream().filter(line -> line.contains("-> batch ")).toList();
    var updates =
        lines.stream().filter(line -> line.contains("-> #") && line.contains("UPDATE ")).toList();
    assertThat(writes).isNotEmpty();
    if (!each.vnis.contains(0)) {
      assertThat(numbers(writes, VNI)).isNotEmpty().isSubsetOf(each.vnis);
      assertThat(numbers(updates, DISTINGUISHER)).isSubsetOf(each.vnis);
      assertThat(numbers(updates, DISTINGUISHER).isEmpty()).isEqualTo(updates.isEmpty());
    }
    assertThat(seen(world)).isEqualTo(seen(world(2, after)));
    become(world, after, before);
    assertThat(seen(world)).as("and back").isEqualTo(first);
    System.out.printf(
        "%s: %d writes on 4 nodes, %d UPDATEs of nodes and reflectors%n",
        each, writes.size(), updates.size());
  }
}
