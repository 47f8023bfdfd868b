package io.weft.lab.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.lab.process.LabDirectory;
import io.weft.lab.topology.Topologies;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real agents: the demo as a user runs it. */
final class LabRunTest {
  private static final String NAME = "weft-run-" + ProcessHandle.current().pid();
  private static final int SECONDS = 60;

  @TempDir private Path files;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void needsWeft() {
    Machine.requireWeft();
  }

  @Test
  void theDemoHolds() throws IOException {
    int code = commands().run(Machine.twoRacks(files, NAME), true, false, true);
    var report = new ObjectMapper().readTree(text(out));
    assertThat(report.path("checks"))
        .extracting(check -> check.path("name").asText())
        .containsExactly(
            "underlay",
            "tables",
            "ping",
            "mtu",
            "isolation",
            "encapsulation",
            "arp-suppression",
            "attach-latency",
            "agent-restart");
    // A loaded machine makes the one check slow that measures time; it must not be absurd there.
    assertThat(report.path("checks"))
        .filteredOn(check -> !check.path("name").asText().equals("attach-latency"))
        .allSatisfy(
            check -> assertThat(check.path("ok").asBoolean()).as(check.toString()).isTrue());
    var millis = report.path("attachToRemoteFdbMillis");
    assertThat(millis.path("samples").asInt()).isEqualTo(60);
    assertThat(millis.path("median").asDouble()).isBetween(0.1, 50.0);
    assertThat(code).isEqualTo(report.path("ok").asBoolean() ? 0 : 1);
    Machine.assertNothingLeft(NAME);
  }

  /** Each tenant takes in the other's routes, by a wrong route target on both sides. */
  @Test
  void aWrongRouteTargetIsSeen() throws IOException {
    var file =
        Files.writeString(
            files.resolve("leaky.yaml"),
            """
            kind: Fabric
            metadata: {name: default}
            spec: {vtep: {cidr: 10.255.0.0/16}}
            ---
            kind: Tenant
            metadata: {name: red}
            spec: {l3vni: 5001, routeTargets: {import: ["65000:5001", "65000:5002"]}}
            ---
            kind: Tenant
            metadata: {name: blue}
            spec: {l3vni: 5002, routeTargets: {import: ["65000:5001", "65000:5002"]}}
            ---
            kind: Network
            metadata: {name: red-web}
            spec: {tenant: red, vni: 100, subnets: [10.1.0.0/24], gateway: true}
            ---
            kind: Network
            metadata: {name: blue-web}
            spec: {tenant: blue, vni: 200, subnets: [10.2.0.0/24], gateway: true}
            ---
            kind: Topology
            metadata: {name: NAME}
            spec:
              racks: [{name: a}]
              nodes: [{name: a1, rack: a}, {name: a2, rack: a}]
              reflectors: [{name: rr1, rack: a}]
              endpoints:
              - {name: red-1, node: a1, network: red-web, addresses: [10.1.0.11]}
              - {name: blue-1, node: a2, network: blue-web, addresses: [10.2.0.11]}
            """
                .replace("NAME", NAME));
    assertThat(commands().run(file, true, false, false)).isEqualTo(LabCommands.FAILED);
    assertThat(new ObjectMapper().readTree(text(out)).path("checks"))
        .filteredOn(check -> check.path("name").asText().equals("isolation"))
        .singleElement()
        .satisfies(check -> assertThat(check.path("ok").asBoolean(true)).isFalse())
        .extracting(check -> check.path("detail").asText())
        .asString()
        .contains("red-1 -> 10.2.0.11: reply in", "blue-1 -> 10.1.0.11: reply in");
    Machine.assertNothingLeft(NAME);
  }

  @Test
  void twoLabsAtOnce() throws Exception {
    var names = List.of(NAME + "-x", NAME + "-y");
    try (var threads = Executors.newFixedThreadPool(2)) {
      var ups = new ArrayList<Callable<Integer>>();
      for (var name : names) {
        var file = Machine.twoRacks(files, name);
        ups.add(() -> commands().up(file));
      }
      for (var up : threads.invokeAll(ups)) {
        assertThat(up.get()).as(text(err)).isZero();
      }
      out.reset();
      assertThat(commands().status(true)).isZero();
      var labs = new ObjectMapper().readTree(text(out)).path("labs");
      for (var name : names) {
        assertThat(labs).anySatisfy(lab -> assertLooksInside(lab, name));
      }
    } finally {
      for (var name : names) {
        commands().down(name);
      }
    }
    for (var name : names) {
      Machine.assertNothingLeft(name);
    }
  }

  private static void assertLooksInside(JsonNode lab, String name) {
    assertThat(lab.path("name").asText()).isEqualTo(name);
    assertThat(lab.path("nodes")).hasSize(4);
    assertThat(lab.path("routers")).hasSize(3);
    assertThat(lab.path("nodes"))
        .allSatisfy(node -> assertThat(node.path("alive").asBoolean()).isTrue());
    assertThat(lab.path("nodes").get(0).path("tenantNamespaces"))
        .extracting(JsonNode::asText)
        .containsExactly(name + "-a1-weft-blue", name + "-a1-weft-red");
    for (var kind : List.of("routers", "nodes", "reflectors", "endpoints")) {
      assertThat(lab.path(kind))
          .allSatisfy(part -> assertThat(part.path("exists").asBoolean()).isTrue());
    }
  }

  @Test
  void aKilledRunIsClearedByTheNext() throws Exception {
    var file = Machine.twoRacks(files, NAME);
    var first = program(file);
    try {
      awaitAgents(first);
    } finally {
      first.destroyForcibly().waitFor();
    }
    assertThat(new LabDirectory(NAME).path()).exists();
    try {
      assertThat(commands().up(file)).as(text(err)).isZero();
      assertThat(text(out)).contains("removed what an earlier run had left");
    } finally {
      assertThat(commands().down(NAME)).as(text(err)).isZero();
    }
    Machine.assertNothingLeft(NAME);
  }

  @Test
  void aRunThatIsToldToEndCleansUp() throws Exception {
    var program = program(Machine.twoRacks(files, NAME));
    try {
      awaitAgents(program);
      program.destroy();
      assertThat(program.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    } finally {
      program.destroyForcibly();
    }
    Machine.assertNothingLeft(NAME);
  }

  @Test
  void aBadTopologyBuildsNothing() throws IOException {
    var file =
        Files.writeString(
            files.resolve("bad.yaml"), Topologies.twoRacksText().replace("node: a2", "node: a7"));
    assertThat(commands().run(file, true, false, true)).isEqualTo(2);
    assertThat(text(err)).contains("bad.yaml:").contains("there is no node 'a7'");
    assertThat(new ObjectMapper().readTree(text(out)).path("ok").asBoolean(true)).isFalse();
    assertThat(commands().run(files.resolve("none.yaml"), false, false, true)).isEqualTo(2);
    assertThat(commands().down("no-such-lab")).isEqualTo(2);
  }

  private LabCommands commands() {
    return new LabCommands(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        false);
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }

  private static Process program(Path file) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            LabProgram.class.getName(),
            file.toString())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Until the last of the hosts has been started. */
  private static void awaitAgents(Process program) throws InterruptedException {
    var last = new LabDirectory(NAME).pid("b2");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!Files.exists(last)) {
      assertThat(program.isAlive()).isTrue();
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(10);
    }
  }
}
