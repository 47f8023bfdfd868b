package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.linux.packet.PacketCapture;
import io.weft.linux.tap.TapDevice;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Virtual machines and hosts of bare metal as endpoints of a real agent, with real frames. */
class NodeLinksTest {
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
  private static final MacAddress STRANGER = MacAddress.parse("52:54:00:00:00:66");
  private static final IpAddress FAR = IpAddress.parse("192.168.1.7");

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;
  private String host;
  private Rtnetlink underlay;
  private String pod;
  private String tenant;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    tenant = namespaces.prefix() + "red";
    node = NodeProcess.alone(namespaces, directory);
    host = node.underlay();
    underlay = namespaces.links(host);
    node.write("red.yaml", RED);
    node.start().awaitStatus(NodeLinksTest::isReady);
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

  private static boolean isReady(JsonNode status) {
    return status.has("vtep") && status.path("converged").asBoolean();
  }

  private static ObjectNode attachment(String endpoint) {
    var request = ControlClient.request("attach").put("endpoint", endpoint);
    request.put("network", "red-web").put("mac", MAC.toString());
    request.putArray("addresses").add(FAR.toString());
    return request;
  }

  private JsonNode attach(ObjectNode request) throws Exception {
    var answer = node.call(request);
    assertThat(answer.path("ok").asBoolean()).as(answer.toString()).isTrue();
    return answer;
  }

  private String refusal(ObjectNode request) throws Exception {
    var answer = node.call(request);
    assertThat(answer.path("ok").asBoolean()).as(answer.toString()).isFalse();
    return answer.path("error").path("message").asText();
  }

  private JsonNode detach(String endpoint) throws Exception {
    return node.call(ControlClient.request("detach").put("endpoint", endpoint));
  }

  private boolean isReached() {
    try (var echo = IcmpEcho.openIn(pod, FAR)) {
      for (int i = 0; i < 20; i++) {
        if (echo.ping(64, Duration.ofMillis(250)) instanceof EchoResult.Reply) {
          return true;
        }
      }
      return false;
    }
  }

  private void restart() throws Exception {
    node.kill();
    assertThat(isReached()).as("the kernel forwards on").isTrue();
    node.start().awaitStatus(NodeLinksTest::isReady);
    node.awaitStatus(status -> isAttached(status, 2));
  }

  private static boolean isAttached(JsonNode status, int endpoints) {
    int attached = 0;
    for (var endpoint : status.path("endpoints")) {
      attached += endpoint.path("attached").asBoolean() ? 1 : 0;
    }
    return attached == endpoints && status.path("endpoints").size() == endpoints;
  }

  private List<String> rules() throws Exception {
    var process =
        new ProcessBuilder("ip", "netns", "exec", host, "nft", "list", "tables")
            .redirectErrorStream(true)
            .start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    return text.lines().filter(line -> line.contains("weft-tap-")).toList();
  }

  private List<String> links() {
    return underlay.links().stream().map(Link::name).sorted().toList();
  }

  // ---- taps -------------------------------------------------------------------------------

  @Test
  void aVirtualMachineIsReachedThroughATapThatIsMadeAndGoes() throws Exception {
    var before = links();
    var answer = attach(attachment("vm-1").put("tap", "vm0"));
    assertThat(answer.path("interface").asText()).isEqualTo("vm0");
    assertThat(underlay.requireLink("vm0").mtu()).isEqualTo(1450);
    try (var _ = new VirtualMachine(host, "vm0", MAC, FAR)) {
      assertThat(isReached()).isTrue();
      restart();
      assertThat(node.status().path("kernel").path("writes").asInt())
          .as("a restarted agent that finds what it wants writes nothing")
          .isZero();
      assertThat(isReached()).isTrue();
    }
    try (var _ = new VirtualMachine(host, "vm0", MAC, FAR)) {
      assertThat(isReached()).as("a machine that is started again").isTrue();
    }
    assertThat(rules()).hasSize(1);
    assertThat(detach("vm-1").path("wasAttached").asBoolean()).isTrue();
    assertThat(links()).isEqualTo(before);
    assertThat(rules()).isEmpty();
  }

  @Test
  void aTapThatWasThereStays() throws Exception {
    try (var tap = NetworkNamespaces.callIn(host, () -> TapDevice.open("mine"))) {
      tap.persist();
    }
    attach(attachment("vm-1").put("tap", "mine"));
    node.kill();
    node.start().awaitStatus(status -> isAttached(status, 2));
    detach("vm-1");
    var left = underlay.requireLink("mine");
    assertThat(left.alias()).isEmpty();
    assertThat(left.up()).isFalse();
    assertThat(rules()).isEmpty();
  }

