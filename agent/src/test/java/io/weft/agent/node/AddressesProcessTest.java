package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.addresses.DirectoryStore;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.FdbTable;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressWrite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real agent with a directory of blocks and claims, killed again and again while it attaches. */
class AddressesProcessTest {
  private static final String CONFIG =
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
      metadata: {name: web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24, "fd00:1::/64"]}
      """;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;
  private String pod;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    pod = namespaces.create("pod");
    node = NodeProcess.alone(namespaces, directory);
    node.write("all.yaml", CONFIG);
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

  private Path store() {
    return directory.resolve("addresses");
  }

  private void start() throws Exception {
    node.start("--addresses=" + store())
        .awaitStatus(status -> status.has("vtep") && status.path("converged").asBoolean());
    node.awaitAnswer("addresses", answer -> !answer.has("failure"));
  }

  /** Every third has a claim. */
  private JsonNode attach(int number) throws IOException {
    var request = ControlClient.request("attach").put("endpoint", "e" + number);
    request.put("network", "web").put("netns", pod).put("interface", "e" + number);
    if (number % 3 == 0) {
      request.put("claim", "c" + number);
    }
    return node.call(request);
  }

  private JsonNode addresses() throws IOException {
    return node.call(ControlClient.request("addresses"));
  }

  @Test
  void whateverItIsKilledInNoAddressIsTwiceAndNothingIsLost() throws Exception {
    var random = new Random(1);
    for (int round = 0; round < 6; round++) {
      start();
      var callers = new ArrayList<Thread>();
      for (int i = 0; i < 8; i++) {
        int number = round * 8 + i;
        callers.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        attach(number);
                      } catch (IOException _) {
                        // It was killed meanwhile.
                      }
                    }));
      }
      Thread.sleep(random.nextInt(60));
      node.process().destroyForcibly();
      assertThat(node.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
      for (var caller : callers) {
        caller.join();
      }
    }
    start();
    for (int number = 0; number < 48; number++) { // the runtime calls again
      var answer = attach(number);
      assertThat(answer.path("ok").asBoolean()).as("%s", answer).isTrue();
    }
    var owners = new TreeMap<String, String>();
    var status = node.status();
    assertThat(status.path("endpoints")).hasSize(48);
    for (var endpoint : status.path("endpoints")) {
      for (var address : endpoint.path("addresses")) {
        assertThat(owners.put(address.asText(), endpoint.path("name").asText())).isNull();
      }
    }
    var found = addresses();
    assertThat(found.path("conflicts")).as("%s", found).isEmpty();
    assertThat(found.path("leaks")).isEmpty();
    assertThat(found.path("claims")).hasSize(16);
    for (var claim : found.path("claims")) {
      assertThat(claim.path("holders")).as("%s", claim).hasSize(1);
      var endpoint = claim.path("holders").get(0).path("endpoint").asText();
      for (var address : claim.path("addresses")) {
        assertThat(owners.get(address.asText() + (address.asText().contains(":") ? "/64" : "/24")))
            .isEqualTo(endpoint);
      }
    }
    for (var subnet : found.path("subnets")) {
      assertThat(subnet.path("used").asInt()).isEqualTo(48);
    }
  }

  @Test
  void exhaustionNamesTheNodesThatHaveTheBlocks() throws Exception {
    try (var other = DirectoryStore.open(store())) {
      for (int i = 0; i < 16; i++) {
        var prefix = IpPrefix.parse("192.168.1." + 16 * i + "/28");
        assertThat(other.write(new AddressWrite.Create(new AddressBlock("web", prefix, "n2"))))
            .isTrue();
      }
      start();
      assertThat(attach(1).path("error").path("message").asText())
          .contains("has no free address for node n1: no block is left, the nodes' are: n2 16");
      var first = other.read().blocks().values().iterator().next();
      assertThat(other.write(new AddressWrite.Remove(first.record(), first.version()))).isTrue();
      node.awaitAnswer("addresses", a -> a.path("subnets").path(0).path("blocksLeft").asInt() == 1);
      assertThat(attach(1).path("ok").asBoolean()).isTrue();
      assertThat(
              List.of(IpAddress.parse(attach(1).path("addresses").get(0).asText().split("/")[0])))
          .allMatch(first.record().prefix()::contains);
    }
  }

  @Test
  void aStandbyGetsNoFramesUntilItIsActiveAlsoAfterAKill() throws Exception {
    var mac = MacAddress.parse("02:00:00:00:00:07");
    var there = new AddressClaim.Holder("n2", "vm");
    var addresses = List.of(IpAddress.parse("192.168.1.77"), IpAddress.parse("fd00:1::77"));
    try (var other = DirectoryStore.open(store())) {
      var claim = new AddressClaim("c3", "web", addresses, mac, List.of(), Optional.empty());
      assertThat(other.write(new AddressWrite.Create(claim.with(there)))).isTrue();
      start();
      assertThat(attach(3).path("error").path("message").asText())
          .contains("claim 'c3' is held by ['vm' on node n2]", "--standby");
      var request = ControlClient.request("attach").put("endpoint", "e3").put("network", "web");
      request.put("netns", pod).put("interface", "e3").put("claim", "c3").put("standby", true);
      var attached = node.call(request);
      assertThat(attached.path("mac").asText()).as("%s", attached).isEqualTo(mac.toString());
      assertThat(rows(mac)).isZero();

      node.process().destroyForcibly();
      assertThat(node.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
      start();
      node.awaitStatus(status -> status.path("endpoints").path(0).path("attached").asBoolean());
      assertThat(rows(mac)).isZero();

      var activate = ControlClient.request("activate-claim").put("claim", "c3").put("node", "n1");
      assertThat(node.call(activate).path("ok").asBoolean()).isTrue();
      awaitRows(mac, 1);
      var stored = other.read().claims().get("c3");
      assertThat(stored.record().active()).contains(new AddressClaim.Holder("n1", "e3"));
      assertThat(
              other.write(
                  new AddressWrite.Replace(stored.record().activate(there), stored.version())))
          .isTrue();
      awaitRows(mac, 0);
    }
  }

  /** Rows of the bridge that lead to the endpoint's port. */
  private long rows(MacAddress mac) {
    return namespaces.links(namespaces.prefix() + "red").fdb().stream()
        .filter(row -> row.mac().equals(mac) && row.table() == FdbTable.MASTER)
        .count();
  }

  private void awaitRows(MacAddress mac, long count) throws Exception {
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (rows(mac) != count && System.nanoTime() < until) {
      Thread.sleep(20);
    }
    assertThat(rows(mac)).isEqualTo(count);
  }
}
