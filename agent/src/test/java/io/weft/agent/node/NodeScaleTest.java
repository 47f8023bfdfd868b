package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.metrics.MetricsAddress;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node with many routed networks and many remote endpoints: what an attach and a restart take, in
 * the test's output. The limits only notice what grows out of all proportion: the machine may be
 * busy. {@code -Dweft.scale.full=true} asks for 500 networks and 20,000 hosts, with the limits that
 * a node shall hold.
 */
@Tag("alone") // it measures the time of the clock
class NodeScaleTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final Ipv4Address NODE = (Ipv4Address) IpAddress.parse("10.99.0.1");
  private static final Ipv4Address PEER = (Ipv4Address) IpAddress.parse("10.98.0.1");
  private static final int VTEPS = 100;

  private static final int SCRAPES = 3;

  /** Networks that get a second endpoint. */
  private static final int SECOND = 50;

  /** What the node has to carry, and how quick it must be. */
  private record Size(
      int networks, int tenants, int hosts, double attachMillis, double restartSeconds) {}

  private static final Size SIZE =
      Boolean.getBoolean("weft.scale.full")
          ? new Size(500, 50, 20_000, 20, 3)
          : new Size(50, 5, 2_000, 60, 10);

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private String underlayName;
  private NodeProcess node;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    underlayName = namespaces.create("underlay");
    var underlay = namespaces.links(underlayName);
    var uplink = underlay.createBridge("uplink", LinkSettings.UP.withMtu(1500));
    underlay.setLink(underlay.requireLink("lo").index(), LinkSettings.UP);
    for (var address : List.of(NODE, PEER)) {
      underlay.execute(new Request.AddAddress(Address.of(uplink.index(), address, 24)));
    }
    node = new NodeProcess(namespaces, underlayName, directory);
    node.write("fabric.yaml", configuration());
  }

  @AfterEach
  void close() throws Exception {
    if (node != null) {
      node.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static String configuration() {
    var text =
        new StringBuilder(
            """
            kind: Fabric
            metadata: {name: default}
            spec: {vtep: {cidr: 10.99.0.0/24}, peers: [{address: %s}]}
            """
                .formatted(PEER));
    for (int tenant = 0; tenant < SIZE.tenants(); tenant++) {
      text.append(
          "---\nkind: Tenant\nmetadata: {name: t%d}\nspec: {l3vni: %d}\n"
              .formatted(tenant, l3Vni(tenant)));
    }
    for (int network = 0; network < SIZE.networks(); network++) {
      text.append(
          """
          ---
          kind: Network
          metadata: {name: n%d}
          spec: {tenant: t%d, vni: %d, subnets: [10.%d.%d.0/24], gateway: true}
          """
              .formatted(
                  network,
                  network % SIZE.tenants(),
                  vni(network),
                  network / 250 + 1,
                  network % 250));
    }
    return text.toString();
  }

  private static int vni(int network) {
    return 1000 + network;
  }

  private static int l3Vni(int tenant) {
    return 100_000 + tenant;
  }

  /** Hosts of the network that has the target, behind one VTEP and so with the same attributes. */
  private static void sayHosts(RoutePeer peer, RouteTarget target) throws IOException {
    for (int network = 0; network < SIZE.networks(); network++) {
      if (target.equals(RouteTarget.automatic(AS, new Vni(vni(network))))) {
        sayHosts(peer, network);
      }
    }
  }

  private static void sayHosts(RoutePeer peer, int network) throws IOException {
    int tenant = network % SIZE.tenants();
    var vtep = (Ipv4Address) IpAddress.parse("10.99.0." + (100 + network % VTEPS));
    var attributes =
        PathAttributes.originated(
            vtep,
            List.of(
                ExtendedCommunity.ENCAPSULATION_VXLAN,
                ExtendedCommunity.of(RouteTarget.automatic(AS, new Vni(vni(network)))),
                ExtendedCommunity.of(RouteTarget.automatic(AS, new Vni(l3Vni(tenant)))),
                ExtendedCommunity.routersMac(new MacAddress(0x0200_0000_0000L + network % VTEPS))),
            Optional.empty());
    var routes = new ArrayList<MacIpAdvertisement>();
    for (int host = 0; host < SIZE.hosts() / SIZE.networks(); host++) {
      var ip =
          IpAddress.parse("10.%d.%d.%d".formatted(network / 250 + 1, network % 250, 10 + host));
      routes.add(
          new MacIpAdvertisement(
              RouteDistinguisher.of(vtep, network),
              Esi.ZERO,
              0,
              new MacAddress(0x0600_0000_0000L + network * 1000L + host),
              Optional.of(ip),
              vni(network),
              OptionalInt.of(l3Vni(tenant))));
    }
    peer.announce(attributes, routes);
  }

  /** Endpoint {@code number} of this node, from 0, in the network. */
  private double attach(int network, int number) throws Exception {
    var name = number + "-" + network;
    var pod = namespaces.create("pod" + name);
    long began = System.nanoTime();
    var address = "10.%d.%d.%d".formatted(network / 250 + 1, network % 250, 200 + number);
    var answer = node.attach("pod-" + name, "n" + network, pod, address);
    double millis = (System.nanoTime() - began) / 1e6;
    assertThat(answer.path("ok").asBoolean()).as(answer.toString()).isTrue();
    return millis;
  }

  private int objects() throws Exception {
    return node.awaitStatus(
            status ->
                status.path("converged").asBoolean() && status.at("/kernel/pending").asInt() == 0)
        .at("/kernel/objects")
        .asInt();
  }

  @Test
  void manyNetworksAndHosts() throws Exception {
    node.start("--metrics=" + NODE + ":" + MetricsAddress.NODE_PORT);
    node.awaitStatus(status -> status.has("vtep"));
    var peer = RoutePeer.connect(underlayName, PEER, NODE, NodeScaleTest::sayHosts);
    var millis = new double[SIZE.networks()];
    for (int network = 0; network < SIZE.networks(); network++) {
      millis[network] = attach(network, 0);
    }
    var second = new double[SECOND];
    for (int network = 0; network < SECOND; network++) {
      second[network] = attach(network, 1);
    }
    Arrays.sort(millis);
    Arrays.sort(second);
    double median = millis[millis.length / 2];
    int objects = objects();
    long memory = node.residentKib();
    long attachCpu = node.cpuMillis();
    scrape();
    assertThat(objects)
        .as("a neighbour and two rows of the FDB for each")
        .isGreaterThan(3 * SIZE.hosts());

    peer.close();
    node.kill();
    long began = System.nanoTime();
    node.start();
    node.awaitStatus(status -> status.path("endpoints").size() == SIZE.networks() + SECOND);
    double adopted = (System.nanoTime() - began) / 1e9;
    long adoptedCpu = node.cpuMillis();
    try (var _ = RoutePeer.connect(underlayName, PEER, NODE, NodeScaleTest::sayHosts)) {
      node.awaitStatus(
          status ->
              status.path("converged").asBoolean() && status.at("/kernel/pending").asInt() == 0);
      double converged = (System.nanoTime() - began) / 1e9;
      System.out.printf(
          "%d networks in %d tenants, %d remote hosts: %d objects in the kernel%n"
              + "attach    median %6.1f ms, p99 %.1f, max %.1f (one in each network)%n"
              + "second    median %6.1f ms, max %.1f (in the network of another)%n"
              + "restart   %6.2f s to the endpoints adopted, %.2f s to all routes heard again;"
              + " %d kernel writes%n"
              + "processor %6.2f s until all were attached, %.2f s until they were adopted%n"
              + "memory    %6.1f MB RSS, %.1f after the restart%n",
          SIZE.networks(),
          SIZE.tenants(),
          SIZE.hosts(),
          objects,
          median,
          millis[millis.length * 99 / 100],
          millis[millis.length - 1],
          second[second.length / 2],
          second[second.length - 1],
          adopted,
          converged,
          node.status().at("/kernel/writes").asLong(),
          attachCpu / 1e3,
          adoptedCpu / 1e3,
          memory / 1024.0,
          node.residentKib() / 1024.0);
      assertThat(objects()).as("nothing was lost").isEqualTo(objects);
      assertThat(node.status().at("/kernel/writes").asLong()).as("writes of a restart").isZero();
    }
    arrival(objects);
    assertThat(median).as("milliseconds of an attach").isLessThan(SIZE.attachMillis());
    assertThat(adopted).as("seconds of a restart").isLessThan(SIZE.restartSeconds());
    assertThat(adoptedCpu / 1e3)
        .as("seconds of one of two processors for it, which a busy machine hardly changes")
        .isLessThan(2 * SIZE.restartSeconds());
  }

  /** Each a second after the last: earlier ones would get the same values again. */
  private void scrape() throws Exception {
    Scrape.of(underlayName, NODE.toString(), MetricsAddress.NODE_PORT);
    long before = node.cpuMillis();
    var answer = "";
    for (int i = 0; i < SCRAPES; i++) {
      Thread.sleep(1_100);
      answer = Scrape.of(underlayName, NODE.toString(), MetricsAddress.NODE_PORT);
    }
    System.out.printf(
        "scrape    %d octets, %d rows, %d ms of CPU, what the node does meanwhile among it;"
            + " RSS %.1f MB after it%n",
        answer.length(),
        answer.lines().filter(line -> line.startsWith("weft_")).count(),
        (node.cpuMillis() - before) / SCRAPES,
        node.residentKib() / 1024.0);
    assertThat(Scrape.value(answer, "weft_answers")).isEqualTo(1);
  }

  /** The peer is gone, and its routes with it: now all come at once into a table without any. */
  private void arrival(int objects) throws Exception {
    node.awaitStatus(
        status ->
            status.at("/kernel/objects").asInt() < objects - SIZE.hosts()
                && status.at("/kernel/pending").asInt() == 0);
    long began = System.nanoTime();
    try (var _ = RoutePeer.connect(underlayName, PEER, NODE, NodeScaleTest::sayHosts)) {
      node.awaitStatus(
          status ->
              status.at("/kernel/objects").asInt() == objects
                  && status.at("/kernel/pending").asInt() == 0);
      System.out.printf(
          "arrival   %6.2f s from the connection to the last row in the kernel%n",
          (System.nanoTime() - began) / 1e9);
    }
  }
}