  @Test
  void theMachineHasItsOwnMacOnly() throws Exception {
    attach(attachment("vm-1").put("tap", "vm0"));
    try (var vm = new VirtualMachine(host, "vm0", MAC, FAR)) {
      assertThat(isReached()).isTrue();
      var links = namespaces.links(pod);
      try (var seen = PacketCapture.openIn(pod, "eth0")) {
        for (int i = 0; i < 20; i++) {
          vm.broadcast(STRANGER);
        }
        vm.broadcast(MAC);
        assertThat(sources(seen)).containsExactly(MAC);
      }
      assertThat(links.requireLink("eth0").up()).isTrue();
    }
  }

  private static List<MacAddress> sources(PacketCapture seen) {
    var macs = new ArrayList<MacAddress>();
    for (var frame = seen.next(Duration.ofMillis(500));
        frame.isPresent();
        frame = seen.next(Duration.ofMillis(200))) {
      var octets = frame.get().octets().toArray();
      if ((octets[12] & 0xff) == 0x88 && (octets[13] & 0xff) == 0xb5) {
        macs.add(MacAddress.of(Arrays.copyOfRange(octets, 6, 12)));
      }
    }
    return macs;
  }

  @Test
  void whatOthersBreakIsMended() throws Exception {
    attach(attachment("vm-1").put("tap", "vm0"));
    try (var _ = new VirtualMachine(host, "vm0", MAC, FAR)) {
      assertThat(isReached()).isTrue();
      run("nft", "flush", "ruleset");
      assertThat(isReached()).as("after the rules were flushed").isTrue();
      run("ip", "link", "set", "vm0", "down");
      assertThat(isReached()).as("after the tap was set down").isTrue();
    }
    run("ip", "link", "del", "vm0");
    await(() -> underlay.link("vm0").isPresent());
    try (var _ = new VirtualMachine(host, "vm0", MAC, FAR)) {
      assertThat(isReached()).as("after the tap was deleted").isTrue();
    }
    // As a crash leaves it: it says the name of a port that is gone.
    run("ip", "link", "set", "vm0", "alias", "weft1 made ep0000000000000");
    await(
        () ->
            underlay
                .link("vm0")
                .flatMap(Link::alias)
                .filter(alias -> !alias.contains("ep0000000000000"))
                .isPresent());
    detach("vm-1");
    assertThat(rules()).isEmpty();
    assertThat(underlay.link("vm0")).isEmpty();
  }

  private void run(String... command) throws Exception {
    var all = new ArrayList<>(List.of("ip", "netns", "exec", host));
    all.addAll(List.of(command));
    var process = new ProcessBuilder(all).redirectErrorStream(true).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
  }

