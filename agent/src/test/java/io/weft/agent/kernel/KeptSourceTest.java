package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.TenantHop;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Against the real kernel: which pods see from where whoever is outside comes, by services whose
 * {@code externalTrafficPolicy} is {@code Local}: kube-proxy leaves the source as it is there.
 */
class KeptSourceTest extends ClusterKernel {
  /** In the subnet of red and blue alike. */
  private static final String CLIENT = "10.0.0.99";

  @BeforeEach
  void stand() {
    standing();
    tables.know(OtherNodes.NONE);
    int eth0 = namespaces.links(world).requireLink("eth0").index();
    address(world, eth0, CLIENT, 32);
    var node = namespaces.links(underlay);
    node.execute(
        new Request.AddRoute(
            Route.of(
                IpPrefix.parse(CLIENT + "/32"),
                NextHop.via(IpAddress.parse(WORLD), node.requireLink("eth0").index()))));
  }

  /** Red's server and blue's pod have one address: each sees the client, and answers it. */
  @Test
  void podsOfTwoTenantsWithOneAddressSeeWhoComesFromOutside() throws Exception {
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    service("tcp", NODE, 30081, "10.244.1.20", 8080);
    service("tcp", NODE, 30082, "10.244.0.10", 8080);
    try (var red = Connections.listen(redServer, "0.0.0.0", 8080);
        var other = Connections.listen(bluePod, "0.0.0.0", 8080);
        var common = Connections.listen(pod, "0.0.0.0", 8080)) {
      assertThat(Connections.source(red, world, NODE, 30080)).contains(WORLD);
      assertThat(Connections.source(other, world, NODE, 30081)).contains(WORLD);
      assertThat(Connections.source(common, world, NODE, 30082)).contains(WORLD);
    }
  }

  /** As {@code externalTrafficPolicy: Cluster}: kube-proxy says that it is to be translated. */
  @Test
  void whatKubeProxyTranslatesStaysTranslated() throws Exception {
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    run(
        "/usr/sbin/nft",
        """
        add chain ip kube-proxy nat-postrouting { type nat hook postrouting priority srcnat; }
        add rule ip kube-proxy nat-postrouting ip daddr 10.244.1.11 masquerade fully-random
        """);
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, world, NODE, 30080)).contains(VTEP);
    }
  }

  /** Pods would answer one of their own subnet themselves, and not by the node. */
  @Test
  void aClientWhoseAddressIsOneOfTheTenantsIsAnsweredAllTheSame() throws Exception {
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    service("tcp", NODE, 30082, "10.244.0.10", 8080);
    try (var red = Connections.listen(redServer, "0.0.0.0", 8080);
        var common = Connections.listen(pod, "0.0.0.0", 8080)) {
      assertThat(comesAs(CLIENT, 40000, red, 30080)).as("red's subnet").contains(VTEP);
      assertThat(comesAs(CLIENT, 40001, common, 30082)).as("another's").contains(CLIENT);
    }
  }

  /** An appliance of the tenant's, say: answers would go there. */
  @Test
  void aClientThatTheTenantHasAnotherWayToIsAnsweredAllTheSame() throws Exception {
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    var behind =
        new EndpointRoute(
            tenant,
            IpPrefix.parse("192.0.2.0/24"),
            List.of(TenantHop.over(new Vni(100), IpAddress.parse("10.0.0.10"))));
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(put(List.of(behind))).isEmpty();
      tables.know(OtherNodes.NONE);
      assertThat(Connections.source(server, world, NODE, 30080)).contains(VTEP);
      assertThat(remove(List.of(behind))).isEmpty();
      tables.know(OtherNodes.NONE);
      assertThat(Connections.source(server, world, NODE, 30080)).contains(WORLD);
    }
  }

  /** Tenants know nodes by their VTEPs, and each answers the one that it has the connection of. */
  @Test
  void anotherNodeIsNotSeen() throws Exception {
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    tables.know(OtherNodes.of(List.of(IpAddress.parse(WORLD))));
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(comesAs(WORLD, 40000, server, 30080)).contains(VTEP);
      assertThat(comesAs(CLIENT, 40001, server, 30080)).contains(VTEP);
    }
  }

  /** That pod's node would answer by its own way out. */
  @Test
  void aPodOfAnotherNodeSeesTheNode() throws Exception {
    run("/usr/sbin/nft", "flush set inet %s pods4".formatted(table()));
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, world, NODE, 30080)).as("none is here").contains(VTEP);
      assertThat(tables.drain(true)).isEmpty();
      assertThat(Connections.source(server, world, NODE, 30080)).as("mended").contains(WORLD);
      assertThat(remove(pod(tenant, 100, redServer, "10.0.0.11", "10.244.1.11"))).isEmpty();
      tables.know(OtherNodes.NONE);
      assertThat(list("pods4")).contains("10.244.1.10").doesNotContain("10.244.1.11");
    }
  }

  @Test
  void theNodeItselfIsSeenByItsVtepAsBefore() throws Exception {
    service("tcp", SERVICE, 80, "10.244.1.11", 8080);
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(Connections.source(server, underlay, SERVICE, 80)).contains(VTEP);
      assertThat(Connections.source(server, underlay, "10.244.1.11")).contains(VTEP);
      assertThat(Connections.source(server, redPod, SERVICE, 80))
          .as("of its tenant")
          .contains(VTEP);
    }
  }

  @Test
  void datagramsAreAnsweredToTheClient() throws Exception {
    service("udp", NODE, 53, "10.244.1.11", 53);
    assertThat(asks(world, redServer, NODE, Connections.PATIENCE)).contains(NODE);
  }

  /** kube-proxy answers at {@code healthCheckNodePort} itself. */
  @Test
  void healthCheckNodePortsAnswerFromOutside() throws Exception {
    try (var health = Connections.listen(underlay, "0.0.0.0", 32100)) {
      assertThat(Connections.source(health, world, NODE)).contains(WORLD);
      assertThat(Connections.source(health, redPod, NODE)).isPresent();
    }
  }

  @Test
  void aRestartFindsWhichPodsAreHere() throws Exception {
    try (var restarted = agent()) {
      restarted.know(OtherNodes.UNKNOWN);
      restarted.dump();
      restarted.know(OtherNodes.NONE);
      assertThat(list("pods4"))
          .contains("10.244.1.10", "10.244.1.11", "10.244.1.20", "10.244.0.10");
    }
  }
}
