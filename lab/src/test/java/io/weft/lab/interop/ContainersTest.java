package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.agent.control.ControlClient;
import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.RunningLab;
import io.weft.lab.run.Lab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real containers, made by containerd and runc on two nodes in two racks, with their interfaces by
 * the CNI plugin. The steps build on each other.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ContainersTest {
  private static final int CHURNED = 200;
  private static final int AT_ONCE = 8;
  private static final String TOPOLOGY =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 10.255.0.0/16}}
      ---
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: red-net}
      spec: {tenant: red, vni: 100, subnets: [192.168.0.0/20], gateway: true}
      ---
      kind: Topology
      metadata: {name: containers}
      spec:
        racks: [{name: a}, {name: b}]
        nodes: [{name: a1, rack: a}, {name: b1, rack: b}]
        reflectors: [{name: rr1, rack: a}]
      """;

  @TempDir private static Path directory;

  private Lab lab;
  private RunningLab running;
  private final List<Containerd> runtimes = new ArrayList<>();

  @BeforeAll
  void build() throws IOException, LabFailure, InterruptedException {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    assumeTrue(System.getenv("WEFT_HOME") != null, "needs WEFT_HOME: run it by make test");
    assumeTrue(Files.exists(Containerd.PROGRAM), "needs containerd (package containerd)");
    assumeTrue(Files.exists(Path.of("/usr/sbin/runc")), "needs runc (package runc)");
    assumeTrue(Files.exists(Containerd.BUSYBOX), "needs busybox (package busybox-static)");
    var file = Files.writeString(directory.resolve("containers.yaml"), TOPOLOGY);
    lab = Lab.open(file, Lab.read(file));
    lab.clear();
    running = lab.build();
    running.start();
    running.awaitSessions();
    for (var node : List.of("a1", "b1")) {
      runtimes.add(
          Containerd.start(
              running.plan().namespace(node).name(),
              Files.createDirectories(directory.resolve(node)),
              socket(node),
              "red-net",
              "{\"type\": \"tuning\", \"sysctl\": {\"net.ipv4.conf.eth0.arp_notify\": \"1\"}}"));
    }
  }

  @AfterAll
  void remove() throws IOException, InterruptedException {
    for (var runtime : runtimes) {
      runtime.close();
    }
    if (lab != null) {
      lab.remove();
      lab.close();
    }
  }

  private static Path socket(String node) {
    return new LabDirectory("containers").socket(node);
  }

  private static TreeSet<String> endpoints(String node) throws IOException {
    var names = new TreeSet<String>();
    try (var client = ControlClient.connect(socket(node))) {
      client
          .call(ControlClient.request("status"))
          .path("endpoints")
          .forEach(each -> names.add(each.path("name").asText()));
    }
    return names;
  }

  private static String address(Containerd.Container container) throws Exception {
    var text = container.exec("busybox ip -4 -o addr show eth0");
    return text.replaceAll("(?s).*inet ([0-9.]+)/.*", "$1");
  }

  @Test
  @Order(1)
  void containersReachEachOtherAcrossTheRacks() throws Exception {
    var server = runtimes.get(0).begin("server", "sleep 600");
    Arena.await("attached", () -> endpoints("a1").size(), 1);
    var ip = address(server);
    assertThat(ip).startsWith("192.168.");
    assertThat(server.exec("cat /proc/sys/net/ipv4/conf/eth0/arp_notify").strip())
        .as("the plugin behind ours in the chain has worked")
        .isEqualTo("1");
    var printed =
        runtimes
            .get(1)
            .run("client", "busybox ping -c 3 -W 2 " + ip + " && cat /sys/class/net/eth0/mtu");
    assertThat(printed).contains("3 packets transmitted, 3 packets received", "1450");
    assertThat(endpoints("b1")).as("the client has ended").isEmpty();
    server.end();
    assertThat(endpoints("a1")).isEmpty();
  }

  @Test
  @Order(2)
  void containersOutliveTheRestartOfRuntimeAndAgent() throws Exception {
    var server = runtimes.get(0).begin("lasting", "sleep 600");
    Arena.await("attached", () -> endpoints("a1").size(), 1);
    var ip = address(server);
    var before = endpoints("a1");
    running.process("a1").kill();
    runtimes.get(0).restart();
    running.start("a1");
    running.awaitSessions("a1");
    Arena.await("adopted", () -> endpoints("a1"), before);
    assertThat(address(server)).isEqualTo(ip);
    assertThat(runtimes.get(1).run("prober", "busybox ping -c 2 -W 2 " + ip))
        .contains("2 packets received");
    server.end();
    Arena.await("detached", () -> endpoints("a1").size(), 0);
  }

  @Test
  @Order(3)
  void nothingIsLeftOfManyContainers() throws Exception {
    var calls = new ArrayList<Callable<String>>();
    for (int i = 0; i < CHURNED; i++) {
      var runtime = runtimes.get(i % 2);
      var name = "churn-" + i;
      calls.add(() -> runtime.run(name, "busybox ip -4 -o addr show eth0"));
    }
    try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
      for (var outcome : threads.invokeAll(calls)) {
        assertThat(outcome.get()).contains("inet 192.168.");
      }
    }
    for (var node : List.of("a1", "b1")) {
      assertThat(endpoints(node)).isEmpty();
    }
  }
}
