package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingNeighbour;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.TenantHop;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Events in any order about a tenant that routes: a node never throws, in the end the kernel holds
 * what is desired, it is the same as if the node had come to it at once, and nothing of it is left.
 */
final class TenantPropertyTest {
  private final OneNode one = new OneNode();
  private NodeIntent last = OneNode.intent();

  static LongStream seeds() {
    return LongStream.rangeClosed(1, 40);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void inTheEndTheKernelHoldsWhatIsDesired(long seed) {
    var random = new Random(seed);
    one.start();
    intend(random);
    for (int i = 0; i < 300; i++) {
      anything(random);
    }
    one.refusing.clear();
    for (int i = 0; i < 10; i++) {
      one.pass(30_000_000_000L);
    }
    assertThat(one.node.view().kernelPending()).as("seed %s", seed).isZero();
    assertThat(one.node.view().kernelFailures()).as("seed %s", seed).isEmpty();
    var before = List.copyOf(one.kernel.values());
    one.forget();
    one.give(new NodeEvent.IntentChanged(last));
    one.give(new NodeEvent.KernelObserved(one.observable()));
    assertThat(one.batches).as("seed %s: nothing was forgotten or left", seed).isEmpty();
    assertThat(one.updates).as("seed %s: nothing is said anew", seed).isEmpty();
    assertThat(one.kernel.values()).containsExactlyElementsOf(before);
    routesHaveTheirGround(seed);
    for (int i = 0; i < 4; i++) {
      one.detach("p" + i);
    }
    assertThat(one.kernel).as("seed %s", seed).isEmpty();
    assertThat(one.announced()).as("seed %s", seed).isEmpty();
  }

  /** Each way of a route has its neighbour, and the neighbour is in the forwarding databases. */
  private void routesHaveTheirGround(long seed) {
    for (var object : one.kernel(Kind.TENANT_ROUTE)) {
      for (var hop : ((TenantRoute) object).hops()) {
        assertThat(rows(hop)).as("seed %s: %s", seed, object).isEqualTo(hop.foreign() ? 1 : 2);
      }
    }
  }

  private long rows(TenantHop hop) {
    return one.kernel.values().stream()
        .flatMap(
            object ->
                switch (object) {
                  case NeighbourEntry(_, var vni, var ip, var mac)
                      when !hop.foreign() && vni.equals(hop.vni()) && ip.equals(hop.via()) ->
                      Stream.of(mac);
                  case SendingNeighbour(_, var vni, var ip, var mac)
                      when hop.foreign() && vni.equals(hop.vni()) && ip.equals(hop.via()) ->
                      Stream.of(mac);
                  default -> Stream.empty();
                })
        .mapToLong(
            mac ->
                one.kernel.keySet().stream()
                    .filter(key -> key.vni() == hop.vni().value())
                    .filter(key -> key.discriminator().equals(mac.toString()))
                    .filter(key -> (key.kind() == Kind.SENDING_FDB) == hop.foreign())
                    .count())
        .sum();
  }

  private void intend(Random random) {
    var l3 = new Vni(5001 + random.nextInt(2));
    var tenants =
        List.of(new TenantIntent("red", l3, List.of(target(5001)), List.of(target(5001))));
    var networks =
        List.of(
            network("db", 200, "192.168.2.0/24", random),
            network("web", 100 + random.nextInt(2), "192.168.1.0/24", random));
    last =
        OneNode.intent(
                networks.stream().filter(_ -> random.nextInt(6) > 0).toArray(NetworkIntent[]::new))
            .withTenants(tenants);
    one.give(new NodeEvent.IntentChanged(last));
  }

  private static RouteTarget target(int vni) {
    return RouteTarget.automatic(OneNode.AS, new Vni(vni));
  }

  private static NetworkIntent network(String name, int vni, String subnet, Random random) {
    var gateway = IpPrefix.parse(subnet).address().plus(1 + random.nextInt(2));
    var network = OneNode.network(name, "red", vni, subnet);
    return random.nextInt(3) == 0
        ? network
        : network.withGateways(List.of(new HostAddress(gateway, 24)));
  }

  private void anything(Random random) {
    var vtep = "10.0.0." + (1 + random.nextInt(4));
    boolean web = random.nextBoolean();
    var ip = (web ? "192.168.1." : "192.168.2.") + (1 + random.nextInt(6));
    var kinds = Kind.values();
    switch (random.nextInt(11)) {
      case 0, 1 -> one.attach(request("p" + random.nextInt(4), web ? "web" : "db", ip));
      case 2 -> one.detach("p" + random.nextInt(4));
      case 3, 4 -> one.say(host(vtep, ip), attributes(vtep, random));
      case 5 -> one.say(prefix(vtep, web, 5001 + random.nextInt(3)), attributes(vtep, random));
      case 6 -> one.unsay(random.nextBoolean() ? host(vtep, ip) : prefix(vtep, web, 0));
      case 7 -> intend(random);
      case 8 -> {
        if (!one.kernel.isEmpty()) {
          one.lose(List.copyOf(one.kernel.keySet()).get(random.nextInt(one.kernel.size())));
        }
      }
      case 9 -> one.refusing.add(kinds[random.nextInt(kinds.length)]);
      default -> {
        one.refusing.clear();
        one.pass(random.nextLong(3_000_000_000L));
      }
    }
  }

  private static EvpnRoute host(String vtep, String ip) {
    return new MacIpAdvertisement(
        RouteDistinguisher.of(Ipv4Address.parse(vtep), 100),
        Esi.ZERO,
        0,
        macOf(ip),
        Optional.of(IpAddress.parse(ip)),
        100,
        OptionalInt.of(5001));
  }

  private static EvpnRoute prefix(String vtep, boolean web, int label) {
    var prefix = IpPrefix.parse(web ? "192.168.1.0/24" : "172.16.0.0/16");
    var rd = RouteDistinguisher.of(Ipv4Address.parse(vtep), 5001);
    return new IpPrefixRoute(rd, Esi.ZERO, 0, prefix, IpAddress.parse("0.0.0.0"), label);
  }

  /** Sometimes another router's MAC, or that of another VTEP, or none. */
  private static PathAttributes attributes(String vtep, Random random) {
    var communities = new ArrayList<ExtendedCommunity>();
    communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    communities.add(ExtendedCommunity.of(target(random.nextInt(5) == 0 ? 9 : 5001)));
    communities.add(ExtendedCommunity.of(target(100)));
    if (random.nextInt(6) > 0) {
      communities.add(
          ExtendedCommunity.routersMac(new MacAddress(0x0200_0000_0000L + random.nextInt(4))));
    }
    communities.add(ExtendedCommunity.macMobility(false, random.nextInt(3)));
    return PathAttributes.originated(IpAddress.parse(vtep), communities, Optional.empty());
  }
}
