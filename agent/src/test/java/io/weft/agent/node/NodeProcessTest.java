package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
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
 * One {@code weft node} end to end: configuration, socket, kernel, restarts; good and bad input.
 */
class NodeProcessTest {
  private static final String FABRIC =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        vtep: {cidr: 10.99.0.0/24}
      """;

  private static final String RED =
      """
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: red-web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24]}
      """;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;
  private Rtnetlink underlay;
  private Link uplink;
  private String tenant;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    var name = namespaces.create("underlay");
    underlay = namespaces.links(name);
    uplink = underlay.createBridge("uplink", LinkSettings.UP.withMtu(1500));
    addVtep();
    tenant = namespaces.prefix() + "red";
    node = new NodeProcess(namespaces, name, directory);
    node.write("fabric.yaml", FABRIC);
    node.write("red.yaml", RED);
  }

  private void addVtep() {
    underlay.execute(
        new Request.AddAddress(Address.of(uplink.index(), IpAddress.parse("10.99.0.1"), 24)));
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

  private static boolean isReady(JsonNode status) {
    return status.has("vtep") && status.path("converged").asBoolean();
  }

  private static List<String> problems(JsonNode status) {
    var texts = new ArrayList<String>();
    status.path("problems").forEach(problem -> texts.add(problem.asText()));
    return texts;
  }

  private static String message(JsonNode answer) {
    return answer.path("error").path("message").asText();
  }

  private static String reason(JsonNode answer) {
    return answer.path("error").path("reason").asText();
  }

  @Test
  void badInputIsNamedWithItsPlaceAndEverythingElseGoesOn() throws Exception {
    node.start().awaitStatus(NodeProcessTest::isReady);
    node.write("a-key.yaml", "kind: Network\nmetadata: {name: a}\nspec: {vin: 7}\n");
    node.write("b-vni.yaml", "kind: Network\nmetadata: {name: b}\nspec:\n  vni: 16777216\n");
    node.write("c-clash.yaml", "kind: Network\nmetadata: {name: c}\nspec:\n  vni: 100\n");
    node.write("d-yaml.yaml", "kind: Network\nmetadata: {name: d\nspec: [\n");
    var seen = problems(node.awaitStatus(status -> status.path("problems").size() >= 4));
    assertThat(seen).hasSize(4);
    assertThat(seen.get(0)).startsWith("a-key.yaml:3:8: ").contains("'vin'").contains("vni");
    assertThat(seen.get(1)).startsWith("b-vni.yaml:4:8: ").contains("16777215");
    assertThat(seen.get(2)).startsWith("c-clash.yaml:4:8: ").contains("100").contains("red-web");
    assertThat(seen.get(3)).matches("d-yaml\\.yaml:\\d+:\\d+: .+");
    assertThat(String.join("\n", node.log())).contains(seen);

    var pod = namespaces.create("pod");
    node.attached("web-1", "red-web", pod, "192.168.1.10");
    for (var bad : List.of("a", "b", "c", "d")) {
      assertThat(message(node.attach("e", bad, pod))).contains("'" + bad + "' is not known");
    }

    node.write("a-key.yaml", "kind: Network\nmetadata: {name: a}\nspec: {vni: 7}\n");
    node.write("b-vni.yaml", "kind: Network\nmetadata: {name: b}\nspec:\n  vni: 16777215\n");
    node.write("c-clash.yaml", "kind: Network\nmetadata: {name: c}\nspec:\n  vni: 101\n");
    node.write("d-yaml.yaml", "kind: Network\nmetadata: {name: d}\nspec: {}\n");
    node.awaitStatus(status -> status.path("problems").isEmpty());
    var networks = node.awaitAnswer("networks", answer -> answer.path("networks").size() == 5);
    assertThat(networks.path("networks").findValuesAsText("name"))
        .containsExactly("a", "b", "c", "d", "red-web");
  }

  @Test
  void refusedAttachCallsSayWhyAndLeaveNothing() throws Exception {
    node.start().awaitStatus(NodeProcessTest::isReady);
    var pod = namespaces.create("pod");
    var unknown = node.attach("e", "blue", pod);
    assertThat(reason(unknown)).isEqualTo("UNKNOWN_NETWORK");
    assertThat(message(unknown)).contains("'blue'").contains("n1").contains("red-web");
    var outside = node.attach("e", "red-web", pod, "192.168.2.10");
    assertThat(reason(outside)).isEqualTo("ADDRESS_OUTSIDE_SUBNET");
    assertThat(message(outside)).contains("192.168.2.10").contains("192.168.1.0/24");
    var missing = node.attach("e", "red-web", pod + "-not", "192.168.1.10");
    assertThat(reason(missing)).isEqualTo("KERNEL_REFUSED");
    assertThat(message(missing)).contains(pod + "-not").contains("ENOENT");
    var notAnAddress = node.attach("e", "red-web", pod, "192.168.1");
    assertThat(reason(notAnAddress)).isEqualTo("INVALID_REQUEST");
    assertThat(message(notAnAddress)).contains("192.168.1");
    var noEndpoint = node.call(ControlClient.request("attach").put("network", "red-web"));
    assertThat(message(noEndpoint)).contains("'endpoint' is missing");
    var noList =
        node.call(
            ControlClient.request("attach")
                .put("endpoint", "e")
                .put("network", "red-web")
                .put("netns", pod)
                .put("interface", "eth0")
                .put("addresses", "192.168.1.10"));
    assertThat(message(noList)).contains("'addresses' is not a list");
    assertThat(namespaces.links(pod).link("eth0")).isEmpty();
    node.awaitStatus(
        s -> s.path("endpoints").isEmpty() && s.path("kernel").path("pending").asInt() == 0);
    assertThat(NetworkNamespaces.exists(tenant)).as("nothing is left").isFalse();
    node.attached("e", "red-web", pod, "192.168.1.10");
  }

  @Test
  void aChangedFileIsAppliedWithoutRestart() throws Exception {
    node.start().awaitStatus(NodeProcessTest::isReady);
    var pod = namespaces.create("pod");
    assertThat(node.attach("e", "blue-web", pod).path("ok").asBoolean()).isFalse();
    node.write(
        "blue.yaml",
        """
        kind: Tenant
        metadata: {name: blue}
        ---
        kind: Network
        metadata: {name: blue-web}
        spec: {tenant: blue, subnets: [192.168.1.0/24]}
        """);
    node.awaitAnswer("networks", answer -> answer.path("networks").size() == 2);
    var attached = node.attach("e", "blue-web", pod);
    assertThat(attached.path("ok").asBoolean()).as(attached.toString()).isTrue();
    var eth0 = namespaces.links(pod).requireLink("eth0");
    assertThat(eth0.mac().orElseThrow()).hasToString(attached.path("mac").asText());
    assertThat(eth0.mtu()).isEqualTo(1450).isEqualTo(attached.path("mtu").asInt());
    Files.delete(node.config().resolve("blue.yaml"));
    node.awaitAnswer("networks", answer -> answer.toString().contains("\"orphaned\":true"));
    assertThat(namespaces.links(pod).link("eth0")).as("what is attached stays").isPresent();
    assertThat(node.process().isAlive()).isTrue();
  }

  @Test
  void aGatewayAdvertisesItselfFromWhenTheFileSaysSo() throws Exception {
    var web =
        """
        kind: Network
        metadata: {name: red-web}
        spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24, 'fd00:1::/64'], gateway: true%s}
        """;
    var red = "kind: Tenant\nmetadata: {name: red}\n---\n" + web;
    node.write("red.yaml", red.formatted(""));
    node.start().awaitStatus(NodeProcessTest::isReady);
    var pod = namespaces.create("pod");
    var attached = node.attach("web-1", "red-web", pod, "192.168.1.10");
    assertThat(attached.path("ok").asBoolean()).as(attached.toString()).isTrue();
    var inside = namespaces.links(pod);
    Thread.sleep(2_500); // it looks for routers by itself meanwhile
    assertThat(advertised(inside)).isFalse();
    node.write("red.yaml", red.formatted(", routerAdvertisements: addresses"));
    awaitAdvertised(inside, true);
    assertThat(inside.addresses()).anyMatch(a -> a.address().toString().startsWith("fd00:1::"));
    node.kill();
    assertThat(advertised(inside)).as("while it is away").isTrue();
    node.start().awaitStatus(NodeProcessTest::isReady);
    Thread.sleep(2_500);
    node.write("red.yaml", red.formatted(""));
    awaitAdvertised(inside, false);
  }

  private static boolean advertised(Rtnetlink inside) {
    return inside.routes().stream()
        .flatMap(route -> route.nextHops().stream())
        .anyMatch(hop -> hop.via().equals(Optional.of(IpAddress.parse("fe80::1"))));
  }

  private static void awaitAdvertised(Rtnetlink inside, boolean wanted) throws Exception {
    for (int i = 0; i < 100 && advertised(inside) != wanted; i++) {
      Thread.sleep(100);
    }
    assertThat(advertised(inside)).isEqualTo(wanted);
  }

  @Test
  void aKilledNodeComesBackAndWritesNothingAStoppedOneToo() throws Exception {
    var pod = namespaces.create("pod");
    node.start().awaitStatus(NodeProcessTest::isReady);
    var attached = node.attach("web-1", "red-web", pod, "192.168.1.10");
    assertThat(attached.path("ok").asBoolean()).as(attached.toString()).isTrue();
    var before = namespaces.links(tenant).links();
    node.kill();
    node.start();
    assertAdopted(node.awaitStatus(NodeProcessTest::isReady), before);
    assertThat(node.terminate()).as("128 + SIGTERM").isEqualTo(143);
    assertThat(node.socket()).doesNotExist();
    assertThat(namespaces.links(tenant).links()).isEqualTo(before);
    node.start();
    assertAdopted(node.awaitStatus(NodeProcessTest::isReady), before);
    var detached = node.call(ControlClient.request("detach").put("endpoint", "web-1"));
    assertThat(detached.path("wasAttached").asBoolean()).isTrue();
    assertThat(namespaces.links(pod).link("eth0")).isEmpty();
    node.awaitStatus(s -> s.path("kernel").path("pending").asInt() == 0);
    assertThat(NetworkNamespaces.exists(tenant)).isFalse();
  }

  private void assertAdopted(JsonNode status, List<Link> before) throws Exception {
    assertThat(status.path("kernel").path("writes").asInt()).as("writes").isZero();
    assertThat(status.path("endpoints").findValuesAsText("name")).containsExactly("web-1");
    try (var links = Rtnetlink.openIn(tenant)) {
      assertThat(links.links()).isEqualTo(before);
    }
  }

  @Test
  void whatOthersDestroyIsMended() throws Exception {
    var pod = namespaces.create("pod");
    node.start().awaitStatus(NodeProcessTest::isReady);
    node.attach("web-1", "red-web", pod, "192.168.1.10");
    var links = namespaces.links(tenant);
    int port = links.requireLink(portName(links)).index();
    var mac = namespaces.links(pod).requireLink("eth0").mac().orElseThrow();
    links.execute(new Request.DeleteFdb(FdbEntry.pinned(port, mac)));
    links.deleteLink(links.requireLink("vx100").index());
    NetworkNamespaces.delete(tenant);
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (links.link("vx100").filter(Link::up).isEmpty()
        || links.fdb(port).stream().noneMatch(row -> row.mac().equals(mac) && row.sticky())
        || !NetworkNamespaces.exists(tenant)) {
      assertThat(System.nanoTime()).as("mended, %s", node.log()).isLessThan(until);
      Thread.sleep(20);
    }
    node.awaitStatus(s -> s.path("kernel").path("pending").asInt() == 0);
    try (var byName = Rtnetlink.openIn(tenant)) {
      assertThat(byName.link("vx100")).isPresent();
    }
    var status = node.awaitStatus(s -> s.path("foreignChanges").path("open").isEmpty());
    var counts = status.path("foreignChanges").path("counts").toString();
    for (var kind : List.of("namespace", "vxlan", "local_fdb")) {
      assertThat(counts)
          .contains("{\"kind\":\"%s\",\"deed\":\"deleted\",\"count\":1}".formatted(kind));
    }
    for (var change : status.path("foreignChanges").path("recent")) {
      assertThat(change.path("object").asText()).contains(tenant);
      assertThat(change.has("mendedAfterMillis")).isTrue();
    }
    assertThat(node.log())
        .anyMatch(line -> line.contains("someone else deleted vxlan " + tenant + " vni 100"));
  }

  private static String portName(Rtnetlink links) {
    return links.links().stream()
        .map(Link::name)
        .filter(name -> name.startsWith("ep"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aVtepThatIsMissingAtFirstIsFoundWhenItCome() throws Exception {
    underlay.execute(
        new Request.DeleteAddress(Address.of(uplink.index(), IpAddress.parse("10.99.0.1"), 24)));
    node.start();
    var waiting = node.awaitStatus(s -> s.path("vtepMissing").asText().contains("10.99.0.0/24"));
    assertThat(waiting.path("ok").asBoolean()).isTrue();
    var refused = node.call(NodeProcess.attaching("e", "red-web", namespaces.create("pod")));
    assertThat(reason(refused)).isEqualTo("NOT_READY");
    assertThat(message(refused)).contains("10.99.0.0/24");
    addVtep();
    var ready = node.awaitStatus(NodeProcessTest::isReady);
    assertThat(ready.path("vtep").asText()).isEqualTo("10.99.0.1");
    node.attached("e", "red-web", namespaces.create("pod2"));
  }

  @Test
  void aSecondAgentOnTheSameSocketIsRefused() throws Exception {
    node.start().awaitStatus(NodeProcessTest::isReady);
    var second = runToEnd("node", "--config=" + node.config(), "--socket=" + node.socket());
    assertThat(second.code()).isEqualTo(1);
    assertThat(second.text())
        .isEqualTo("weft: another agent answers on " + node.socket() + "; stop it first\n");
    assertThat(node.status().path("ok").asBoolean()).isTrue();
  }

  @Test
  void aFabricThatCannotBeReadStopsTheStartAndLeavesWhatStands() throws Exception {
    var pod = namespaces.create("pod");
    node.start().awaitStatus(NodeProcessTest::isReady);
    node.attached("web-1", "red-web", pod, "192.168.1.10");
    var before = namespaces.links(tenant).links();
    node.kill();
    node.write("fabric.yaml", "kind: Fabric\nmetadata: {name: default}\nspec: {asn: many}\n");
    assertThat(node.start().exitCode()).isNotZero();
    assertThat(node.log()).anyMatch(line -> line.contains("fabric.yaml:3"));
    assertThat(namespaces.links(tenant).links()).isEqualTo(before);
  }

  @Test
  void aMissingDirectoryIsSaidInOneLine() throws Exception {
    var missing = directory.resolve("nowhere");
    var run = runToEnd("node", "--config=" + missing, "--socket=" + node.socket());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.text()).startsWith("weft: " + missing).contains("not there").hasLineCount(1);
    assertThat(node.socket()).doesNotExist();
    var noReflector = runToEnd("reflector", "--config=" + missing, "--socket=" + node.socket());
    assertThat(noReflector.code()).isEqualTo(1);
    assertThat(noReflector.text()).contains("not there").hasLineCount(1);
  }

  @Test
  void aPrefixThatWouldClaimEverythingIsRefused() throws Exception {
    var run =
        runToEnd(
            "node", "--netns-prefix=", "--config=" + node.config(), "--socket=" + node.socket());
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.text()).contains("cannot be a prefix");
  }

  private record Run(int code, String text) {}

  private Run runToEnd(String... arguments) throws Exception {
    var command = new ArrayList<String>();
    command.add(NodeProcess.launcher().toString());
    command.addAll(List.of(arguments));
    var output = directory.resolve("second.log");
    var process =
        NetworkNamespaces.<Process, IOException>callIn(
            underlay.namespace(),
            () ->
                new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start());
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return new Run(process.waitFor(), Files.readString(output));
  }
}
