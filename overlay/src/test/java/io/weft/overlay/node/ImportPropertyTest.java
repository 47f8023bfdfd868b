package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Networks and tenants with targets of all forms, which change, and routes whose targets change: in
 * whatever order all came, the node stands as one that hears of it at once, and says the same.
 */
final class ImportPropertyTest {
  private static final List<String> NETWORKS = List.of("n1", "n2", "n3", "n4");

  private final OneNode one = new OneNode();
  private final Map<Route, PathAttributes> said = new LinkedHashMap<>();
  private NodeIntent last = OneNode.intent();

  static LongStream seeds() {
    return LongStream.rangeClosed(1, 100);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void theOrderOfEventsLeavesNoTrace(long seed) {
    var random = new Random(seed);
    one.start();
    intend(random);
    for (int i = 0; i < 200; i++) {
      anything(random);
    }
    one.pass(1_000_000_000L);
    var again = new OneNode();
    one.observable().forEach(object -> again.kernel.put(object.key(), object));
    said.forEach(again::say);
    again.endOfRib();
    again.give(new NodeEvent.IntentChanged(last));
    again.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    again.give(new NodeEvent.KernelObserved(again.observable()));
    assertThat(again.node.view().converged()).as("seed %s", seed).isTrue();
    assertThat(again.observable()).as("seed %s", seed).isEqualTo(one.observable());
    assertThat(routes(again)).as("seed %s", seed).isEqualTo(routes(one));
    assertThat(unused(again)).as("seed %s", seed).isEqualTo(unused(one));
  }

  private static Map<String, PathAttributes> routes(OneNode of) {
    var routes = new LinkedHashMap<String, PathAttributes>();
    of.announced().stream()
        .sorted((a, b) -> a.toString().compareTo(b.toString()))
        .forEach(route -> routes.put(route.toString(), of.announced(route)));
    return routes;
  }

  private static List<String> unused(OneNode of) {
    return of.node.view().unusedRoutes().stream()
        .flatMap(view -> view.reasons().stream().map(reason -> view.tenant() + ": " + reason))
        .sorted()
        .toList();
  }

  private void anything(Random random) {
    int network = random.nextInt(NETWORKS.size());
    switch (random.nextInt(10)) {
      case 0, 1 -> one.attach(request("p" + network, NETWORKS.get(network), ip(network, 200)));
      case 2 -> one.detach("p" + network);
      case 3, 4 -> say(host(network, random), attributes(random));
      case 5 -> say(prefix(random), attributes(random));
      case 6 -> say(flood(random), attributes(random));
      case 7, 8 -> {
        if (!said.isEmpty()) {
          var key = List.copyOf(said.keySet()).get(random.nextInt(said.size()));
          if (random.nextBoolean()) {
            say(key, attributes(random));
          } else {
            said.remove(key);
            one.unsay(key);
          }
        }
      }
      default -> intend(random);
    }
  }

  private void say(Route route, PathAttributes attributes) {
    said.keySet().removeIf(former -> former.key().equals(route.key()));
    said.put(route, attributes);
    one.say(route, attributes);
  }

  private void intend(Random random) {
    var networks = new ArrayList<NetworkIntent>();
    for (int i = 0; i < NETWORKS.size(); i++) {
      var plain =
          OneNode.network(NETWORKS.get(i), i < 2 ? "red" : "blue", 101 + i, ip(i, 0) + "/24");
      var imports = imports(101 + i, random);
      var gateways =
          random.nextInt(4) == 0
              ? List.<HostAddress>of()
              : List.of(new HostAddress(IpAddress.parse(ip(i, 1)), 24));
      networks.add(
          new NetworkIntent(
              plain.name(),
              plain.tenant(),
              plain.vni(),
              plain.subnets(),
              imports,
              plain.exportTargets(),
              plain.mtu(),
              gateways));
    }
    var tenants = List.of(tenant("red", 5001, random), tenant("blue", 5002, random));
    last = OneNode.intent(networks.toArray(NetworkIntent[]::new)).withTenants(tenants);
    one.give(new NodeEvent.IntentChanged(last));
  }

  private static TenantIntent tenant(String name, int vni, Random random) {
    var other = vni == 5001 ? 5002 : 5001;
    var prefixes =
        random.nextBoolean() ? List.<IpPrefix>of() : List.of(IpPrefix.parse("192.168.1.0/24"));
    var foreign =
        random.nextInt(3) > 0
            ? List.<ForeignRoutes>of()
            : List.of(new ForeignRoutes("other", List.of(target(other)), prefixes));
    return new TenantIntent(name, new Vni(vni), imports(vni, random), List.of(target(vni)))
        .withForeign(foreign);
  }

  /** Its own target, or that of all ASes, and sometimes another one. */
  private static List<ImportTarget> imports(int number, Random random) {
    var imports = new TreeSet<ImportTarget>();
    imports.add(random.nextInt(3) == 0 ? ImportTarget.parse("*:" + number) : target(number));
    if (random.nextInt(4) == 0) {
      imports.add(target(anyNumber(random)));
    }
    return List.copyOf(imports);
  }

  private static int anyNumber(Random random) {
    return random.nextBoolean() ? 101 + random.nextInt(4) : 5001 + random.nextInt(3);
  }

  private static RouteTarget target(int number) {
    return RouteTarget.automatic(OneNode.AS, new Vni(number));
  }

  private static String ip(int network, int host) {
    return "192.168." + (network + 1) + "." + host;
  }

  private static Ipv4Address vtep(Random random) {
    return Ipv4Address.parse("10.0.0." + (2 + random.nextInt(3)));
  }

  private static Route host(int network, Random random) {
    var ip = ip(network, 10 + random.nextInt(3));
    return new MacIpAdvertisement(
        RouteDistinguisher.of(vtep(random), 101 + network),
        Esi.ZERO,
        0,
        macOf(ip),
        Optional.of(IpAddress.parse(ip)),
        101 + random.nextInt(4),
        random.nextInt(3) == 0 ? OptionalInt.empty() : OptionalInt.of(5001 + random.nextInt(3)));
  }

  private static Route flood(Random random) {
    var vtep = vtep(random);
    return new InclusiveMulticast(RouteDistinguisher.of(vtep, 101 + random.nextInt(4)), 0, vtep);
  }

  /** Sometimes behind a gateway's address. */
  private static Route prefix(Random random) {
    var gateway = random.nextBoolean() ? "0.0.0.0" : ip(random.nextInt(4), 10 + random.nextInt(3));
    return new IpPrefixRoute(
        RouteDistinguisher.of(vtep(random), 5001),
        Esi.ZERO,
        0,
        IpPrefix.parse("172.16." + random.nextInt(3) + ".0/24"),
        IpAddress.parse(gateway),
        5001 + random.nextInt(3));
  }

  /** One to three targets, some of another AS. */
  private static PathAttributes attributes(Random random) {
    var vtep = vtep(random);
    var communities = new ArrayList<ExtendedCommunity>();
    communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    for (int i = 0; i <= random.nextInt(3); i++) {
      var as = random.nextInt(3) == 0 ? new AutonomousSystem(65001) : OneNode.AS;
      var target = RouteTarget.automatic(as, new Vni(anyNumber(random)));
      communities.add(ExtendedCommunity.of(target));
    }
    communities.add(
        ExtendedCommunity.routersMac(new MacAddress(0x0200_0000_0000L + vtep.value() % 256)));
    return PathAttributes.originated(
        vtep,
        communities,
        Optional.of(PmsiTunnel.ingressReplication(101 + random.nextInt(4), vtep)));
  }
}
