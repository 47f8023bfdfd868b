package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Endpoint resources in the directory of a real agent, with real links and frames. */
class DeclaredEndpointsProcessTest {
  private static final String RED =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        vtep: {cidr: 10.99.0.0/24}
      ---
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: red-web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24]}
      """;

  private static final MacAddress MAC = MacAddress.parse("52:54:00:00:00:07");
  private static final IpAddress FAR = IpAddress.parse("192.168.1.7");
  private static final IpAddress OTHER = IpAddress.parse("192.168.1.8");

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;
  private String host;
  private Rtnetlink underlay;
  private String pod;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    node = NodeProcess.alone(namespaces, directory);
    host = node.underlay();
    underlay = namespaces.links(host);
    node.write("red.yaml", RED);
  }

  private void start() throws Exception {
    node.start().awaitStatus(is -> is.has("vtep") && is.path("converged").asBoolean());
    pod = namespaces.create("pod");
    node.attached("web-1", "red-web", pod, "192.168.1.10");
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

  private static String endpoint(String name, String fields) {
    return """
    kind: Endpoint
    metadata: {name: %s}
    spec: {network: red-web, %s}
    ---
    """
        .formatted(name, fields);
  }

  private static String behindEth1(IpAddress... addresses) {
    return endpoint(
        "db-1", "node: n1, link: eth1, mac: %s, addresses: %s".formatted(MAC, List.of(addresses)));
  }

  /** A host of bare metal: a namespace whose only link ends in the node. */
  private Rtnetlink bareMetal(Rtnetlink metal) {
    underlay.createVeth(
        "eth1", LinkSettings.UP.withMtu(1500), "eth0", LinkSettings.UP.withMac(MAC), metal);
    int eth0 = metal.requireLink("eth0").index();
    metal.execute(new Request.AddAddress(Address.of(eth0, FAR, 24)));
    metal.execute(new Request.AddAddress(Address.of(eth0, OTHER, 24)));
    return metal;
  }

  private Rtnetlink bareMetal() {
    return bareMetal(namespaces.links(namespaces.create("metal")));
  }

  private boolean isReached(IpAddress address) {
    try (var echo = IcmpEcho.openIn(pod, address)) {
      for (int i = 0; i < 20; i++) {
        if (echo.ping(64, Duration.ofMillis(250)) instanceof EchoResult.Reply) {
          return true;
        }
      }
      return false;
    }
  }

  private static Optional<JsonNode> find(JsonNode status, String array, String name) {
    for (var each : status.path(array)) {
      if (each.path("name").asText().equals(name)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  private static boolean isAttached(JsonNode status, String name, IpAddress... addresses) {
    return find(status, "endpoints", name)
        .filter(each -> each.path("attached").asBoolean() && each.path("declared").asBoolean())
        .filter(
            each -> {
              for (var address : addresses) {
                if (!each.path("addresses").toString().contains(address + "/")) {
                  return false;
                }
              }
              return each.path("addresses").size() == addresses.length;
            })
        .isPresent();
  }

  private static String reason(JsonNode status, String name) {
    return find(status, "waitingEndpoints", name)
        .map(each -> each.path("reason").asText())
        .orElse("");
  }

  @Test
  void itComesWithItsLinkFollowsItsResourceAndSurvivesRestarts() throws Exception {
    start();
    node.write("db.yaml", behindEth1(FAR));
    node.awaitStatus(is -> reason(is, "db-1").contains("no link eth1"));
    var metal = bareMetal();
    node.awaitStatus(is -> isAttached(is, "db-1", FAR));
    assertThat(isReached(FAR)).isTrue();
    assertThat(underlay.link("eth1")).as("it is the tenant's").isEmpty();

    var tenant = namespaces.links(namespaces.prefix() + "red");
    int index = port(tenant);
    node.write("db.yaml", behindEth1(OTHER));
    node.awaitStatus(is -> isAttached(is, "db-1", OTHER));
    assertThat(port(tenant)).as("the link was not given back meanwhile").isEqualTo(index);
    assertThat(isReached(OTHER)).isTrue();

    var refused = node.call(ControlClient.request("detach").put("endpoint", "db-1"));
    assertThat(refused.path("error").path("message").asText()).contains("remove Endpoint db-1");

    node.kill();
    assertThat(isReached(OTHER)).as("the kernel forwards on").isTrue();
    node.start().awaitStatus(is -> isAttached(is, "db-1", OTHER));
    assertThat(node.status().path("kernel").path("writes").asInt()).isZero();
    assertThat(port(tenant)).isEqualTo(index);

    metal.deleteLink(metal.requireLink("eth0").index());
    node.awaitStatus(is -> reason(is, "db-1").contains("no link eth1"));
    bareMetal(metal);
    node.awaitStatus(is -> isAttached(is, "db-1", OTHER));
    assertThat(isReached(OTHER)).as("the link is another one").isTrue();

    node.kill();
    Files.delete(node.config().resolve("db.yaml"));
    node.start().awaitStatus(is -> is.path("endpoints").size() == 1);
    node.awaitStatus(_ -> underlay.link("eth1").filter(l -> l.alias().isEmpty()).isPresent());
    var back = underlay.requireLink("eth1");
    assertThat(back.up()).isTrue();
  }

  /** The port's index in the tenant: another one when the link was elsewhere in between. */
  private static int port(Rtnetlink tenant) {
    return tenant.links().stream()
        .filter(link -> link.alias().filter(alias -> alias.contains("link=eth1")).isPresent())
        .findFirst()
        .orElseThrow()
        .index();
  }

  @Test
  void onlyTheNodeThatItNamesTakesItAndWhatClashesIsSaid() throws Exception {
    bareMetal();
    start();
    node.write("db.yaml", endpoint("db-9", "node: n2, link: eth1, mac: 52:54:00:00:00:09"));
    node.write(
        "vm.yaml",
        endpoint("vm-1", "node: n1, tap: vm0, addresses: [192.168.1.7]")
            + endpoint("vm-2", "node: n1, tap: vm0, addresses: [192.168.1.8]")
            + endpoint("web-1", "node: n1, tap: vm1")
            + endpoint("bad", "node: n1"));
    var status =
        node.awaitStatus(
            is -> isAttached(is, "vm-1", FAR) && is.path("waitingEndpoints").size() == 2);
    assertThat(reason(status, "vm-2")).contains("tap vm0").contains("'vm-1'");
    assertThat(reason(status, "web-1")).contains("a call has attached an endpoint of this name");
    assertThat(status.path("problems").toString())
        .contains("vm.yaml:7:")
        .contains("tap vm0 of node n1 is also that of Endpoint vm-1")
        .contains("vm.yaml:15:");
    assertThat(underlay.link("eth1")).as("it is node n2's affair").isPresent();
    assertThat(underlay.link("vm0")).isPresent();
    try (var _ = new VirtualMachine(host, "vm0", mac(status, "vm-1"), FAR)) {
      assertThat(isReached(FAR)).isTrue();
    }
    node.write("vm.yaml", endpoint("vm-1", "node: n2, tap: vm0, addresses: [192.168.1.7]"));
    node.awaitStatus(is -> find(is, "endpoints", "vm-1").isEmpty());
    node.awaitStatus(_ -> underlay.link("vm0").isEmpty());
  }

  private static MacAddress mac(JsonNode status, String name) {
    return MacAddress.parse(find(status, "endpoints", name).orElseThrow().path("mac").asText());
  }

  @Test
  void aResourceThatBecomesBadChangesNothing() throws Exception {
    bareMetal();
    node.write("db.yaml", behindEth1(FAR));
    start();
    node.awaitStatus(is -> isAttached(is, "db-1", FAR));
    node.kill();
    node.write("db.yaml", behindEth1(FAR).replace("link:", "lnik:"));
    node.start();
    var status = node.awaitStatus(is -> isAttached(is, "db-1", FAR));
    assertThat(reason(status, "db-1")).contains("cannot be read").contains("it stays");
    assertThat(isReached(FAR)).isTrue();
    Files.delete(node.config().resolve("db.yaml"));
    node.awaitStatus(_ -> underlay.link("eth1").isPresent());
  }
}
