package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.TestNamespaces;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The YAML of a running node is edited in place: attached endpoints follow, writes are counted,
 * others' devices stay the same, and a restarted agent finds nothing to write.
 */
class ChangesInPlaceTest {
  private static final String FABRIC =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        vtep: {cidr: 10.99.0.0/24}
      """;

  private static final Ipv4Address NODE = (Ipv4Address) IpAddress.parse("10.99.0.1");
  private static final Ipv4Address PEER = (Ipv4Address) IpAddress.parse("10.99.0.9");
  private static final IpAddress OTHER_VTEP = IpAddress.parse("10.99.0.2");

  private static final String TENANTS =
      """
      kind: Tenant
      metadata: {name: red}
      spec: {l3vni: 5001}
      ---
      kind: Tenant
      metadata: {name: blue}
      spec: {l3vni: 5002}
      ---
      kind: Network
      metadata: {name: db}
      spec: {tenant: red, vni: 200, subnets: [192.168.2.0/24], gateway: true}
      """;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private String underlayName;
  private Rtnetlink underlay;
  private int uplink;
  private NodeProcess node;
  private final List<String> pods = new ArrayList<>();

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    underlayName = namespaces.create("underlay");
    underlay = namespaces.links(underlayName);
    uplink = underlay.createBridge("uplink", LinkSettings.UP.withMtu(1500)).index();
    underlay.execute(new Request.AddAddress(Address.of(uplink, NODE, 24)));
    node = new NodeProcess(namespaces, underlayName, directory);
    node.write("fabric.yaml", FABRIC);
    node.write("tenants.yaml", TENANTS);
    web("tenant: red, vni: 100, subnets: [192.168.1.0/24]");
    node.start().awaitStatus(NodeProcess::isSettled);
    for (int i = 1; i <= 2; i++) {
      pods.add(namespaces.create("web" + i));
      attach("web-" + i, "web", pods.getLast(), "192.168.1.1" + i);
    }
    pods.add(namespaces.create("db1"));
    attach("db-1", "db", pods.getLast(), "192.168.2.11");
  }

  private void attach(String endpoint, String network, String pod, String address)
      throws Exception {
    var answer = node.attach(endpoint, network, pod, address);
    assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
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

  private void web(String spec) throws Exception {
    node.write("web.yaml", "kind: Network\nmetadata: {name: web}\nspec: {" + spec + "}\n");
  }

  private void change(String spec) throws Exception {
    change(spec, 1);
  }

  /** Counts the writes of a change, once there are as many; what comes too much comes soon. */
  private long change(String spec, int expected) throws Exception {
    long before = node.writes();
    web(spec);
    node.awaitStatus(status -> status.path("kernel").path("writes").asLong() >= before + expected);
    TimeUnit.MILLISECONDS.sleep(300);
    return node.writes() - before;
  }

  private String namespace(String tenant) {
    return namespaces.prefix() + tenant;
  }

  private static String links(String namespace) {
    try (var rtnetlink = Rtnetlink.openIn(namespace)) {
      return String.join(
          "\n", rtnetlink.links().stream().map(l -> l.index() + " " + l.name()).sorted().toList());
    }
  }

  private String defaultRoute(int pod) {
    try (var inside = Rtnetlink.openIn(pods.get(pod))) {
      return inside.routes().stream()
          .filter(route -> route.prefix().toString().equals("0.0.0.0/0"))
          .map(route -> route.nextHops().getFirst().via().map(IpAddress::toString).orElse("?"))
          .findFirst()
          .orElse("none");
    }
  }

  private int mtu(int pod) {
    try (var inside = Rtnetlink.openIn(pods.get(pod))) {
      return inside.requireLink("eth0").mtu();
    }
  }

  /**
   * Pings 100 times a second while it runs; {@link #lostOf} counts the answers that are missing.
   */
  private Process ping(String target) throws Exception {
    return new ProcessBuilder(
            "ip",
            "netns",
            "exec",
            pods.getFirst(),
            "ping",
            "-n",
            "-i",
            "0.01",
            "-c",
            "150",
            "-W",
            "1",
            target)
        .redirectErrorStream(true)
        .start();
  }

  private static int lostOf(Process ping) throws Exception {
    var text = new String(ping.getInputStream().readAllBytes());
    ping.waitFor();
    var words = text.substring(text.indexOf("packets transmitted")).split("\\D+");
    return 150 - Integer.parseInt(words[1]);
  }

  /** An agent that starts over finds exactly what it wants, so nothing was left behind. */
  private void nothingIsLeft() throws Exception {
    node.kill();
    var status = node.start().awaitStatus(NodeProcess::isSettled);
    assertThat(status.path("kernel").path("writes").asLong()).isZero();
    assertThat(status.path("endpoints")).hasSize(3);
  }

  @Test
  void theEndsInThePodsFollowMtuAndGateway() throws Exception {
    assertThat(defaultRoute(0)).isEqualTo("none");
    var others = links(namespace("red"));
    assertThat(change("tenant: red, vni: 100, mtu: 1300, subnets: [192.168.1.0/24]", 4))
        .as("bridge, VXLAN port, two endpoints' ports")
        .isEqualTo(4);
    assertThat(List.of(mtu(0), mtu(1), mtu(2))).containsExactly(1300, 1300, 1450);
    nothingIsLeft();
    change("tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true");
    assertThat(List.of(mtu(0), mtu(1))).containsExactly(1450, 1450);
    assertThat(List.of(defaultRoute(0), defaultRoute(1), defaultRoute(2)))
        .as("also those attached before, by an agent before")
        .containsExactly("192.168.1.1", "192.168.1.1", "192.168.2.1");
    assertThat(lostOf(ping("192.168.2.11"))).isZero();
    nothingIsLeft();
    var ping = ping("192.168.2.11");
    TimeUnit.MILLISECONDS.sleep(300);
    assertThat(
            change("tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: [192.168.1.254]", 6))
        .as("an address goes, and with it the kernel's neighbours; all come, two routes follow")
        .isEqualTo(6);
    int lost = lostOf(ping);
    System.out.println("gateway moved: " + lost + " of 150 pings lost, 10 ms apart");
    assertThat(lost).isLessThan(50);
    assertThat(List.of(defaultRoute(0), defaultRoute(1)))
        .containsExactly("192.168.1.254", "192.168.1.254");
    nothingIsLeft();
    change("tenant: red, vni: 100, subnets: [192.168.1.0/24]");
    assertThat(List.of(defaultRoute(0), defaultRoute(1))).containsExactly("none", "none");
    nothingIsLeft();
    assertThat(links(namespace("red"))).as("no device was made anew").isEqualTo(others);
  }

  @Test
  void endpointsGoAlongIntoAnotherVniAndAnotherTenant() throws Exception {
    change("tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true");
    var ping = ping("192.168.1.12");
    TimeUnit.MILLISECONDS.sleep(300);
    change("tenant: red, vni: 101, subnets: [192.168.1.0/24], gateway: true");
    int lost = lostOf(ping);
    System.out.println("VNI changed: " + lost + " of 150 pings lost, 10 ms apart");
    assertThat(lost).isLessThan(50);
    assertThat(links(namespace("red"))).contains("br101", "vx101").doesNotContain("br100", "vx100");
    assertThat(lostOf(ping("192.168.2.11"))).isZero();
    nothingIsLeft();
    var moving = ping("192.168.1.12");
    TimeUnit.MILLISECONDS.sleep(300);
    change("tenant: blue, vni: 101, subnets: [192.168.1.0/24], gateway: true");
    lost = lostOf(moving);
    System.out.println("tenant changed: " + lost + " of 150 pings lost, 10 ms apart");
    assertThat(lost).isLessThan(50);
    assertThat(links(namespace("blue"))).contains("br101", "vx101", "br5002");
    assertThat(links(namespace("red"))).contains("br200").doesNotContain("101");
    assertThat(lostOf(ping("192.168.1.1"))).as("its gateway is there").isZero();
    assertThat(lostOf(ping("192.168.2.11"))).as("the former tenant is not").isEqualTo(150);
    nothingIsLeft();
    change("tenant: red, vni: 101, subnets: [192.168.1.0/24], gateway: true");
    assertThat(NetworkNamespaces.exists(namespace("blue"))).isFalse();
    assertThat(lostOf(ping("192.168.2.11"))).as("and back").isZero();
    nothingIsLeft();
  }

  @Test
  void whatDoesNotFitIsSaid() throws Exception {
    web("tenant: red, vni: 100, subnets: [10.9.0.0/16]");
    var status = node.awaitStatus(s -> s.path("problems").size() == 2);
    assertThat(status.path("problems").get(0).asText())
        .contains("'web-1'", "192.168.1.11", "10.9.0.0/16", "attach it again");
    assertThat(lostOf(ping("192.168.1.12"))).as("not broken").isZero();
    web("tenant: red, vni: 100, subnets: [192.168.0.0/23]");
    node.awaitStatus(s -> s.path("problems").isEmpty());
  }

  @Test
  void theUnderlayTheTenantAndTheTargetsMayChange() throws Exception {
    change("tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true");
    long before = node.writes();
    underlay.execute(new Request.SetLink(uplink, LinkSettings.NONE.withMtu(9000)));
    node.awaitStatus(status -> status.path("kernel").path("writes").asLong() >= before + 9);
    assertThat(node.writes() - before)
        .as("bridge and VXLAN port of two networks and the tenant, three endpoints' ports")
        .isEqualTo(9);
    assertThat(List.of(mtu(0), mtu(1), mtu(2))).containsExactly(8950, 8950, 8950);
    nothingIsLeft();

    underlay.execute(new Request.DeleteAddress(Address.of(uplink, NODE, 24)));
    underlay.execute(new Request.AddAddress(Address.of(uplink, OTHER_VTEP, 24)));
    node.awaitStatus(
        status ->
            status.path("vtep").asText().equals(OTHER_VTEP.toString())
                && NodeProcess.isSettled(status));
    assertThat(locals("red")).containsExactly("10.99.0.2", "10.99.0.2", "10.99.0.2");
    assertThat(lostOf(ping("192.168.2.11"))).isZero();
    nothingIsLeft();

    long standing = node.writes();
    node.write("tenants.yaml", TENANTS.replace("5001", "5003"));
    node.awaitStatus(status -> status.path("kernel").path("writes").asLong() > standing);
    node.writes();
    assertThat(links(namespace("red")))
        .contains("br5003", "vx5003", "br100", "br200")
        .doesNotContain("5001");
    assertThat(lostOf(ping("192.168.2.11"))).isZero();
    nothingIsLeft();

    var devices = links(namespace("red"));
    long settled = node.writes();
    web(
        "tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true,"
            + " routeTargets: {import: ['65000:77'], export: ['65000:77']}");
    node.awaitAnswer("networks", networks -> networks.toString().contains("65000:77"));
    assertThat(node.writes()).as("nothing of others was imported").isEqualTo(settled);
    assertThat(links(namespace("red"))).isEqualTo(devices);
    nothingIsLeft();
  }

  private List<String> locals(String tenant) {
    try (var rtnetlink = Rtnetlink.openIn(namespace(tenant))) {
      return rtnetlink.links().stream()
          .flatMap(link -> link.vxlan().stream())
          .map(vxlan -> vxlan.local().map(IpAddress::toString).orElse(""))
          .toList();
    }
  }

  @Test
  void aNeighbourHearsOfTheChangedNetworkOnly() throws Exception {
    underlay.setLink(underlay.requireLink("lo").index(), LinkSettings.UP);
    underlay.execute(new Request.AddAddress(Address.of(uplink, PEER, 24)));
    node.write("fabric.yaml", FABRIC + "  peers: [{address: " + PEER + "}]\n");
    var heard = new HeardUpdates();
    change("tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true");
    try (var peer = RoutePeer.connect(underlayName, PEER, NODE, heard)) {
      peer.announce(
          PathAttributes.originated(PEER, List.of(), Optional.empty()),
          List.of(RouteTargetMembership.DEFAULT));
      assertThat(heard.distinguishers()).containsExactlyInAnyOrder("100", "200", "5001");
      change("tenant: red, vni: 101, subnets: [192.168.1.0/24], gateway: true");
      assertThat(heard.distinguishers()).as("its VNI").containsExactlyInAnyOrder("100", "101");
      change("tenant: red, vni: 101, mtu: 1300, subnets: [192.168.1.0/24], gateway: true");
      assertThat(heard.distinguishers()).as("its MTU").isEmpty();
      change("tenant: red, vni: 101, subnets: [192.168.1.0/24], gateway: true");
      change("tenant: red, vni: 101, subnets: [192.168.1.0/24], gateway: [192.168.1.254]");
      assertThat(heard.distinguishers()).as("its gateway").isEmpty();
      change("tenant: blue, vni: 101, subnets: [192.168.1.0/24], gateway: [192.168.1.254]");
      assertThat(heard.distinguishers())
          .as("its tenant: its routes, and its subnet in both tenants")
          .containsExactlyInAnyOrder("101", "5001", "5002");
    }
  }
}
