package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.nftables.Nftables;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the real kernel: what pods, nodes and the world reach by services. */
class ClusterServicesTest extends ClusterKernel {
  /** With the rules that kube-proxy writes for a service, in its two modes. */
  @ParameterizedTest
  @ValueSource(strings = {"nftables", "iptables"})
  void aServiceReachesPodsOfItsOwnTenantOnly(String mode) throws Exception {
    standing();
    if (mode.equals("nftables")) {
      service("tcp", SERVICE, 80, "10.244.1.11", 8080);
    } else {
      iptables();
    }
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, redPod, SERVICE, 80))
          .as("from its tenant")
          .contains(VTEP);
      assertThat(Connections.source(server, redServer, SERVICE, 80))
          .as("from the pod itself")
          .contains(VTEP);
      assertThat(Connections.source(server, underlay, SERVICE, 80))
          .as("from the node")
          .contains(VTEP);
      assertThat(Connections.refused(server, bluePod, SERVICE, 80))
          .as("from another tenant")
          .isTrue();
      assertThat(Connections.refused(server, pod, SERVICE, 80)).as("from the default one").isTrue();
    }
  }

  @Test
  void noPodReachesAnotherTenantsByTheAddressThatTheClusterKnows() throws Exception {
    standing();
    try (var server = Connections.listen(bluePod, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, underlay, "10.244.1.20")).isPresent();
      assertThat(Connections.refused(server, redPod, "10.244.1.20")).isTrue();
      assertThat(Connections.refused(server, pod, "10.244.1.20")).isTrue();
      // With the address of a pod that may, as its own: it gets that of its tenant's link all the
      // same.
      int eth0 = namespaces.links(redPod).requireLink("eth0").index();
      address(redPod, eth0, "10.244.1.20", 32);
      assertThat(Connections.refused(server, redPod, "10.244.0.10")).isTrue();
    }
    try (var server = Connections.listen(pod, "0.0.0.0", 8080)) {
      assertThat(Connections.refused(server, redPod, "10.244.0.10")).isTrue();
    }
  }

  @Test
  void whoeverIsOutsideReachesPodsByServicesAlone() throws Exception {
    standing();
    var out = namespaces.links(world);
    out.execute(
        new Request.AddRoute(
            Route.of(
                IpPrefix.parse("10.244.0.0/16"),
                NextHop.via(IpAddress.parse(NODE), out.requireLink("eth0").index()))));
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.refused(server, world, "10.244.1.11")).isTrue();
      service("tcp", NODE, 30080, "10.244.1.11", 8080);
      assertThat(Connections.source(server, world, NODE, 30080))
          .as("a port of the node")
          .contains(VTEP);
      assertThat(Connections.source(server, redPod, NODE, 30080)).as("from inside").contains(VTEP);
      assertThat(Connections.refused(server, bluePod, NODE, 30080))
          .as("from another tenant")
          .isTrue();
    }
  }

  /** As {@code externalTrafficPolicy: Local}, where kube-proxy leaves the client's address. */
  @Test
  void whoeverTheTenantHasAnotherRouteToIsAnsweredAllTheSame() throws Exception {
    standing();
    assertThat(put(List.of(new DeadEnd(tenant, IpPrefix.parse(WORLD + "/32"))))).isEmpty();
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, world, NODE, 30080)).contains(VTEP);
    }
  }

  /**
   * As between two nodes, each in its part: what a pod begins says so by its port, and is let in to
   * what is shared alone; what its node begins, and whoever is no node, is let in to all.
   */
  @Test
  void podsOfOtherNodesDoNotComeInByThePortsOfThisOne() throws Exception {
    standing();
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    service("tcp", NODE, 30053, "10.244.0.10", 5353);
    var vteps =
        List.of(
            new VxlanPort(pods, new Vni(300), IpAddress.parse(VTEP), GATEWAY, 1450, false),
            new FloodEntry(pods, new Vni(300), IpAddress.parse(WORLD), new Vni(300)));
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080);
        var shared = Connections.listen(pod, "0.0.0.0", 5353)) {
      assertThat(comesFrom(20000, server, 30080)).as("no node").isTrue();
      assertThat(put(vteps)).isEmpty();
      for (int port : new int[] {16384, 20001, 32767}) {
        assertThat(isKept(port, server, 30080)).as("a pod's, %s", port).isTrue();
      }
      for (int port : new int[] {1024, 16383, 32768, 60999}) {
        assertThat(comesFrom(port, server, 30080)).as("a node's own, %s", port).isTrue();
      }
      var port = AddressPlan.clusterPortName(pods);
      assertThat(isKept(20002, shared, 30053)).as("not shared").isTrue();
      assertThat(put(List.of(shared(port, 5353)))).isEmpty();
      assertThat(comesFrom(20003, shared, 30053)).as("shared").isTrue();
      assertThat(isKept(20004, server, 30080)).as("the other port still").isTrue();
    }
    var out = namespaces.links(world);
    out.execute(
        new Request.AddRoute(
            Route.of(
                IpPrefix.parse(VTEP + "/32"),
                NextHop.via(IpAddress.parse(NODE), out.requireLink("eth0").index()))));
    try (var server = Connections.listen(world, "0.0.0.0", 8080)) {
      for (var from : List.of(redPod, bluePod, pod)) {
        assertThat(Connections.source(server, from, WORLD)).as(from).contains(VTEP);
        assertThat(portOf(from, server)).as(from).isBetween(16384, 32767);
      }
      assertThat(portOf(underlay, server)).as("the node's own").isGreaterThan(32767);
    }

    // Others' hands in the set, a restart, and a node that goes.
    var table = EgressPorts.tableName(namespaces.prefix());
    run("/usr/sbin/nft", "flush set inet %s nodes4".formatted(table));
    assertThat(tables.drain(true)).isEmpty();
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(isKept(20005, server, 30080)).as("mended").isTrue();
      tables.know(OtherNodes.NONE);
      try (var restarted = agent();
          var nftables = Nftables.openIn(underlay)) {
        int before = nftables.generation();
        restarted.dump();
        assertThat(nftables.generation()).isEqualTo(before);
      }
    }
  }

  /** Also with {@code egress: node}, where this node has no other tenant. */
  @Test
  void whatPodsOfEveryWayOutBeginSaysSoByItsPort() throws Exception {
    var port = AddressPlan.egressPortName(tenant);
    var objects = new ArrayList<ForwardingObject>(network(tenant, 100, "10.0.0.1"));
    objects.add(new EgressFilter("", true, List.of(IpAddress.parse(VTEP))));
    objects.add(new EgressFilter(tenant, true));
    objects.add(new EgressLink(tenant, 1450, port));
    objects.add(new EgressPort(port, tenant, 1450));
    objects.add(new EgressAddress("", port, outside(7), 31));
    objects.add(new EgressAddress(tenant, EgressLink.NAME, outside(7).plus(1), 31));
    objects.add(new EgressRoute(tenant, IpPrefix.parse("0.0.0.0/0"), outside(7)));
    objects.addAll(pod(tenant, 100, redPod, "10.0.0.10", ""));
    assertThat(put(objects)).isEmpty();
    var out = namespaces.links(world);
    out.execute(
        new Request.AddRoute(
            Route.of(
                IpPrefix.parse(VTEP + "/32"),
                NextHop.via(IpAddress.parse(NODE), out.requireLink("eth0").index()))));
    var node =
        List.of(
            new VxlanPort(tenant, new Vni(100), IpAddress.parse(VTEP), GATEWAY, 1450, false),
            new FloodEntry(tenant, new Vni(100), IpAddress.parse(WORLD), new Vni(100)));
    try (var server = Connections.listen(world, WORLD, 8080)) {
      assertThat(Connections.source(server, redPod, WORLD)).as("to no node").contains(NODE);
      assertThat(portOf(redPod, server)).as("to no node").isBetween(16384, 32767);
      assertThat(put(node)).isEmpty();
      assertThat(Connections.source(server, redPod, WORLD)).as("to a node").contains(VTEP);
      assertThat(portOf(redPod, server)).as("to a node").isBetween(16384, 32767);
      assertThat(portOf(underlay, server)).as("the node's own").isGreaterThan(32767);
    }
    assertThat(tables.dump()).contains(objects.get(3));
  }

  @Test
  void datagramsOfAServiceComeAndGo() throws Exception {
    standing();
    service("udp", SERVICE, 53, "10.244.1.11", 53);
    assertThat(asked(redPod, redServer)).contains(SERVICE);
  }

  /** As DNS of a cluster is for all of it: what is declared, and by a service only. */
  @Test
  void whatATenantSharesIsReachedByServicesOfAll() throws Exception {
    standing();
    service("udp", SERVICE, 53, "10.244.0.10", 53);
    service("tcp", SERVICE, 80, "10.244.0.10", 8080);
    for (var from : List.of(redPod, bluePod, pod)) {
      assertThat(asked(from, pod)).as(from).contains(SERVICE);
    }
    try (var server = Connections.listen(pod, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, pod, SERVICE, 80)).isPresent();
      assertThat(Connections.refused(server, redPod, SERVICE, 80)).as("another port").isTrue();
    }
    assertThat(asks(redPod, pod, "10.244.0.10", Connections.NEVER))
        .as("not by its address")
        .isEmpty();
  }

  /** Far more than one message to the kernel holds; one more is one transaction. */
  @Test
  void manyPortsAreShared() throws Exception {
    standing();
    var port = AddressPlan.clusterPortName(pods);
    var shared = new ArrayList<EgressFilter.Shared>();
    for (int number = 1; number <= 1500; number++) {
      shared.add(new EgressFilter.Shared(port, true, number));
      shared.add(new EgressFilter.Shared(port, false, number));
    }
    var filter = new EgressFilter("", true, List.of(IpAddress.parse(VTEP)), shared);
    assertThat(put(List.of(filter))).isEmpty();
    assertThat(tables.dump()).contains(filter);
    try (var restarted = agent()) {
      assertThat(restarted.dump()).contains(filter);
    }
    service("udp", SERVICE, 53, "10.244.0.10", 53);
    assertThat(asked(redPod, pod)).contains(SERVICE);
    shared.remove(new EgressFilter.Shared(port, true, 53));
    shared.add(new EgressFilter.Shared(port, true, 2000));
    try (var nftables = Nftables.openIn(underlay)) {
      int before = nftables.generation();
      assertThat(put(List.of(new EgressFilter("", true, List.of(IpAddress.parse(VTEP)), shared))))
          .isEmpty();
      assertThat(nftables.generation()).isEqualTo(before + 1);
    }
    assertThat(asks(bluePod, pod, SERVICE, Connections.NEVER)).as("no longer").isEmpty();
  }
}
