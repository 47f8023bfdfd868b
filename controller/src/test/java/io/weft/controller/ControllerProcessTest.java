package io.weft.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weft controller} as a process, killed and measured. */
final class ControllerProcessTest {
  /** What it may have at 5,000 namespaces: 200 MB. */
  private static final int MOST_KIB = 200_000_000 / 1024;

  private static final int TENANTS = 1000;

  /** A lease is taken over 15 s after it was renewed last, and it is looked at every 2 s. */
  private static final Duration TAKEN_OVER = Duration.ofSeconds(17);

  @TempDir private Path directory;
  private final List<Process> processes = new ArrayList<>();
  private Cluster cluster;

  @BeforeEach
  void open() throws Exception {
    cluster = new Cluster();
  }

  @AfterEach
  void close() {
    processes.forEach(Process::destroyForcibly);
    cluster.close();
  }

  private Process start(String name) throws IOException {
    var home = Path.of(System.getenv().getOrDefault("WEFT_HOME", ".."));
    assumeTrue(Files.isDirectory(home.resolve("dist/lib")), "needs dist/: run 'make build' before");
    var process =
        new ProcessBuilder(
                home.resolve("weft").toString(),
                "controller",
                "--kubeconfig=" + cluster.kubeconfig(directory),
                "--name=" + name,
                "--socket=" + socket(name))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(name + ".log").toFile())
            .start();
    processes.add(process);
    return process;
  }

  private Path socket(String name) {
    return directory.resolve(name + ".sock");
  }

  private JsonNode awaitStatus(String name, java.util.function.Predicate<JsonNode> condition)
      throws Exception {
    try {
      return Cluster.await(
          "status of " + name,
          () -> {
            try (var client = ControlClient.connect(socket(name))) {
              return client.call(ControlClient.request("status"));
            }
          },
          condition);
    } catch (AssertionError e) {
      throw new AssertionError(
          e.getMessage() + "\n" + Files.readString(directory.resolve(name + ".log")), e);
    }
  }

  private static boolean leads(JsonNode status) {
    return status.path("leads").asBoolean();
  }

  /** Those who are in force, each VNI once. */
  private TreeSet<Integer> vnis() throws Exception {
    var vnis = new TreeSet<Integer>();
    for (var network : cluster.list(Cluster.BASE + "networks").values()) {
      if (network.at("/status/vni").isInt()) {
        assertThat(vnis.add(network.at("/status/vni").asInt())).as("%s", network).isTrue();
      }
    }
    return vnis;
  }

  @Test
  void whenTheLeaderIsKilledTheOtherTakesOverAndNoVniIsTwos() throws Exception {
    long begun = System.nanoTime();
    var leader = start("a");
    awaitStatus("a", status -> leads(status) && status.path("current").asBoolean());
    System.out.printf(
        "empty: start to ready in %d ms, with %d ms of CPU%n",
        millisSince(begun), cpuMillis(leader));
    start("b");
    awaitStatus("b", status -> status.path("leader").asText().startsWith("a_"));
    for (int i = 0; i < 200; i++) {
      cluster.server.put(Cluster.yaml("{kind: Network, metadata: {name: n" + i + "}, spec: {}}"));
    }
    Cluster.await("some VNIs", this::vnis, vnis -> vnis.size() > 20);
    leader.destroyForcibly(); // in the middle of it
    assertThat(leader.waitFor(60, TimeUnit.SECONDS)).isTrue();
    long killed = System.nanoTime();
    awaitStatus("b", ControllerProcessTest::leads);
    var taken = Duration.ofNanos(System.nanoTime() - killed);
    System.out.printf("killed -9, the other leads after %d ms%n", taken.toMillis());
    assertThat(taken).isLessThan(TAKEN_OVER.plusSeconds(8)); // the machine is busy
    Cluster.await("all VNIs", this::vnis, vnis -> vnis.size() == 200);
    Cluster.await("as many claims", () -> cluster.claims(), claims -> claims.size() == 200);
  }

  /**
   * Each with a network of its own, five to a tenant, and two pods. Whose pods are in a network is
   * decided on the nodes: of namespaces and pods the controller reads nothing.
   */
  @Test
  void withFiveThousandNamespacesItStaysSmall() throws Exception {
    for (int tenant = 0; tenant < TENANTS; tenant++) {
      cluster.server.put(
          Cluster.yaml("{kind: Tenant, metadata: {name: t" + tenant + "}, spec: {}}"));
    }
    for (int i = 0; i < 5000; i++) {
      put("{kind: Namespace, metadata: {name: ns-%d, labels: {team: t%d}}}", i, i % TENANTS);
      put(
          "{kind: Network, metadata: {name: n%d}, spec: {tenant: t%d, subnets: [10.%d.0.0/16],"
              + " gateway: true, namespaces: {names: [ns-%d]}}}",
          i, i % TENANTS, 1 + i / TENANTS, i);
      for (int pod = 0; pod < 2; pod++) {
        put(
            "{kind: Pod, metadata: {name: pod-%d, namespace: ns-%d}, spec: {nodeName: n%d}}",
            pod, i, i % 100);
      }
    }
    long before = System.nanoTime();
    var first = start("a");
    awaitStatus("a", status -> status.path("current").asBoolean());
    System.out.printf(
        "5,000 namespaces: start to ready in %d ms, with %d ms of CPU%n",
        millisSince(before), cpuMillis(first));
    var end = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    while (vnis().size() < 5000 && System.nanoTime() < end) {
      Thread.sleep(500);
    }
    assertThat(vnis()).hasSize(5000);
    System.out.printf("all have their VNI after %d ms%n", millisSince(before));
    awaitStatus("a", status -> status.path("waiting").asInt() <= 1);
    awaitRest();
    System.out.printf("after that: RSS %d KiB%n", residentKib(first));
    assertThat(residentKib(first)).isLessThan(MOST_KIB);
    first.destroy();
    assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();

    before = System.nanoTime();
    var second = start("b");
    awaitStatus("b", status -> leads(status) && status.path("current").asBoolean());
    System.out.printf(
        "again: start to ready in %d ms, with %d ms of CPU%n",
        millisSince(before), cpuMillis(second));
    long writes = cluster.writes();
    Thread.sleep(5000);
    assertThat(cluster.writes()).as("it finds everything as it should be").isEqualTo(writes);
    System.out.printf("at rest: RSS %d KiB%n", residentKib(second));
    assertThat(residentKib(second)).isLessThan(MOST_KIB);
  }

  /** 10,000 resources are the limit; a controller that starts there must see them all. */
  @Test
  void atTheLimitARestartedControllerSeesAll() throws Exception {
    for (int i = 0; i < 4900; i++) {
      put("{kind: Tenant, metadata: {name: t%d}, spec: {}}", i);
    }
    for (int i = 0; i < 5000; i++) {
      put(
          "{kind: Network, metadata: {name: n%d}, spec: {tenant: t%d, subnets: [10.%d.0.0/16],"
              + " gateway: true}}",
          i, i % 4900, 1 + i / 4900);
    }
    long before = System.nanoTime();
    var first = start("a");
    awaitStatus("a", status -> status.path("objects").asInt() == 9900);
    System.out.printf(
        "10,000 objects: seen after %d ms, with %d ms of CPU%n",
        millisSince(before), cpuMillis(first));
    var end = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    while (vnis().size() < 5000 && System.nanoTime() < end) {
      Thread.sleep(500);
    }
    awaitStatus(
        "a",
        status -> status.path("claims").asInt() == 9900 && status.path("waiting").asInt() <= 1);
    System.out.printf(
        "all given after %d ms: RSS %d KiB%n", millisSince(before), residentKib(first));
    assertThat(residentKib(first)).isLessThan(MOST_KIB);
    assertThat(Files.readString(directory.resolve("a.log"))).doesNotContain("does not keep it");
    first.destroy();
    assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();

    before = System.nanoTime();
    var second = start("b");
    awaitStatus(
        "b",
        status ->
            leads(status)
                && status.path("objects").asInt() == 9900
                && status.path("claims").asInt() == 9900);
    System.out.printf(
        "again: all seen after %d ms, with %d ms of CPU, RSS %d KiB%n",
        millisSince(before), cpuMillis(second), residentKib(second));
    long writes = cluster.writes();
    Thread.sleep(5000);
    assertThat(cluster.writes()).as("it finds everything as it should be").isEqualTo(writes);
    System.out.printf("at rest: RSS %d KiB%n", residentKib(second));
    assertThat(residentKib(second)).isLessThan(MOST_KIB);
  }

  private void put(String yaml, Object... values) {
    var object = Cluster.yaml(yaml.formatted(values));
    if (!object.has("apiVersion")) {
      object.put("apiVersion", "v1");
    }
    cluster.server.put(object);
  }

  private static long millisSince(long before) {
    return (System.nanoTime() - before) / 1_000_000;
  }

  /** What it wrote makes it read all once more, and may be followed by more to write. */
  private void awaitRest() throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    for (long writes = -1; writes != cluster.writes(); ) {
      writes = cluster.writes();
      assertThat(System.nanoTime()).as("it writes on, %d times", writes).isLessThan(until);
      Thread.sleep(3_000);
    }
  }

  private static long cpuMillis(Process process) {
    return process.info().totalCpuDuration().orElseThrow().toMillis();
  }

  private static long residentKib(Process process) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElseThrow();
  }
}
