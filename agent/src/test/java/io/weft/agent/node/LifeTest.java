package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlClient;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.linux.packet.EchoStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a node lives through, under traffic of 1,000 packets per second between two real nodes. The
 * figures of {@code docs/life.md} are what this prints.
 */
class LifeTest {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  @TempDir private Path directory;
  private ThreeNodes nodes;

  @BeforeEach
  void open() throws Exception {
    nodes = new ThreeNodes(directory);
  }

  @AfterEach
  void close() throws Exception {
    if (nodes != null) {
      nodes.close();
    }
  }

  private static EchoStream.Statistics end(String what, EchoStream stream) {
    var statistics = stream.stop(PATIENCE);
    stream.close();
    System.out.printf(
        "%s: %d of %d lost, longest silence %d ms%n",
        what, statistics.lost(), statistics.sent(), statistics.longestSilence());
    return statistics;
  }

  private static boolean isBack(JsonNode status) {
    return NodeProcess.isSettled(status)
        && status.at("/peers/established").asInt() > 0
        && status.path("endpoints").size() == 1;
  }

  @Test
  void anAgentIsKilledAndUpgradedAndNothingIsLost() throws Exception {
    var here = nodes.pod(2, 12);
    nodes.pod(3, 13);
    var killed = nodes.traffic(here, "192.168.1.13");
    for (int number : new int[] {3, 2}) {
      nodes.node(number).kill();
      Thread.sleep(500);
      nodes.node(number).start().awaitStatus(LifeTest::isBack);
    }
    ThreeNodes.awaitAnswers(killed, 500);
    assertThat(end("agents killed -9 and started again", killed).lost()).isZero();

    var upgraded = nodes.traffic(here, "192.168.1.13");
    nodes.node(3).upgradeTo(copyOfTheProgram());
    nodes.node(3).terminate();
    nodes.node(3).start().awaitStatus(LifeTest::isBack);
    ThreeNodes.awaitAnswers(upgraded, 500);
    assertThat(end("agent upgraded", upgraded).lost()).isZero();
  }

  /** Another binary, as far as the machine can tell. */
  private Path copyOfTheProgram() throws Exception {
    var home = NodeProcess.launcher().getParent();
    var copy = Files.createDirectories(directory.resolve("other"));
    run("cp", "-r", "" + home.resolve("weft"), "" + home.resolve("dist"), "" + copy);
    run("mkdir", "-p", "" + copy.resolve("build"));
    run("cp", "" + home.resolve("build/find-jdk"), "" + copy.resolve("build"));
    return copy.resolve("weft");
  }

  private static void run(String... command) throws Exception {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var said = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(said).isZero();
  }

  @Test
  void aRebootedNodeHasItsPodsAgainOnceTheyAreAttached() throws Exception {
    var here = nodes.pod(2, 12);
    var there = nodes.pod(3, 13);
    var traffic = nodes.traffic(here, "192.168.1.13");
    nodes.reboot(3);
    NetworkNamespaces.delete(there);
    nodes.node(3).start().awaitStatus(NodeProcess::isSettled);
    assertThat(nodes.call(3, "status").path("endpoints")).isEmpty();
    NetworkNamespaces.create(there);
    long attached = System.nanoTime();
    nodes.attach(3, there, 13);
    ThreeNodes.awaitAnswers(traffic, 500);
    System.out.printf(
        "after a reboot the attach call took, with 500 answers, %d ms%n",
        (System.nanoTime() - attached) / 1_000_000);
    end("node rebooted, its pod attached again", traffic);
  }

