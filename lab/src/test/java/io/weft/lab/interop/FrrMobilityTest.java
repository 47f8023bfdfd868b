package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.lab.check.RoamingMachine;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.RunningLab;
import io.weft.lab.run.Lab;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.EchoStream;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine that moves between nodes of ours and a VTEP of FRR's, told by nothing but the wire. */
class FrrMobilityTest {
  /** What a move may take that only the wire tells of, at 1,000 packets in a second. */
  private static final int MOST_SILENCE_MILLIS = 1_000;

  private static final Vni VNI = new Vni(100);
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
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24]}
      ---
      kind: Topology
      metadata: {name: frrmove}
      spec:
        racks: [{name: a}, {name: b}]
        nodes:
        - {name: a1, rack: a}
        - {name: a2, rack: a}
        - {name: b1, rack: b, speaker: external}
        reflectors:
        - {name: rr1, rack: a}
        endpoints:
        - {name: red-1, node: a1, network: red-net, addresses: [192.168.1.11]}
        - {name: red-2, node: a2, network: red-net, addresses: [192.168.1.12]}
        - {name: red-3, node: b1, network: red-net, addresses: [192.168.1.13]}
        machines:
        - {name: vm, network: red-net, nodes: [a1, b1, a2], address: 192.168.1.50, mac: '52:54:00:00:00:50'}
      """;

  @TempDir private Path directory;

  private Lab lab;
  private RunningLab running;
  private FrrNode frr;
  private RoamingMachine machine;

  @BeforeEach
  void build() throws IOException, LabFailure, InterruptedException {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    assumeTrue(System.getenv("WEFT_HOME") != null, "needs WEFT_HOME: run it by make test");
    assumeTrue(Files.exists(FrrDaemons.BGPD), "needs FRR (package frr)");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    var file = Files.writeString(directory.resolve("frrmove.yaml"), TOPOLOGY);
    lab = Lab.open(file, Lab.read(file));
    lab.clear();
    running = lab.build();
    var plan = running.plan();
    var vtep = plan.loopback("b1");
    frr =
        FrrNode.start(
            plan.namespace("b1").name(),
            directory.resolve("frr"),
            vtep,
            List.of(plan.loopback("rr1")));
    frr.addNetwork(VNI, vtep);
    frr.addEndpoint(VNI, plan.namespace("red-3").name(), IpAddress.parse("192.168.1.13"), 24);
    running.start();
    running.awaitSessions();
    for (var endpoint : running.topology().endpoints()) {
      if (running.topology().node(endpoint.node()).isWeft()) {
        running.attach(endpoint);
      }
    }
    var vm = running.topology().machines().getFirst();
    machine = new RoamingMachine(vm, plan.namespace("vm").name(), 24, 1450);
    for (var node : vm.nodes()) {
      try (var links = Rtnetlink.openIn(plan.namespace(node).name())) {
        machine.cable(links, "to-vm");
        if (node.equals("b1")) {
          int bridge = links.requireLink("br100").index();
          links.setLink(links.requireLink("to-vm").index(), LinkSettings.NONE.withMaster(bridge));
        }
      }
      if (!node.equals("b1")) {
        try (var agent = running.agent(node)) {
          agent.attachLink(vm, "to-vm", true);
        }
      }
    }
  }

  @AfterEach
  void remove() throws IOException, InterruptedException {
    if (machine != null) {
      machine.close();
    }
    if (frr != null) {
      frr.close();
    }
    if (lab != null) {
      lab.remove();
      lab.close();
    }
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      Thread.sleep(20);
    }
  }

  /** The next hops of the machine's best routes at FRR. */
  private List<String> atFrr() {
    try {
      return frr.routes().entrySet().stream()
          .filter(route -> route.getKey().contains("52:54:00:00:00:50"))
          .map(Map.Entry::getValue)
          .distinct()
          .toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  @Test
  void aMachineIsFollowedBetweenBoth() throws Exception {
    var address = IpAddress.parse("192.168.1.50");
    var places = List.of("a1", "b1", "a2", "b1");
    machine.plug(0);
    machine.announce(address);
    var plan = running.plan();
    await("FRR knows the machine at a1", () -> atFrr().equals(List.of(plan.loopback("a1") + "")));
    for (var place : places.subList(1, places.size())) {
      assertThat(silence(place, address)).as("ms of silence").isLessThan(MOST_SILENCE_MILLIS);
    }
  }

  /** Moves the machine; the longest silence that one of two observers heard, in ms. */
  private int silence(String place, IpAddress address) throws Exception {
    // A stream counts from its first packet: how soon that one arrives is another question.
    for (var observer : List.of("red-2", "red-3")) {
      await(observer + " reaches the machine", () -> reaches(observer, address));
    }
    try (var ours = EchoStream.startIn(namespace("red-2"), address, Duration.ofMillis(1));
        var theirs = EchoStream.startIn(namespace("red-3"), address, Duration.ofMillis(1))) {
      await("replies before", () -> ours.received() > 50 && theirs.received() > 50);
      machine.plug(running.topology().machines().getFirst().nodes().indexOf(place));
      machine.announce(address);
      var next = running.plan().loopback(place).toString();
      await("FRR and we know it at " + place, () -> atFrr().equals(List.of(next)));
      int before = ours.received();
      int there = theirs.received();
      await(
          "replies from " + place,
          () -> ours.received() > before + 50 && theirs.received() > there + 50);
      var silences =
          List.of(
              ours.stop(Duration.ofSeconds(1)).longestSilence(),
              theirs.stop(Duration.ofSeconds(1)).longestSilence());
      System.out.printf("silence at the move to %s: %s ms%n", place, silences);
      return Collections.max(silences);
    }
  }

  private boolean reaches(String observer, IpAddress address) {
    try (var echo = IcmpEcho.openIn(namespace(observer), address)) {
      return echo.ping(56, Duration.ofMillis(100)) instanceof EchoResult.Reply;
    }
  }

  private String namespace(String endpoint) {
    return running.plan().namespace(endpoint).name();
  }
}
