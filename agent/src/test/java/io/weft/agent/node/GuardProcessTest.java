package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.metrics.MetricsAddress;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pod that may do everything inside its own namespace (CAP_NET_ADMIN, CAP_NET_RAW) takes another
 * MAC and another address there: it reaches nobody by them, the agent says so by name, and the
 * other pods notice nothing.
 */
class GuardProcessTest {
  private static final IpAddress BAD = IpAddress.parse("192.168.1.10");
  private static final IpAddress GOOD = IpAddress.parse("192.168.1.11");
  private static final IpAddress OTHER = IpAddress.parse("192.168.1.12");
  private static final IpAddress TAKEN = IpAddress.parse("192.168.1.13");

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;
  private String bad;
  private String good;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    node = NodeProcess.alone(namespaces, directory);
    var underlay = namespaces.links(node.underlay());
    underlay.setLink(underlay.requireLink("lo").index(), LinkSettings.UP);
    node.write(
        "all.yaml",
        """
        kind: Fabric
        metadata: {name: default}
        spec: {vtep: {cidr: 10.99.0.0/24}}
        ---
        kind: Network
        metadata: {name: web}
        spec: {vni: 100, subnets: [192.168.1.0/24]}
        """);
    node.start().awaitStatus(status -> status.has("vtep"));
    bad = attach("bad", BAD);
    good = attach("good", GOOD);
    attach("other", OTHER);
  }

  private String attach(String endpoint, IpAddress address) throws Exception {
    var pod = namespaces.create(endpoint);
    var answer = node.attach(endpoint, "web", pod, address.toString());
    assertThat(answer.path("ok").asBoolean()).as(answer.toString()).isTrue();
    return pod;
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

  private static boolean reaches(String pod, IpAddress to, Duration wait) {
    try (var echo = IcmpEcho.openIn(pod, to)) {
      return echo.ping(56, wait) instanceof EchoResult.Reply;
    } catch (io.weft.linux.ffi.LinuxException _) {
      return false; // the neighbour does not answer
    }
  }

  private static long stopped(JsonNode status, String endpoint, String reason) {
    for (var port : status.path("stopped").path("ports")) {
      if (port.path("endpoint").asText().equals(endpoint)) {
        return port.path("reasons").path(reason).asLong();
      }
    }
    return 0;
  }

  @Test
  void whatItTakesInsideItsOwnNamespaceIsOfNoUseToIt() throws Exception {
    var inside = namespaces.links(bad);
    int eth0 = inside.requireLink("eth0").index();
    var mac = inside.requireLink("eth0").mac().orElseThrow();
    assertThat(reaches(bad, GOOD, Duration.ofSeconds(60))).isTrue();

    var others = MacAddress.parse("02:66:66:66:66:66");
    inside.execute(new Request.SetLink(eth0, LinkSettings.NONE.withMac(others)));
    assertThat(reaches(bad, GOOD, Duration.ofMillis(500))).as("under another MAC").isFalse();
    node.awaitStatus(status -> stopped(status, "bad", "source-mac") > 0);

    inside.execute(new Request.SetLink(eth0, LinkSettings.NONE.withMac(mac)));
    assertThat(reaches(bad, GOOD, Duration.ofSeconds(60))).as("under its own again").isTrue();

    inside.execute(new Request.DeleteAddress(Address.of(eth0, BAD, 24)));
    inside.execute(new Request.AddAddress(Address.of(eth0, TAKEN, 24)));
    assertThat(reaches(bad, OTHER, Duration.ofMillis(500))).as("under another address").isFalse();
    node.awaitStatus(
        status -> stopped(status, "bad", "arp") + stopped(status, "bad", "source-address") > 0);

    assertThat(reaches(good, OTHER, Duration.ofSeconds(60))).as("pods beside it").isTrue();
    var status = node.status();
    assertThat(status.path("stopped").path("ports").findValuesAsText("endpoint"))
        .containsExactly("bad");
    var question = JsonNodeFactory.instance.objectNode().put("call", "endpoints");
    assertThat(node.call(question.put("endpoint", "bad")).path("stopped")).hasSize(1);
    assertThat(node.call(question.put("endpoint", "good")).path("stopped")).isEmpty();
    assertThat(node.call(question.put("endpoint", "nobody")).toString()).contains("nobody");
    assertThat(String.join("\n", node.log())).contains("of endpoint 'bad'");
    assertThat(status.path("problems")).isEmpty();

    var metrics = Scrape.of(node.underlay(), "127.0.0.1", MetricsAddress.NODE_PORT);
    assertThat(metrics).startsWith("HTTP/1.1 200 OK");
    assertThat(
            Scrape.value(
                metrics, "weft_stopped_frames_total{reason=\"source-mac\",tenant=\"_web\"}"))
        .isGreaterThan(0);
    assertThat(Scrape.value(metrics, "weft_answers")).isEqualTo(1);
    assertThat(Scrape.value(metrics, "weft_endpoints{attached=\"true\"}")).isEqualTo(3);
    assertThat(
            Scrape.value(
                metrics, "weft_network_addresses_used{network=\"web\",subnet=\"192.168.1.0/24\"}"))
        .isEqualTo(3);
    assertThat(Scrape.value(metrics, "weft_bgp_routes{family=\"l2vpn-evpn\",type=\"2\"}"))
        .isEqualTo(3);
  }
}