  @Test
  void aDrainedNodeIsLeftWithoutLoss() throws Exception {
    var here = nodes.pod(1, 11);
    nodes.pod(2, 12, "172.20.0.0/16");
    nodes.pod(3, 13, "172.20.0.0/16");
    var streams = new ArrayList<EchoStream>();
    for (int i = 1; i <= 8; i++) {
      // Some by the one, some by the other; 1,000 packets a second in all.
      streams.add(nodes.traffic(here, "172.20.0." + i, Duration.ofMillis(8)));
    }
    var answer = nodes.call(3, "drain");
    assertThat(answer.path("drained").asBoolean()).as("%s", answer).isTrue();
    assertThat(answer.path("withdrawn").asInt()).isPositive();
    awaitRoutesOf("10.99.0.3", 0);
    var status = nodes.node(3).status();
    assertThat(status.path("drained").asBoolean()).isTrue();
    assertThat(status.path("problems").toString()).contains("weft drain --undo");
    assertThat(status.path("endpoints")).hasSize(1);
    var refused =
        nodes.node(3).call(NodeProcess.attaching("more", "web", nodes.namespaces.create("more")));
    assertThat(refused.at("/error/reason").asText()).isEqualTo("DRAINED");

    nodes.node(3).kill();
    nodes.node(3).start().awaitStatus(NodeProcess::isSettled);
    assertThat(nodes.call(3, "status").path("drained").asBoolean()).as("over a restart").isTrue();
    nodes.node(3).terminate();
    Thread.sleep(300);
    assertThat(routesOf("10.99.0.3")).as("nothing is kept for its return").isZero();
    nodes.reboot(3); // its ports go

    int lost = 0;
    for (var stream : streams) {
      ThreeNodes.awaitAnswers(stream, 100);
      lost += end("node drained and shut down", stream).lost();
    }
    assertThat(lost).isZero();

    nodes.node(3).start().awaitStatus(NodeProcess::isSettled);
    var undo = nodes.node(3).call(ControlClient.request("drain").put("undo", true));
    assertThat(undo.path("drained").asBoolean()).isFalse();
    var pod = nodes.namespaces.create("back");
    nodes.attach(3, pod, 14);
    awaitRoutesOf("10.99.0.3", 1);
  }

  private long routesOf(String vtep) throws Exception {
    var routes = nodes.call(1, "routes").path("routes");
    return Stream.iterate(0, i -> i < routes.size(), i -> i + 1)
        .filter(i -> routes.get(i).toString().contains("\"" + vtep + "\""))
        .count();
  }

  private void awaitRoutesOf(String vtep, int least) throws Exception {
    long until = System.nanoTime() + NodeProcess.TIMEOUT_NANOS;
    while (least == 0 ? routesOf(vtep) > 0 : routesOf(vtep) < least) {
      assertThat(System.nanoTime()).isLessThan(until);
      Thread.sleep(20);
    }
  }

  @Test
  void aFullDiskLeavesPodsAloneAndIsNamed() throws Exception {
    var state = Files.createDirectories(directory.resolve("n3/state"));
    run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", state.toString());
    try {
      var here = nodes.pod(2, 12);
      nodes.pod(3, 13);
      var traffic = nodes.traffic(here, "192.168.1.13");
      fill(state.resolve("filler"));
      var refused = nodes.call(3, "drain");
      assertThat(refused.at("/error/message").asText())
          .as("%s", refused)
          .contains("nothing has changed", "--state");
      assertThat(nodes.call(3, "status").path("drained").asBoolean()).isFalse();
      nodes.node(3).kill();
      nodes.node(3).start().awaitStatus(LifeTest::isBack);
      nodes.pod(3, 14);
      ThreeNodes.awaitAnswers(traffic, 500);
      assertThat(end("disk full, agent killed and started again", traffic).lost()).isZero();
      Files.delete(state.resolve("filler"));
      assertThat(nodes.call(3, "drain").path("drained").asBoolean()).as("room again").isTrue();
    } finally {
      run("umount", state.toString());
    }
  }

  private static void fill(Path file) throws Exception {
    try (var out = Files.newOutputStream(file)) {
      var octets = new byte[4096];
      for (int i = 0; i < 32; i++) {
        out.write(octets);
      }
    } catch (java.io.IOException e) {
      assertThat(e.getMessage()).contains("space");
    }
  }

