package io.weft.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.probe.PathState.Passes;
import io.weft.agent.probe.PathState.Place;
import io.weft.agent.probe.PathState.TooNarrow;
import io.weft.agent.probe.PathState.Unknown;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.node.Tunnel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On the real kernel: two VTEPs, and between them what narrows the path. */
class PathProbesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final ProbeSchedule.Pace PACE =
      new ProbeSchedule.Pace(
          Duration.ofMillis(100), Duration.ofMillis(300), Duration.ofMillis(300));

  private TestNamespaces namespaces;
  private Rtnetlink near;
  private Rtnetlink middle;
  private Rtnetlink far;
  private String nearName;
  private String middleName;

  /** Both ends of a link. */
  private record Wire(Link near, Link far) {}

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    nearName = namespaces.create("near");
    middleName = namespaces.create("middle");
    near = namespaces.links(nearName);
    middle = namespaces.links(middleName);
    far = namespaces.links(namespaces.create("far"));
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static Wire wire(Rtnetlink one, String name, Rtnetlink other, String otherName) {
    var up = LinkSettings.UP.withMtu(1500);
    var veth = one.createVeth(name, up, otherName, up, other);
    return new Wire(veth.link(), veth.peer());
  }

  private static void address(Rtnetlink in, Link link, String address, int length) {
    in.execute(new Request.AddAddress(Address.of(link.index(), IpAddress.parse(address), length)));
  }

  private static void route(Rtnetlink in, String prefix, String via, Link link) {
    in.execute(
        new Request.AddRoute(
            Route.of(IpPrefix.parse(prefix), NextHop.via(IpAddress.parse(via), link.index()))));
  }

  /** A router in the middle; returns its link towards the far end. */
  private Wire routed(String net, int length) throws Exception {
    var one = wire(near, "eth0", middle, "left");
    var two = wire(middle, "right", far, "eth0");
    NetworkNamespaces.<Boolean, IOException>callIn(
        middleName,
        () -> {
          Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "1");
          Files.writeString(Path.of("/proc/sys/net/ipv4/ip_forward"), "1");
          return true;
        });
    address(near, one.near(), net.formatted(1) + "1", length);
    address(middle, one.far(), net.formatted(1) + "9", length);
    address(middle, two.near(), net.formatted(2) + "9", length);
    address(far, two.far(), net.formatted(2) + "1", length);
    var all = net.contains(":") ? "::/0" : "0.0.0.0/0";
    route(near, all, net.formatted(1) + "9", one.near());
    route(far, all, net.formatted(2) + "9", two.far());
    return two;
  }

  private PathProbes probes(Tunnel tunnel) {
    return namespaces.closing(
        NetworkNamespaces.callIn(
            nearName,
            () -> new PathProbes(() -> Optional.of(List.of(tunnel)), PACE, PACE.settle())));
  }

  private static void awaitFound(PathProbes probes, PathState expected) {
    assertThat(awaitFound(probes, expected::equals)).isEqualTo(expected);
  }

  /** The first that fits, or the last that there was. */
  private static PathState awaitFound(PathProbes probes, Predicate<PathState> condition) {
    long until = System.nanoTime() + PATIENCE.toNanos();
    var found = probes.view().found();
    while (System.nanoTime() < until && (found.isEmpty() || !condition.test(found.getFirst()))) {
      LockSupport.parkNanos(20_000_000);
      found = probes.view().found();
    }
    return found.getFirst();
  }

  @Test
  void aRouterWithANarrowLinkIsNamedAndTheFindingGoesWithIt() throws Exception {
    var behind = routed("10.0.%s.", 24);
    middle.setLink(behind.near().index(), LinkSettings.NONE.withMtu(1400));
    var tunnel = new Tunnel(IpAddress.parse("10.0.1.1"), IpAddress.parse("10.0.2.1"), 1450);
    var probes = probes(tunnel);
    awaitFound(probes, new TooNarrow(tunnel, 1400, new Place.Behind(IpAddress.parse("10.0.1.9"))));
    assertThat(near.mtuTo(tunnel.remote()))
        .as("what the kernel has learned for ten minutes is not this node's own MTU")
        .hasValue(1500);
    assertThat(near.routeTo(tunnel.remote()).mtu())
        .as("what VXLAN goes by meanwhile, and so tells endpoints")
        .hasValue(1400);
    middle.setLink(behind.near().index(), LinkSettings.NONE.withMtu(1500));
    awaitFound(probes, new Passes(tunnel));
  }

  @Test
  void soInIpv6() throws Exception {
    var behind = routed("fd00:%s::", 64);
    middle.setLink(behind.near().index(), LinkSettings.NONE.withMtu(1400));
    var tunnel = new Tunnel(IpAddress.parse("fd00:1::1"), IpAddress.parse("fd00:2::1"), 1430);
    var probes = probes(tunnel);
    awaitFound(probes, new TooNarrow(tunnel, 1400, new Place.Behind(IpAddress.parse("fd00:1::9"))));
    assertThat(near.mtuTo(tunnel.remote())).hasValue(1500);
    middle.setLink(behind.near().index(), LinkSettings.NONE.withMtu(1500));
    awaitFound(probes, new Passes(tunnel));
  }

  @Test
  void aSwitchThatDropsSilentlyIsFoundWithTheSizeThatPasses() {
    var bridge = middle.createBridge("switch", LinkSettings.UP);
    var one = wire(near, "eth0", middle, "left");
    var two = wire(middle, "right", far, "eth0");
    for (var port : List.of(one.far(), two.near())) {
      middle.setLink(port.index(), LinkSettings.UP.withMaster(bridge.index()).withMtu(1400));
    }
    address(near, one.near(), "10.0.1.1", 24);
    address(far, two.far(), "10.0.1.2", 24);
    var tunnel = new Tunnel(IpAddress.parse("10.0.1.1"), IpAddress.parse("10.0.1.2"), 1450);
    var probes = probes(tunnel);
    assertThat(awaitFound(probes, TooNarrow.class::isInstance))
        .isInstanceOfSatisfying(
            TooNarrow.class,
            narrow -> {
              // Linux leaves four octets of a frame for a VLAN tag.
              assertThat(narrow.passes()).isBetween(1400, 1404);
              assertThat(narrow.place()).isEqualTo(new Place.Silent());
            });
    for (var port : List.of(one.far(), two.near())) {
      middle.setLink(port.index(), LinkSettings.NONE.withMtu(1500));
    }
    awaitFound(probes, new Passes(tunnel));
  }

  @Test
  void theNodesOwnNarrowRouteIsSaidToBeHere() throws Exception {
    routed("10.0.%s.", 24);
    near.execute(
        new Request.AddRoute(
            Route.of(
                    IpPrefix.parse("10.0.2.0/24"),
                    NextHop.via(IpAddress.parse("10.0.1.9"), near.requireLink("eth0").index()))
                .withMtu(1300)));
    var tunnel = new Tunnel(IpAddress.parse("10.0.1.1"), IpAddress.parse("10.0.2.1"), 1450);
    awaitFound(probes(tunnel), new TooNarrow(tunnel, 1300, new Place.Here()));
  }

  @Test
  void aVtepThatAnswersNothingIsNoFinding() throws Exception {
    routed("10.0.%s.", 24);
    var tunnel = new Tunnel(IpAddress.parse("10.0.1.1"), IpAddress.parse("10.0.2.77"), 1450);
    assertThat(awaitFound(probes(tunnel), _ -> true)).isInstanceOf(Unknown.class);
  }
}
