package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.lab.check.RoamingMachine;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.RunningLab;
import io.weft.lab.run.Lab;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.EchoStream;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine that moves between nodes of ours and a VTEP of FRR's, told by nothing but the wire. */
class FrrMobilityTest {
  /** What a move may take that only the wire tells of, at 1,000 packets in a second. */
  private static final int MOST_SILENCE_MILLIS = 1_000;

  /** 120 moves. */
  private static final int ROUNDS = 30;

  /** Of ten moves and one that is waited for. */
  private static final int BURSTS = 12;

  private static final String NEVER_FROZEN = "{moves: 1000, seconds: 1, recoverSeconds: 1}";
  private static final String FRR_NEVER_FROZEN = "dup-addr-detection max-moves 1000 time 2";
  private static final long ANNOUNCE_NANOS = Duration.ofMillis(50).toNanos();
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final IpAddress ADDRESS = IpAddress.parse("192.168.1.50");
  private static final MacAddress MAC = MacAddress.parse("52:54:00:00:00:50");
  private static final Vni VNI = new Vni(100);
  private static final String TOPOLOGY =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 10.255.0.0/16}, duplicates: $DUPLICATES}
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

  /** Builds all, with what counts as a duplicate with us, and with FRR. */
  private void build(String duplicates, String... frrDuplicates)
      throws IOException, LabFailure, InterruptedException {
    var topology = TOPOLOGY.replace("$DUPLICATES", duplicates);
    var file = ForeignLab.file(directory, topology, FrrDaemons.BGPD);
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
    frr.detectDuplicates(frrDuplicates);
    frr.addNetwork(VNI, vtep);
    try (var links = Rtnetlink.openIn(plan.namespace("b1").name())) {
      links.execute(
          new Request.AddAddress(
              Address.of(links.requireLink("br100").index(), IpAddress.parse("192.168.1.3"), 24)));
    }
    NetworkNamespaces.callIn(
        plan.namespace("b1").name(),
        () -> Files.writeString(Path.of("/proc/sys/net/ipv4/conf/br100/arp_accept"), "1"));
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
    await(Duration.ofSeconds(30), what, condition);
  }

  private static void await(Duration patience, String what, BooleanSupplier condition)
      throws InterruptedException {
    long until = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      Thread.sleep(20);
    }
  }

  /** The next hops of the machine's best routes at FRR. */
  private List<String> atFrr() {
    var hops = new TreeSet<String>();
    for (var route : answer(frr::routes).entrySet()) {
      if (route.getKey().contains(MAC.toString())) {
        hops.add(route.getValue());
      }
    }
    return List.copyOf(hops);
  }

  private JsonNode answer(String command) {
    return answer(() -> frr.vtysh(command));
  }

  private interface Question<T> {
    T ask() throws IOException, InterruptedException;
  }

  private static <T> T answer(Question<T> question) {
    try {
      return question.ask();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aMachineIsFollowedBetweenBoth() throws Exception {
    build("{}");
    var places = List.of("a1", "b1", "a2", "b1");
    machine.plug(0);
    machine.announce(ADDRESS);
    var plan = running.plan();
    await("FRR knows the machine at a1", () -> atFrr().equals(List.of(plan.loopback("a1") + "")));
    for (var place : places.subList(1, places.size())) {
      assertThat(silence(place, ADDRESS)).as("ms of silence").isLessThan(MOST_SILENCE_MILLIS);
    }
  }

  // ---- many moves -------------------------------------------------------------------------

  /**
   * Moves so often that both would call it a duplicate, were they not told otherwise. After each
   * the numbers have risen by one at every VTEP (RFC 7432 §15), and all kernels and tables of
   * routes lead to one place.
   */
  @Test
  void moveOften() throws Exception {
    build(NEVER_FROZEN, FRR_NEVER_FROZEN);
    start();
    long number = 0;
    int lost = 0;
    int longest = 0;
    for (int round = 0; round < ROUNDS; round++) {
      try (var ours = EchoStream.startIn(namespace("red-2"), ADDRESS, Duration.ofMillis(1));
          var theirs = EchoStream.startIn(namespace("red-3"), ADDRESS, Duration.ofMillis(1))) {
        for (var place : List.of("b1", "a2", "b1", "a1")) {
          plug(place);
          awaitPlace(place);
          assertThat(number(place)).as("number at the move to %s", place).isEqualTo(++number);
        }
        for (var seen : List.of(ours.stop(PATIENCE), theirs.stop(PATIENCE))) {
          lost += seen.lost();
          longest = Math.max(longest, seen.longestSilence());
        }
      }
    }
    System.out.printf(
        "%d moves: %.1f ms lost of each by each of two observers, longest silence %d ms%n",
        number, lost / 2.0 / number, longest);
    assertThat(longest).as("ms of silence").isLessThan(MOST_SILENCE_MILLIS);
    for (var observer : List.of("red-1", "red-2", "red-3")) {
      assertThat(reaches(observer, ADDRESS)).as(observer).isTrue();
    }
  }

  /**
   * It moves on before the others have heard of the move before, so that two say the same number,
   * of which the lower VTEP counts until the machine speaks again (RFC 7432 §15).
   */
  @Test
  void moveFasterThanRoutes() throws Exception {
    build(NEVER_FROZEN, FRR_NEVER_FROZEN);
    start();
    var random = new Random(8);
    var nodes = running.topology().machines().getFirst().nodes();
    for (int burst = 0; burst < BURSTS; burst++) {
      for (int move = 0; move < 10; move++) {
        plug(nodes.get(random.nextInt(nodes.size())));
        machine.announce(ADDRESS);
        Thread.sleep(random.nextInt(60));
      }
      var last = nodes.get(burst % nodes.size());
      plug(last);
      awaitPlace(last);
      number(last);
    }
    for (var observer : List.of("red-1", "red-2", "red-3")) {
      await(observer + " reaches the machine", () -> reaches(observer, ADDRESS));
    }
  }

  /**
   * FRR freezes it at its fifth move, says no more of it for 30 s, and goes on where it was. That
   * is the fifth that our node hears of, which freezes it too, until its own time is over.
   */
  @Test
  void freezeAndRecover() throws Exception {
    build(
        "{moves: 5, seconds: 180, recoverSeconds: 5}",
        "dup-addr-detection max-moves 5 time 180",
        "dup-addr-detection freeze 30");
    start();
    for (var place : List.of("b1", "a1", "b1", "a1")) {
      plug(place);
      awaitPlace(place);
    }
    plug("b1");
    machine.announce(ADDRESS);
    await("FRR freezes it", () -> zebra().path("isDuplicate").asBoolean());
    plug("a1");
    machine.announce(ADDRESS);
    assertThat(number("a1")).isEqualTo(4);
    for (var observer : List.of("red-1", "red-2")) {
      await(observer + " reaches the machine", () -> reaches(observer, ADDRESS));
    }
    await(Duration.ofSeconds(60), "we freeze it", () -> frozenAt("a1").size() == 1);
    assertThat(zebra().path("isDuplicate").asBoolean()).as("with FRR, after its time").isFalse();
    var frozen = frozenAt("a1").get(0);
    assertThat(frozen.path("mac").asText()).isEqualTo(MAC.toString());
    assertThat(frozen.path("vtep").asText()).isEqualTo(running.plan().loopback("b1").toString());
    assertThat(frozen.path("moves").asInt()).isEqualTo(5);
    awaitPlace("a1");
    assertThat(number("a1")).isEqualTo(6);
    assertThat(frozenAt("a1")).isEmpty();
    for (var observer : List.of("red-1", "red-2", "red-3")) {
      await(observer + " reaches the machine", () -> reaches(observer, ADDRESS));
    }
  }

  private JsonNode frozenAt(String node) {
    try (var agent = running.agent(node)) {
      return agent.status().path("duplicates");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What FRR's kernel daemon has of the machine's MAC. */
  private JsonNode zebra() {
    return answer("show evpn mac vni 100 mac " + MAC + " json").path(MAC.toString());
  }

  private void start() throws Exception {
    plug("a1");
    awaitPlace("a1");
    for (var observer : List.of("red-2", "red-3")) {
      await(observer + " reaches the machine", () -> reaches(observer, ADDRESS));
    }
  }

  private void plug(String place) {
    machine.plug(running.topology().machines().getFirst().nodes().indexOf(place));
  }

  /** Until all say that the machine is there; it says so itself meanwhile, as hypervisors do. */
  private void awaitPlace(String place) throws Exception {
    var wanted = everywhere(place);
    long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    machine.announce(ADDRESS);
    long next = System.nanoTime() + ANNOUNCE_NANOS;
    for (var seen = seen(); !seen.equals(wanted); seen = seen()) {
      assertThat(System.nanoTime()).as("%s, not %s", seen, wanted).isLessThan(until);
      if (System.nanoTime() - next > 0) {
        machine.announce(ADDRESS);
        next += ANNOUNCE_NANOS;
      }
      Thread.sleep(5);
    }
  }

  /** What every node holds of the machine when it is at one of them. */
  private Map<String, String> everywhere(String place) {
    var all = new TreeMap<String, String>();
    var vtep = running.plan().loopback(place);
    for (var node : running.topology().machines().getFirst().nodes()) {
      all.put("routes of " + node, vtep.toString());
      all.put("kernel of " + node, (node.equals(place) ? "here" : vtep) + ", " + MAC);
    }
    return all;
  }

  private Map<String, String> seen() throws Exception {
    var all = new TreeMap<String, String>();
    all.put("routes of b1", String.join(" ", atFrr()));
    // FRR leaves the row of its VXLAN device, to which no row of the bridge leads any more.
    all.put(
        "kernel of b1",
        kernel(running.plan().namespace("b1").name()).replaceFirst("^[0-9.]+ here", "here"));
    for (var node : List.of("a1", "a2")) {
      try (var agent = running.agent(node)) {
        all.put(
            "routes of " + node,
            agent.pathsTo(MAC).stream()
                .map(path -> path.nextHop().toString())
                .distinct()
                .collect(Collectors.joining(" ")));
      }
      all.put("kernel of " + node, kernel(running.tenantNamespace(node, "red-net")));
    }
    return all;
  }

  /** Where frames for the machine's MAC go to, and the MAC of its address. */
  private static String kernel(String namespace) {
    try (var links = Rtnetlink.openIn(namespace)) {
      int bridge = links.requireLink("br100").index();
      var places = new TreeSet<String>();
      for (var row : links.fdb(row -> row.mac().equals(MAC))) {
        row.destination().ifPresent(vtep -> places.add(vtep.toString()));
        if (links.link(row.link()).filter(link -> !link.kind().equals("vxlan")).isPresent()) {
          places.add("here");
        }
      }
      return String.join(" ", places)
          + ", "
          + links.neighbours(bridge).stream()
              .filter(row -> row.address().equals(ADDRESS))
              .flatMap(row -> row.mac().stream())
              .map(MacAddress::toString)
              .collect(Collectors.joining(" "));
    }
  }

  /** The one number of all routes to the machine, as all nodes have it. */
  private long number(String place) throws Exception {
    var numbers = new TreeSet<Long>();
    for (var node : List.of("a1", "a2")) {
      try (var agent = running.agent(node)) {
        agent.pathsTo(MAC).forEach(path -> numbers.add(path.sequence()));
      }
    }
    var zebra = zebra();
    numbers.add(zebra.path(place.equals("b1") ? "localSequence" : "remoteSequence").asLong());
    assertThat(numbers).as("numbers at %s: %s", place, zebra).hasSize(1);
    return numbers.first();
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