  /** The clock of System.nanoTime is another one after the restart. */
  @Test
  void aStartWithAnotherMonotonicClockLosesNothing() throws Exception {
    var here = nodes.pod(2, 12);
    nodes.pod(3, 13);
    var traffic = nodes.traffic(here, "192.168.1.13");
    var launcher = directory.resolve("later");
    Files.writeString(
        launcher,
        "#!/bin/sh\nexec unshare -T --monotonic 864000 --fork --kill-child %s \"$@\"\n"
            .formatted(NodeProcess.launcher().toAbsolutePath()));
    run("chmod", "+x", launcher.toString());
    nodes.node(3).upgradeTo(launcher);
    nodes.node(3).kill();
    nodes.node(3).start().awaitStatus(LifeTest::isBack);
    ThreeNodes.awaitAnswers(traffic, 500);
    assertThat(end("monotonic clock ten days on after a restart", traffic).lost()).isZero();
  }

  @Test
  void whatOthersChangeIsBackWithinASecondAndABit() throws Exception {
    nodes.pod(2, 12);
    nodes.pod(3, 13);
    var tenant = nodes.node(2).prefix() + "red";
    try (var links = Rtnetlink.openIn(tenant)) {
      int vxlan = links.requireLink("vx100").index();
      var rows = new ArrayList<Long>();
      var settings = new ArrayList<Long>();
      for (int i = 0; i < 10; i++) {
        await(() -> links.fdb(vxlan).stream().anyMatch(LifeTest::isFlood));
        var row = links.fdb(vxlan).stream().filter(LifeTest::isFlood).findFirst().orElseThrow();
        links.execute(new Request.DeleteFdb(row));
        rows.add(await(() -> links.fdb(vxlan).contains(row)));
      }
      var file = Path.of("/proc/sys/net/ipv4/conf/br100/forwarding");
      for (int i = 0; i < 5; i++) {
        NetworkNamespaces.callIn(tenant, () -> Files.writeString(file, "0"));
        settings.add(await(() -> links.requireLink("br100").forwarding()));
      }
      var quiet = new ArrayList<Long>();
      var silent = Path.of("/proc/sys/net/ipv4/conf/br100/arp_ignore");
      for (int i = 0; i < 5; i++) {
        NetworkNamespaces.callIn(tenant, () -> Files.writeString(silent, "0"));
        quiet.add(await(() -> links.requireLink("br100").ipv4().arpIgnore() == 1));
      }
      var filters = new ArrayList<Long>();
      try (var nftables = Nftables.openIn(tenant)) {
        for (int i = 0; i < 5; i++) {
          await(() -> nftables.delete(Table.Family.BRIDGE, "weft-ports"));
          filters.add(await(() -> nftables.table(Table.Family.BRIDGE, "weft-ports").isPresent()));
        }
      }
      System.out.printf(
          "mended: rows after %s ms, settings after %s ms, settings that nobody tells of after %s"
              + " ms, tables of nftables after %s ms%n",
          rows, settings, quiet, filters);
      assertThat(quiet).allMatch(millis -> millis < 5_000);
      assertThat(filters).allMatch(millis -> millis < 5_000);
      assertThat(rows).allMatch(millis -> millis < 5_000);
      assertThat(settings).allMatch(millis -> millis < 5_000);
    }
    var foreign = nodes.node(2).status().path("foreignChanges");
    assertThat(foreign.path("changes").asInt()).as("%s", foreign).isGreaterThanOrEqualTo(20);
  }

  private static boolean isFlood(FdbEntry row) {
    return row.mac().isZero() && row.destination().isPresent();
  }

  /** How many milliseconds it took. */
  private static long await(BooleanSupplier condition) throws Exception {
    long begin = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - begin).isLessThan(NodeProcess.TIMEOUT_NANOS);
      Thread.sleep(2);
    }
    return (System.nanoTime() - begin) / 1_000_000;
  }
}
