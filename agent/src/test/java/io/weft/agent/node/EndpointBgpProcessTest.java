package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** BGP between a real agent and daemons of others in pods: FRR, GoBGP and BIRD. */
class EndpointBgpProcessTest {
  private static final String FABRIC =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 10.99.0.0/24}}
      """;
  private static final String TENANTS =
      """
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Tenant
      metadata: {name: blue}
      ---
      kind: Network
      metadata: {name: red-web}
      spec:
        tenant: red
        vni: 100
        subnets: [192.168.1.0/24, "fd00:1::/64"]
        gateway: true
        bgp: {asn: 65001, prefixes: [10.50.0.0/16 le 24, "fd50::/16 le 64"], maximumPrefixes: 5}
      ---
      kind: Network
      metadata: {name: blue-web}
      spec: {tenant: blue, vni: 200, subnets: [192.168.7.0/24], gateway: true}
      """;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;
  private String pod;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    node = NodeProcess.alone(namespaces, directory.resolve("n1"));
    node.write("fabric.yaml", FABRIC);
    node.write("tenants.yaml", TENANTS);
    node.start().awaitStatus(status -> status.path("converged").asBoolean());
    pod = namespaces.create("pod");
    attach("router-1", "red-web", pod, "192.168.1.10", "fd00:1::10");
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

  private void attach(String endpoint, String network, String pod, String... addresses)
      throws Exception {
    var answer = node.attach(endpoint, network, pod, addresses);
    assertThat(answer.path("ok").asBoolean()).as(answer.toPrettyString()).isTrue();
  }

  private static String frr(String... networks) {
    var text = new StringBuilder("router bgp 65100\n bgp router-id 1.1.1.1\n");
    text.append(" no bgp default ipv4-unicast\n no bgp ebgp-requires-policy\n");
    text.append(" no bgp network import-check\n");
    text.append(" neighbor 192.168.1.1 remote-as 65001\n neighbor 192.168.1.1 timers connect 1\n");
    text.append(" neighbor fd00:1::1 remote-as 65001\n neighbor fd00:1::1 timers connect 1\n");
    text.append(" address-family ipv4 unicast\n  neighbor 192.168.1.1 activate\n");
    for (var network : networks) {
      if (!network.contains(":")) {
        text.append("  network ").append(network).append('\n');
      }
    }
    text.append(" exit-address-family\n address-family ipv6 unicast\n");
    text.append("  neighbor fd00:1::1 activate\n");
    for (var network : networks) {
      if (network.contains(":")) {
        text.append("  network ").append(network).append('\n');
      }
    }
    return text.append(" exit-address-family\n").toString();
  }

  private PodRouter startFrr(String... networks) throws Exception {
    assumeTrue(PodRouter.hasFrr(), "needs FRR");
    return namespaces.closing(PodRouter.frr(pod, directory.resolve("frr"), frr(networks)));
  }

  /** What stands in the tenant's table by the word of endpoints. */
  private List<String> learned() {
    return namespaces.links(namespaces.prefix() + "red").routes().stream()
        .filter(route -> route.protocol() == Route.BGP && route.metric().orElse(0) == 10)
        .map(route -> route.prefix() + " via " + route.nextHops().getFirst().via().orElseThrow())
        .sorted()
        .toList();
  }

  private void awaitLearned(String... routes) throws Exception {
    node.awaitStatus(_ -> learned().equals(List.of(routes)));
  }

  private static List<String> refused(JsonNode status) {
    var texts = new ArrayList<String>();
    for (var session : status.path("endpointSessions")) {
      session
          .path("refused")
          .forEach(r -> texts.add(r.path("prefix").asText() + ": " + r.path("reason").asText()));
    }
    return texts;
  }

  @Test
  void frrSaysPrefixesOfBothFamiliesAndSomeThatItMayNot() throws Exception {
    startFrr("10.50.0.0/16", "10.66.0.0/16", "192.168.1.20/32", "192.168.7.0/24", "fd50:1::/48");
    awaitLearned("10.50.0.0/16 via 192.168.1.10", "fd50:1::/48 via fd00:1::10");
    var status = node.awaitStatus(each -> refused(each).size() == 3);
    assertThat(refused(status))
        .containsExactly(
            "10.66.0.0/16: it is none of bgp.prefixes of network 'red-web'",
            "192.168.1.20/32: it is within subnet 192.168.1.0/24 of the tenant, whose addresses are"
                + " those of endpoints",
            "192.168.7.0/24: it is none of bgp.prefixes of network 'red-web'");
    assertThat(status.path("endpointSessions")).hasSize(2);
    assertThat(status.path("endpointSessions").path(0).path("asn").asInt()).isEqualTo(65100);

    assertThat(reasons("10.50.7.1"))
        .containsExactly("10.50.0.0/16 router-1 192.168.1.10: said by BGP");
    assertThat(reasons("10.66.0.0/16"))
        .containsExactly(
            "10.66.0.0/16 router-1 192.168.1.10: refused: it is none of bgp.prefixes of network"
                + " 'red-web'");
    var tenant = node.call(ControlClient.request("tenants").put("tenant", "red"));
    assertThat(tenant.path("behindEndpoints").findValuesAsText("used"))
        .containsExactly("true", "false", "false", "false", "true");

    var links = namespaces.links(pod);
    links.execute(
        new Request.AddAddress(
            Address.of(links.requireLink("lo").index(), IpAddress.parse("10.50.0.1"), 32)));
    var client = namespaces.create("client");
    attach("client-1", "red-web", client, "192.168.1.30");
    assertThat(pings(client, "10.50.0.1")).as("traffic flows through").isTrue();
  }

  /** What {@code weft why-not} says of endpoints. */
  private List<String> reasons(String question) throws Exception {
    var texts = new ArrayList<String>();
    var answer = node.call(ControlClient.request("why").put("route", question));
    for (var row : answer.path("endpoints")) {
      texts.add(
          "%s %s %s: %s"
              .formatted(
                  row.path("prefix").asText(),
                  row.path("endpoint").asText(),
                  row.path("address").asText(),
                  row.path("reason").asText()));
    }
    return texts;
  }

  private static boolean pings(String from, String to) {
    try (var echo = IcmpEcho.openIn(from, IpAddress.parse(to))) {
      return echo.ping(56, Duration.ofSeconds(3)) instanceof EchoResult.Reply;
    }
  }

  @Test
  void aDaemonThatIsKilledTakesItsPrefixesAlong() throws Exception {
    var frr = startFrr("10.50.1.0/24");
    awaitLearned("10.50.1.0/24 via 192.168.1.10");
    frr.kill();
    awaitLearned();
    var status = node.awaitStatus(each -> each.path("endpointSessions").size() > 0);
    assertThat(status.path("endpointSessions").path(0).path("state").asText()).isEqualTo("Idle");
  }

  @Test
  void tooManyPrefixesEndTheSession() throws Exception {
    var frr = startFrr("10.50.1.0/24", "10.50.2.0/24");
    awaitLearned("10.50.1.0/24 via 192.168.1.10", "10.50.2.0/24 via 192.168.1.10");
    frr.type(
        "router bgp 65100",
        "address-family ipv4 unicast",
        "network 10.50.3.0/24",
        "network 10.50.4.0/24",
        "network 10.50.5.0/24",
        "network 10.50.6.0/24");
    awaitLearned();
    var status =
        node.awaitStatus(
            each ->
                each.path("endpointSessions").path(0).path("lastReason").asText().contains("5"));
    assertThat(status.path("endpointSessions").path(0).path("lastReason").asText())
        .contains("more than 5 routes");
  }

  @Test
  void anAgentThatIsKilledLeavesTheRoutesAndItsSuccessorAdoptsThem() throws Exception {
    startFrr("10.50.1.0/24", "10.50.2.0/24");
    awaitLearned("10.50.1.0/24 via 192.168.1.10", "10.50.2.0/24 via 192.168.1.10");
    node.kill();
    assertThat(learned()).hasSize(2);
    node.start();
    var status =
        node.awaitStatus(
            each -> each.path("endpointSessions").path(0).path("accepted").asInt() == 2);
    assertThat(status.path("kernel").path("writes").asInt()).as("nothing is written").isZero();
    assertThat(learned()).hasSize(2);
  }

  @Test
  void whatAnEndpointNoLongerSaysAfterARestartGoes() throws Exception {
    var frr = startFrr("10.50.1.0/24", "10.50.2.0/24");
    awaitLearned("10.50.1.0/24 via 192.168.1.10", "10.50.2.0/24 via 192.168.1.10");
    node.kill();
    frr.type("router bgp 65100", "address-family ipv4 unicast", "no network 10.50.2.0/24");
    node.start();
    awaitLearned("10.50.1.0/24 via 192.168.1.10");
  }

  private void secret(Path file, String text) throws Exception {
    var fresh = Files.writeString(directory.resolve("fresh"), text + "\n");
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String[] password(String password) {
    return new String[] {
      "router bgp 65100",
      "neighbor 192.168.1.1 password " + password,
      "neighbor fd00:1::1 password " + password
    };
  }

  @Test
  void aPasswordIsDemandedOfAllEndpointsOfANetwork() throws Exception {
    var file = directory.resolve("secret");
    node.write(
        "tenants.yaml",
        TENANTS.replace("s: 5}", "s: 5, passwordFrom: {file: %s}}".formatted(file)));
    node.awaitStatus(
        status ->
            status
                .path("problems")
                .toString()
                .contains(
                    "network red-web: no session with endpoints: the secret's file "
                        + file
                        + " does not exist"));
    var frr = startFrr("10.50.1.0/24", "fd50:1::/48");
    frr.type(password("hushhush1"));
    secret(file, "hushhush1");
    awaitLearned("10.50.1.0/24 via 192.168.1.10", "fd50:1::/48 via fd00:1::10");
    assertThat(node.status().path("problems")).isEmpty();

    secret(file, "hushhush2");
    awaitLearned();
    var ended = node.awaitStatus(each -> each.path("endpointSessions").size() == 2);
    assertThat(ended.path("endpointSessions").path(0).path("lastReason").asText())
        .contains("the password has changed");
    frr.type(password("hushhush2"));
    awaitLearned("10.50.1.0/24 via 192.168.1.10", "fd50:1::/48 via fd00:1::10");

    frr.type("router bgp 65100", "no neighbor 192.168.1.1 password");
    awaitLearned("fd50:1::/48 via fd00:1::10");
    assertThat(String.join("\n", node.log()) + node.status()).doesNotContain("hushhush");

    node.write("tenants.yaml", TENANTS);
    frr.type("router bgp 65100", "no neighbor fd00:1::1 password");
    awaitLearned("10.50.1.0/24 via 192.168.1.10", "fd50:1::/48 via fd00:1::10");
  }

  @Test
  void gobgpSaysAPrefix() throws Exception {
    assumeTrue(PodRouter.hasGobgp(), "needs GoBGP");
    namespaces.links(pod).setLink(namespaces.links(pod).requireLink("lo").index(), LinkSettings.UP);
    var gobgp =
        namespaces.closing(
            PodRouter.gobgp(
                pod,
                directory.resolve("gobgp"),
                """
                [global.config]
                  as = 65200
                  router-id = "2.2.2.2"
                  port = -1
                [[neighbors]]
                  [neighbors.config]
                    neighbor-address = "192.168.1.1"
                    peer-as = 65001
                  [neighbors.timers.config]
                    connect-retry = 5
                """));
    node.awaitStatus(
        each -> each.path("endpointSessions").path(0).path("state").asText().equals("Established"));
    gobgp.call("gobgp", "global", "rib", "add", "10.50.9.0/24");
    awaitLearned("10.50.9.0/24 via 192.168.1.10");
  }

  @Test
  void birdSaysPrefixes() throws Exception {
    assumeTrue(PodRouter.hasBird(), "needs BIRD");
    namespaces.closing(
        PodRouter.bird(
            pod,
            directory.resolve("bird"),
            """
            router id 3.3.3.3;
            protocol device {}
            protocol static s4 { ipv4; route 10.50.8.0/24 unreachable; }
            protocol static s6 { ipv6; route fd50:8::/48 unreachable; }
            protocol bgp g4 {
              local 192.168.1.10 as 65300; neighbor 192.168.1.1 as 65001;
              connect retry time 1; connect delay time 1;
              ipv4 { export all; import none; next hop self; };
            }
            protocol bgp g6 {
              local fd00:1::10 as 65300; neighbor fd00:1::1 as 65001;
              connect retry time 1; connect delay time 1;
              ipv6 { export all; import none; next hop self; };
            }
            """));
    awaitLearned("10.50.8.0/24 via 192.168.1.10", "fd50:8::/48 via fd00:1::10");
  }
}
