package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.cni.CniServer;
import io.weft.agent.control.ControlClient;
import io.weft.lab.interop.Containerd.Pod;
import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.ProcessIdentity;
import io.weft.lab.process.RunningLab;
import io.weft.lab.run.Lab;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
 * the CNI plugin; the nodes share a store of addresses. The steps build on each other.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ContainersTest {
  private static final int CHURNED = 200;
  private static final int AT_ONCE = 8;
  private static final int PODS_UNDER_KILLS = 24;
  private static final int PODS_AT_ONCE = 4;
  private static final int KILLS = 3;
  private static final int TRIES_OF_A_POD = 40;
  private static final Duration SESSION = Duration.ofSeconds(90);
  private static final List<String> NODES = List.of("a1", "b1");
  private static final String MAC = "02:00:00:00:00:77";
  private static final Path CACHE = Path.of("/var/lib/cni/results");
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
      metadata: {name: %s}
      spec:
        racks: [{name: a}, {name: b}]
        nodes: [{name: a1, rack: a}, {name: b1, rack: b}]
        reflectors: [{name: rr1, rack: a}]
      """;

  /** Of its own, so that others on this machine do not take it for one that was left. */
  private static final String LAB = "cri-" + ProcessHandle.current().pid();

  @TempDir private static Path directory;

  private final Map<String, ProcessIdentity> agents = new HashMap<>();
  private final Map<String, Containerd> runtimes = new TreeMap<>();

  /** All that were made, as NODE/ID. */
  private final ConcurrentSkipListSet<String> sandboxes = new ConcurrentSkipListSet<>();

  private Lab lab;
  private RunningLab running;
  private Map<String, TreeSet<String>> linksBefore;

  @BeforeAll
  void build() throws Exception {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    assumeTrue(System.getenv("WEFT_HOME") != null, "needs WEFT_HOME: run it by make test");
    assumeTrue(Files.exists(Containerd.PROGRAM), "needs containerd (package containerd)");
    assumeTrue(Files.exists(Path.of("/usr/sbin/runc")), "needs runc (package runc)");
    assumeTrue(Files.exists(BusyboxImage.BUSYBOX), "needs busybox (package busybox-static)");
    var file = Files.writeString(directory.resolve("containers.yaml"), TOPOLOGY.formatted(LAB));
    lab = Lab.open(file, Lab.read(file));
    lab.clear();
    running = lab.build();
    running.start();
    running.awaitSessions();
    linksBefore = Map.of("a1", links("a1"), "b1", links("b1"));
    for (var node : NODES) {
      running.process(node).kill();
      startAgent(node);
    }
    for (var node : NODES) {
      runtimes.put(
          node,
          Containerd.start(
              namespace(node),
              Files.createDirectories(directory.resolve(node)),
              socket(node),
              "red-net",
              "{\"type\": \"tuning\", \"sysctl\": {\"net.ipv4.conf.eth0.arp_notify\": \"1\"}}",
              """
              {"type": "weft-bandwidth", "agentSocket": "%s", "capabilities": {"bandwidth": true}}\
              """
                  .formatted(CniServer.beside(socket(node)))));
    }
  }

  @AfterAll
  void remove() throws IOException, InterruptedException {
    for (var runtime : runtimes.values()) {
      runtime.close();
    }
    if (lab != null) {
      lab.remove();
      lab.close();
    }
  }

  // ---- the nodes --------------------------------------------------------------------------

  private String namespace(String node) {
    return running.plan().namespace(node).name();
  }

  private static LabDirectory lab() {
    return new LabDirectory(LAB);
  }

  private static Path socket(String node) {
    return lab().socket(node);
  }

  /** As the lab does it, and with a store of addresses that both nodes share. */
  private void startAgent(String node) throws Exception {
    var command =
        List.of(
            Path.of(System.getenv("WEFT_HOME"), "weft").toString(),
            "node",
            "--name=" + node,
            "--config=" + lab().config(node),
            "--socket=" + socket(node),
            "--netns-prefix=" + running.plan().tenantNamespacePrefix(node),
            "--addresses=" + directory.resolve("addresses"));
    var log = ProcessBuilder.Redirect.appendTo(lab().log(node).toFile());
    var process =
        NetworkNamespaces.callIn(
            namespace(node),
            () ->
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start());
    var identity = ProcessIdentity.of(process.pid()).orElseThrow();
    identity.write(lab().pid(node)); // the lab's removal ends it, whatever happens here
    agents.put(node, identity);
    long deadline = System.nanoTime() + SESSION.toNanos();
    while (established(node) == 0) {
      assertThat(System.nanoTime()).as(node + " has its session in time").isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static int established(String node) {
    try {
      return call(node, "status").at("/peers/established").asInt();
    } catch (IOException _) {
      return 0; // it does not listen yet
    }
  }

  private void killAgent(String node) {
    agents.get(node).kill();
  }

  private static JsonNode call(String node, String call) throws IOException {
    try (var client = ControlClient.connect(socket(node))) {
      return client.call(ControlClient.request(call));
    }
  }

  private static TreeSet<String> endpoints(String node) throws IOException {
    var names = new TreeSet<String>();
    call(node, "status").path("endpoints").forEach(each -> names.add(each.path("name").asText()));
    return names;
  }

  private static int holders(String node, String claim) throws IOException {
    int holders = 0;
    for (var each : call(node, "addresses").path("claims")) {
      holders += each.path("name").asText().endsWith(claim) ? each.path("holders").size() : 0;
    }
    return holders;
  }

  private TreeSet<String> links(String node) {
    try (var rtnetlink = Rtnetlink.openIn(namespace(node))) {
      var names = new TreeSet<String>();
      rtnetlink.links().forEach(link -> names.add(link.name()));
      return names;
    }
  }

  private static TreeSet<String> names(Path folder) throws IOException {
    var names = new TreeSet<String>();
    if (Files.isDirectory(folder)) {
      try (var each = Files.list(folder)) {
        each.forEach(path -> names.add(path.getFileName().toString()));
      }
    }
    return names;
  }

  private Pod startPod(String node, String name, String... annotations) throws IOException {
    var map = new TreeMap<String, String>();
    for (int i = 0; i < annotations.length; i += 2) {
      map.put(annotations[i], annotations[i + 1]);
    }
    var pod = runtimes.get(node).startPod(name, map);
    sandboxes.add(node + "/" + pod.id());
    return pod;
  }

  private static void ping(Pod pod, String address) throws IOException {
    assertThat(pod.exec("busybox ping -c 2 -W 5 " + address)).contains("2 packets received");
  }

  /** Of a node whose containers have all ended; kubelet ends what could not be started, too. */
  private void nothingIsLeft(String node) throws Exception {
    runtimes.get(node).endPods();
    assertThat(endpoints(node)).isEmpty();
    var prefix = running.plan().tenantNamespacePrefix(node);
    Arena.await(
        "namespaces of tenants on " + node,
        () -> NetworkNamespaces.list().stream().filter(name -> name.startsWith(prefix)).toList(),
        List.of());
    Arena.await("links of " + node, () -> links(node), linksBefore.get(node));
    for (var subnet : call(node, "addresses").path("subnets")) {
      for (var block : subnet.path("blocks")) {
        if (block.path("node").asText().equals(node)) {
          assertThat(block.path("used").asInt(-1)).as("in use: %s", block).isZero();
        }
      }
    }
    assertThat(names(directory.resolve(node).resolve("state/io.containerd.grpc.v1.cri/netns")))
        .isEmpty();
    assertThat(names(directory.resolve(node).resolve("var/cni/results"))).isEmpty();
    for (var sandbox : sandboxes.tailSet(node).headSet(node + "~")) {
      var id = sandbox.split("/")[1];
      assertThat(names(CACHE)).as("results of libcni").noneMatch(name -> name.contains(id));
    }
    Arena.await("what containerd holds", () -> runtimes.get(node).leftovers(), List.of());
  }

  // ---- the steps --------------------------------------------------------------------------

  @Test
  @Order(1)
  void containersReachEachOtherAcrossTheRacks() throws Exception {
    var server = startPod("a1", "server");
    var client = startPod("b1", "client");
    var ip = server.address();
    assertThat(ip).startsWith("192.168.");
    ping(client, ip);
    assertThat(client.exec("busybox cat /sys/class/net/eth0/mtu").strip()).isEqualTo("1450");
    assertThat(server.exec("busybox cat /proc/sys/net/ipv4/conf/eth0/arp_notify").strip())
        .as("the plugin behind ours in the chain has worked")
        .isEqualTo("1");
    assertThat(queues("b1")).as("nobody asked for a limit").doesNotContain("tbf");
    var slow = startPod("b1", "slow", "kubernetes.io/ingress-bandwidth", "8M");
    assertThat(queues("b1")).as("of the port in the tenant's namespace").contains("tbf", "8Mbit");
    ping(slow, ip);
    slow.end();
    assertThat(queues("b1")).doesNotContain("tbf");
    runtimes.get("b1").run("by-ctr", "busybox ping -c 2 -W 5 " + ip);
    client.end();
    assertThat(endpoints("b1")).as("clients have ended").isEmpty();
    server.end();
    assertThat(endpoints("a1")).isEmpty();
  }

  private String queues(String node) throws Exception {
    var tenant = running.plan().tenantNamespacePrefix(node) + "red";
    return ForeignProcess.output(tenant, List.of("tc", "qdisc", "show"));
  }

  @Test
  @Order(2)
  void containersOutliveTheKillOfRuntimeAndAgent() throws Exception {
    var lasting = startPod("a1", "lasting");
    var leaving = startPod("a1", "leaving");
    var far = startPod("b1", "far");
    var before = endpoints("a1");
    var ip = lasting.address();

    killAgent("a1");
    ping(lasting, far.address());
    ping(far, ip);
    assertThatThrownBy(() -> startPod("a1", "refused")).isInstanceOf(IOException.class);
    assertThatThrownBy(leaving::end).isInstanceOf(IOException.class);
    assertThat(runtimes.get("a1").log())
        .as("what kubelet is told")
        .contains("the agent of this node does not answer; it is starting or stopped");
    runtimes.get("a1").restart();
    runtimes.get("a1").crash();
    ping(far, ip);

    startAgent("a1");
    assertThat(endpoints("a1")).isEqualTo(before);
    leaving.end();
    assertThat(lasting.address()).isEqualTo(ip);
    var next = startPod("a1", "next");
    ping(next, ip);
    ping(far, next.address());
    for (var pod : List.of(next, lasting, far)) {
      pod.end();
    }
    for (var node : NODES) {
      nothingIsLeft(node);
    }
  }

  @Test
  @Order(3)
  void aClaimKeepsAddressAndMacFromPodToPod() throws Exception {
    var first = startPod("a1", "vm", "weft.io/claim", "vm-1");
    var address = first.exec("busybox ip -o addr show eth0 && busybox ip -o link show eth0");
    var peer = startPod("a1", "peer");
    assertThatThrownBy(() -> startPod("b1", "thief", "weft.io/claim", "vm-1"))
        .isInstanceOf(IOException.class);
    assertThat(runtimes.get("b1").log()).contains("vm-1", "a1");
    first.end();
    startPod("a1", "other").end();
    // A node sees within half a second what another one has written; the kubelet would ask again.
    Arena.await("holders of vm-1 as b1 sees them", () -> holders("b1", "vm-1"), 0);
    var second = startPod("b1", "vm", "weft.io/claim", "vm-1");
    assertThat(second.address()).isEqualTo(ipv4(address));
    assertThat(second.exec("busybox cat /sys/class/net/eth0/address").strip())
        .isEqualTo(address.replaceAll("(?s).*link/ether ([0-9a-f:]+) .*", "$1"));
    ping(peer, second.address());
    var asked = startPod("b1", "asked", "weft.io/ips", "192.168.15.77", "weft.io/mac", MAC);
    assertThat(asked.address()).isEqualTo("192.168.15.77");
    assertThat(asked.exec("busybox cat /sys/class/net/eth0/address").strip()).isEqualTo(MAC);
    ping(peer, "192.168.15.77");
    for (var pod : List.of(asked, second, peer)) {
      pod.end();
    }
    for (var node : NODES) {
      nothingIsLeft(node);
    }
  }

  private static String ipv4(String printed) {
    return printed.replaceAll("(?s).*inet ([0-9.]+)/.*", "$1");
  }

  /** As kubelet does it: what fails is tried again, until it is done. */
  private void live(String node, String name) throws Exception {
    Pod pod = tryAgain(() -> startPod(node, name + "-" + System.nanoTime()));
    assertThat(pod.address()).startsWith("192.168.");
    tryAgain(
        () -> {
          pod.end();
          return pod;
        });
  }

  private static <T> T tryAgain(Callable<T> work) throws Exception {
    for (int left = TRIES_OF_A_POD; ; left--) {
      try {
        return work.call();
      } catch (IOException e) {
        if (left == 0) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(500);
      }
    }
  }

  @Test
  @Order(4)
  void nothingIsLeftOfPodsWhoseAgentIsKilledAgainAndAgain() throws Exception {
    var threads = Executors.newFixedThreadPool(PODS_AT_ONCE);
    try {
      var lives = new ArrayList<Future<?>>();
      for (int i = 0; i < PODS_UNDER_KILLS; i++) {
        var name = "killed-" + i;
        lives.add(
            threads.submit(
                () -> {
                  live("a1", name);
                  return name;
                }));
      }
      for (int i = 0; i < KILLS; i++) {
        int done = (i + 1) * PODS_UNDER_KILLS / (KILLS + 1);
        lives.get(done).get(2, TimeUnit.MINUTES);
        killAgent("a1");
        startAgent("a1");
      }
      for (var life : lives) {
        life.get(2, TimeUnit.MINUTES);
      }
    } finally {
      threads.shutdownNow();
    }
    nothingIsLeft("a1");
  }

  @Test
  @Order(5)
  void nothingIsLeftOfManyContainers() throws Exception {
    var witness = startPod("b1", "witness");
    var calls = new ArrayList<Callable<String>>();
    for (int i = 0; i < CHURNED; i++) {
      var runtime = runtimes.get(NODES.get(i % 2));
      var name = "churn-" + i;
      calls.add(
          () -> runtime.run(name, "busybox ip -4 -o addr show eth0 | busybox grep 'inet 192.168'"));
    }
    try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
      for (var outcome : threads.invokeAll(calls)) {
        outcome.get();
      }
    }
    nothingIsLeft("a1");
    assertThat(endpoints("b1")).hasSize(1);
    var tenant = running.plan().tenantNamespacePrefix("b1") + "red";
    var gone = call("a1", "status").path("vtep").asText();
    Arena.await(
        "rows of b1 that lead to a1",
        () ->
            ForeignProcess.output(tenant, List.of("bridge", "fdb", "show"))
                .lines()
                .filter(row -> row.contains(" dst " + gone + " "))
                .toList(),
        List.of());
    witness.end();
    nothingIsLeft("b1");
  }
}
