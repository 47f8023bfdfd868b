package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.forwarding.ForwardingObject.UnderlayRoute;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Routes of the underlay in a real kernel: two links to two switches, numbered and not. */
final class UnderlayRoutesTest {
  private TestNamespaces namespaces;
  private Rtnetlink rtnetlink;
  private int eth0;
  private UnderlayRoutes routes;

  @BeforeEach
  void build() throws Exception {
    namespaces = new TestNamespaces();
    var name = namespaces.create("node");
    rtnetlink = namespaces.links(name);
    var tor = namespaces.links(namespaces.create("tor"));
    for (int i = 0; i < 2; i++) {
      var pair = rtnetlink.createVeth("eth" + i, LinkSettings.UP, "port" + i, LinkSettings.UP, tor);
      eth0 = i == 0 ? pair.link().index() : eth0;
      rtnetlink.execute(
          new Request.AddAddress(
              Address.of(pair.link().index(), IpAddress.parse("100.64." + i + ".0"), 31)));
      rtnetlink.execute(
          new Request.AddAddress(
              Address.of(pair.link().index(), IpAddress.parse("2001:db8:" + i + "::2"), 64)));
    }
    routes = namespaces.closing(NetworkNamespaces.callIn(name, UnderlayRoutes::new));
    routes.dump();
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static UnderlayRoute route(String prefix, String... nextHops) {
    return new UnderlayRoute(
        IpPrefix.parse(prefix), Stream.of(nextHops).map(IpAddress::parseWithZone).toList());
  }

  private List<Refusal> put(UnderlayRoute... wanted) {
    return apply(Stream.of(wanted).map(KernelChange.Put::new).toArray(KernelChange[]::new));
  }

  private List<Refusal> apply(KernelChange... changes) {
    var refusals = new ArrayList<Refusal>();
    routes.apply(List.of(changes), refusals);
    return refusals;
  }

  /** News that come within two seconds. */
  private List<Observation> news() throws InterruptedException {
    var news = new ArrayList<Observation>();
    for (int i = 0; i < 40 && news.isEmpty(); i++) {
      Thread.sleep(50);
      news.addAll(routes.drain());
    }
    return news;
  }

  private Optional<Route> inKernel(String prefix) {
    return rtnetlink.routes().stream()
        .filter(r -> r.prefix().equals(IpPrefix.parse(prefix)) && r.protocol() == Route.BGP)
        .findFirst();
  }

  private static final UnderlayRoute NUMBERED = route("10.255.0.2/32", "100.64.0.1", "100.64.1.1");
  private static final UnderlayRoute UNNUMBERED =
      route("10.255.0.3/32", "fe80::1%eth0", "fe80::1%eth1");
  private static final UnderlayRoute SIX =
      route("2001:db8:ff::3/128", "fe80::1%eth0", "fe80::2%eth1");
  private static final UnderlayRoute SIX_NUMBERED =
      route("2001:db8:ff::4/128", "2001:db8:0::1", "2001:db8:1::1");
  private static final UnderlayRoute ONE = route("0.0.0.0/0", "fe80::1%eth0");

  @Test
  void allKindsAreWrittenAndReadBackAsTheyAre() throws Exception {
    var all = List.of(NUMBERED, UNNUMBERED, SIX, SIX_NUMBERED, ONE);
    assertThat(put(all.toArray(UnderlayRoute[]::new))).isEmpty();
    assertThat(inKernel("10.255.0.2/32").orElseThrow().nextHops()).hasSize(2);
    assertThat(news()).as("our own writing is no news").isEmpty();
    assertThat(routes.dump()).containsExactlyInAnyOrderElementsOf(all);
  }

  @Test
  void aRouteIsReplacedAndRemoved() throws Exception {
    for (var prefix : List.of("10.255.0.2/32", "2001:db8:ff::3/128")) {
      put(route(prefix, "fe80::1%eth0", "fe80::1%eth1"));
      assertThat(put(route(prefix, "fe80::1%eth1"))).isEmpty();
      assertThat(routes.dump()).containsExactly(route(prefix, "fe80::1%eth1"));
      assertThat(put(route(prefix, "fe80::1%eth0", "fe80::1%eth1"))).isEmpty();
      assertThat(routes.dump()).containsExactly(route(prefix, "fe80::1%eth0", "fe80::1%eth1"));
      var gone = new KernelChange.Remove(route(prefix, "fe80::1%eth0", "fe80::1%eth1"));
      assertThat(apply(gone)).isEmpty();
      assertThat(apply(gone)).as("already gone is fine").isEmpty();
      assertThat(routes.dump()).isEmpty();
    }
    assertThat(news()).isEmpty();
  }

  @Test
  void routesOfOthersAreNeitherSeenNorReplaced() throws Exception {
    var theirs =
        Route.of(IpPrefix.parse("10.255.0.9/32"), NextHop.via(IpAddress.parse("100.64.0.1")))
            .withMetric(UnderlayRoutes.METRIC);
    rtnetlink.execute(new Request.AddRoute(theirs));
    rtnetlink.execute(
        new Request.AddRoute(
            Route.of(IpPrefix.parse("10.255.0.8/32"), NextHop.via(IpAddress.parse("100.64.0.1")))
                .withProtocol(Route.BGP)
                .withMetric(100)));
    assertThat(routes.dump()).isEmpty();
    assertThat(put(route("10.255.0.9/32", "100.64.1.1")))
        .singleElement()
        .satisfies(refusal -> assertThat(refusal.reason()).contains("EEXIST"));
    assertThat(rtnetlink.routes())
        .filteredOn(r -> r.prefix().equals(theirs.prefix()))
        .singleElement()
        .satisfies(r -> assertThat(r.protocol()).isEqualTo(Route.STATIC));
  }

  @Test
  void whatTheKernelRefusesIsToldAndTheRestGoesOn() {
    var refused = put(route("10.9.0.0/16", "192.0.2.1"), route("10.8.0.0/16", "fe80::1%eth7"), ONE);
    assertThat(refused)
        .extracting(refusal -> refusal.key().discriminator())
        .containsExactlyInAnyOrder("10.9.0.0/16", "10.8.0.0/16");
    assertThat(refused).anyMatch(r -> r.reason().contains("no interface 'eth7'"));
    assertThat(inKernel("0.0.0.0/0")).isPresent();
  }

  @Test
  void aForeignHandIsSeen() throws Exception {
    put(NUMBERED, SIX);
    rtnetlink.execute(
        new Request.DeleteRoute(
            Route.of(NUMBERED.prefix()).withProtocol(Route.BGP).withMetric(UnderlayRoutes.METRIC)));
    assertThat(news()).containsExactly(new Observation(NUMBERED.key(), Optional.empty()));
    rtnetlink.execute(
        new Request.AddRoute(
            Route.of(IpPrefix.parse("10.7.0.0/16"), NextHop.via(IpAddress.parse("100.64.0.1")))
                .withProtocol(Route.BGP)
                .withMetric(UnderlayRoutes.METRIC)));
    var stray = route("10.7.0.0/16", "100.64.0.1");
    assertThat(news()).containsExactly(new Observation(stray.key(), Optional.of(stray)));
  }

  @Test
  void routesThatGoWithTheirLinkAreMissed() throws Exception {
    put(NUMBERED, ONE);
    routes.drain();
    rtnetlink.setLink(eth0, LinkSettings.NONE.withUp(false));
    assertThat(news())
        .as("nobody laid hands on it")
        .contains(new Observation(ONE.key(), Optional.empty(), true));
    rtnetlink.setLink(eth0, LinkSettings.UP);
    assertThat(put(ONE, NUMBERED)).isEmpty();
    assertThat(routes.dump()).contains(ONE);
  }
}