  private static void await(BooleanSupplier condition) throws Exception {
    long until = System.nanoTime() + 60_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - until).as("in 60 s").isNegative();
      Thread.sleep(20);
    }
  }

  // ---- links ------------------------------------------------------------------------------

  /** A host of bare metal: a namespace whose only link ends in the node. */
  private Rtnetlink bareMetal(String link) {
    var name = namespaces.create("metal");
    var metal = namespaces.links(name);
    underlay.createVeth(
        link, LinkSettings.UP.withMtu(1400), "eth0", LinkSettings.UP.withMac(MAC), metal);
    int eth0 = metal.requireLink("eth0").index();
    metal.execute(new Request.AddAddress(Address.of(eth0, FAR, 24)));
    return metal;
  }

  @Test
  void aLinkIsTakenSurvivesARestartAndIsGivenBack() throws Exception {
    bareMetal("eth1");
    var before = underlay.requireLink("eth1");
    attach(attachment("db-1").put("link", "eth1"));
    assertThat(underlay.link("eth1")).isEmpty();
    assertThat(isReached()).isTrue();
    restart();
    assertThat(node.status().path("kernel").path("writes").asInt()).isZero();
    assertThat(isReached()).isTrue();
    var port = node.status().path("endpoints").get(0);
    assertThat(port.path("link").asText()).isEqualTo("eth1");
    detach("db-1");
    var after = underlay.requireLink("eth1");
    assertThat(after.mtu()).isEqualTo(before.mtu());
    assertThat(after.up()).isTrue();
    assertThat(after.alias()).isEmpty();
    assertThat(after.master()).isEmpty();
    attach(attachment("db-1").put("link", "eth1"));
    assertThat(isReached()).as("attached again").isTrue();
    detach("web-1");
    detach("db-1");
    assertThat(NetworkNamespaces.exists(tenant)).isFalse();
    assertThat(underlay.link("eth1")).as("the tenant went, the link did not").isPresent();
  }

  @Test
  void aLinkIsNotLostWhereTheAgentDies() throws Exception {
    bareMetal("eth1");
    attach(attachment("db-1").put("link", "eth1"));
    node.kill();
    // As it is when an agent dies between giving the link back and forgetting it.
    var inside = namespaces.links(tenant);
    var port =
        inside.links().stream()
            .filter(link -> link.alias().filter(a -> a.contains("link=eth1")).isPresent())
            .findFirst()
            .orElseThrow();
    inside.execute(new Request.MoveLink(port.index(), underlay.namespace(), "dev0"));
    node.start().awaitStatus(status -> isAttached(status, 1));
    var back = underlay.requireLink("eth1");
    assertThat(back.alias()).isEmpty();
    assertThat(back.mtu()).isEqualTo(1400);
    attach(attachment("db-1").put("link", "eth1"));
    assertThat(isReached()).isTrue();
  }

  @Test
  void aLinkThatGoesIsWaitedFor() throws Exception {
    var metal = bareMetal("eth1");
    attach(attachment("db-1").put("link", "eth1"));
    metal.deleteLink(metal.requireLink("eth0").index());
    var status = node.awaitStatus(is -> is.path("kernel").path("failures").size() > 0);
    assertThat(status.path("kernel").path("failures").toString()).contains("no link eth1");
    assertThat(isAttached(status, 2)).isFalse();
    assertThat(node.call(ControlClient.request("routes")).toString())
        .doesNotContain(MAC.toString());
    underlay.createVeth("eth1", LinkSettings.UP, "eth0", LinkSettings.UP.withMac(MAC), metal);
    metal.execute(new Request.AddAddress(Address.of(metal.requireLink("eth0").index(), FAR, 24)));
    node.awaitStatus(is -> isAttached(is, 2));
    assertThat(isReached()).isTrue();
  }

  @Test
  void whatTheNodeUsesIsNotTaken() throws Exception {
    assertThat(refusal(attachment("e").put("link", "uplink"))).contains("10.99.0.1");
    assertThat(refusal(attachment("e").put("link", "none"))).contains("no link none");
    assertThat(refusal(attachment("e").put("link", "lo"))).contains("loopback");
    assertThat(refusal(attachment("e").put("link", "a/b"))).contains("'a/b'");
    bareMetal("eth1");
    int index = underlay.requireLink("eth1").index();
    int uplink = underlay.requireLink("uplink").index();
    underlay.execute(new Request.SetLink(index, LinkSettings.NONE.withMaster(uplink)));
    assertThat(refusal(attachment("e").put("link", "eth1"))).contains("is a port of");
    underlay.execute(new Request.SetLink(index, LinkSettings.NONE.withMaster(0)));
    var own = underlay.requireLink("eth1").mac().orElseThrow().toString();
    assertThat(refusal(attachment("e").put("link", "eth1").put("mac", own))).contains("itself");
    var without = attachment("e").put("link", "eth1");
    without.remove("mac");
    assertThat(refusal(without)).contains("MAC address").contains("missing");
    assertThat(refusal(attachment("e").put("link", "eth1").put("netns", pod))).contains("one of");
    assertThat(refusal(attachment("e").put("link", "eth1").put("vlan", 4095))).contains("1..4094");
    assertThat(refusal(attachment("e").put("tap", "uplink"))).contains("no tap device");
    attach(attachment("db-1").put("link", "eth1"));
    assertThat(refusal(attachment("db-2").put("link", "eth1").put("mac", STRANGER.toString())))
        .contains("db-1");
    assertThat(isAttached(node.status(), 2)).isTrue();
  }

  @Test
  void aTakenNameKeepsTheLinkWhereItIsUntilItIsFree() throws Exception {
    bareMetal("eth1");
    attach(attachment("db-1").put("link", "eth1"));
    underlay.createBridge("eth1", LinkSettings.NONE);
    detach("web-1");
    detach("db-1");
    var failures = node.status().path("kernel").path("failures").toString();
    assertThat(failures).contains("another link of the node has its name");
    assertThat(NetworkNamespaces.exists(tenant)).as("the link is in it").isTrue();
    underlay.deleteLink(underlay.requireLink("eth1").index());
    await(() -> underlay.link("eth1").filter(link -> link.kind().equals("veth")).isPresent());
    await(() -> !NetworkNamespaces.exists(tenant));
  }

  @Test
  void aVlanIsRefusedInWordsWhereTheKernelHasNone() throws Exception {
    bareMetal("eth1");
    int index = underlay.requireLink("eth1").index();
    underlay.execute(new Request.SetLink(index, LinkSettings.NONE.withMtu(1450)));
    var answer = node.call(attachment("db-1").put("link", "eth1").put("vlan", 100));
    if (answer.path("ok").asBoolean()) {
      detach("db-1");
    } else {
      assertThat(answer.toString()).contains("CONFIG_VLAN_8021Q");
    }
    assertThat(underlay.requireLink("eth1").alias()).isEmpty();
    assertThat(Optional.of(node.status()).filter(s -> isAttached(s, 1))).isPresent();
  }
}
