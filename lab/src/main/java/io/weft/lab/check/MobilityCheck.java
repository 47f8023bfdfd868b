package io.weft.lab.check;

import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.EchoStream;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Machines that move: each goes once around its nodes, announced by attach and detach, and once
 * more when only the wire says it, under 1,000 numbered packets in a second and a TCP connection.
 * Then an address goes from one machine to another and back, as keepalived moves it.
 */
public final class MobilityCheck implements Check {
  private static final Duration INTERVAL = Duration.ofMillis(1);

  /** Packets in a row without an answer, one in a millisecond. */
  private static final int MEDIAN_ANNOUNCED = 50;

  private static final int MOST = 1_000;

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofMillis(10);

  /** Replies after which a place counts as reached. */
  private static final int REPLIES = 200;

  private final Findings findings = new Findings();
  private final List<String> seen = new ArrayList<>();
  private final List<Integer> announced = new ArrayList<>();
  private final List<Integer> heard = new ArrayList<>();
  private final List<Integer> addresses = new ArrayList<>();
  private long packets;
  private long lost;
  private long numbers;

  /** True when there is a machine that may move. */
  public static boolean concerns(Topology topology) {
    return !topology.machines().isEmpty();
  }

  @Override
  public String name() {
    return "mobility";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var machines = new ArrayList<RoamingMachine>();
    try {
      for (var each : lab.topology().machines()) {
        machines.add(build(lab, each));
      }
      for (var machine : machines) {
        announced(lab, machine);
        heard(lab, machine);
      }
      if (machines.size() > 1) {
        moveAddress(lab, machines.get(0), machines.get(1));
      }
    } finally {
      machines.forEach(RoamingMachine::close);
    }
    judge("announced", announced, MEDIAN_ANNOUNCED);
    judge("heard", heard, MOST);
    judge("addresses between machines", addresses, MOST);
    seen.add("%d of %d packets lost, 1,000 a second".formatted(lost, packets));
    seen.add("TCP connections lived, %d numbers in order".formatted(numbers));
    return findings.result(name(), String.join("; ", seen));
  }

  private static RoamingMachine build(RunningLab lab, Topology.Machine each) {
    var built =
        new RoamingMachine(
            each,
            lab.plan().namespace(each.name()).name(),
            subnet(lab, each).length(),
            observer(lab, each).mtu());
    for (int i = 0; i < each.nodes().size(); i++) {
      try (var node = Rtnetlink.openIn(lab.plan().namespace(each.nodes().get(i)).name())) {
        built.cable(node, link(each));
      }
    }
    return built;
  }

  /** Named alike on each node. */
  private static String link(Topology.Machine machine) {
    return "to-" + machine.name().substring(0, Math.min(12, machine.name().length()));
  }

  private static IpPrefix subnet(RunningLab lab, Topology.Machine machine) {
    return lab.topology().network(machine.network()).spec().subnets().stream()
        .filter(subnet -> subnet.contains(machine.address()))
        .findFirst()
        .orElseThrow();
  }

  /** An endpoint of the network, the last one: it is the farthest from the machine's first node. */
  private static Attached observer(RunningLab lab, Topology.Machine machine) {
    return lab.attached(machine.network()).getLast();
  }

  // ---- announced --------------------------------------------------------------------------

  private void announced(RunningLab lab, RoamingMachine machine)
      throws IOException, InterruptedException {
    var each = machine.machine();
    var observer = observer(lab, each);
    int places = each.nodes().size();
    machine.plug(0);
    attach(lab, each, 0, false);
    awaitAnswer(observer, each.address());
    try (var tcp = new TcpStream(observer.namespace(), machine.namespace(), each.address())) {
      for (int move = 1; move <= places; move++) {
        int to = move % places;
        int from = move - 1;
        under(
            observer,
            each.address(),
            announced,
            () -> {
              attach(lab, each, to, false); // make before break
              machine.plug(to);
              detach(lab, each, from);
            });
        gateway(lab, machine, each.nodes().get(to));
      }
      judge(each.name() + ", announced", tcp);
    }
    detach(lab, each, 0);
  }

  // ---- only the wire says it --------------------------------------------------------------

  private void heard(RunningLab lab, RoamingMachine machine)
      throws IOException, InterruptedException {
    var each = machine.machine();
    var observer = observer(lab, each);
    int places = each.nodes().size();
    for (int place = 0; place < places; place++) {
      attach(lab, each, place, true);
    }
    machine.plug(0);
    awaitHeard(lab, machine, 0, true);
    awaitAnswer(observer, each.address());
    try (var tcp = new TcpStream(observer.namespace(), machine.namespace(), each.address())) {
      for (int move = 1; move <= places; move++) {
        int to = move % places;
        boolean gratuitous = move % 2 == 1;
        under(
            observer,
            each.address(),
            heard,
            () -> {
              machine.plug(to);
              if (gratuitous) {
                machine.announce(each.address());
              } else {
                machine.speak(); // its addresses are asked for
              }
            });
        awaitHeard(lab, machine, to, false);
        gateway(lab, machine, each.nodes().get(to));
      }
      judge(each.name() + ", heard", tcp);
    }
    for (int place = 0; place < places; place++) {
      detach(lab, each, place);
    }
  }

  /** A node says that it has heard the machine with its address. */
  private void awaitHeard(RunningLab lab, RoamingMachine machine, int place, boolean speaking)
      throws IOException, InterruptedException {
    var each = machine.machine();
    var node = each.nodes().get(place);
    long until = System.nanoTime() + PATIENCE.toNanos();
    try (var agent = lab.agent(node)) {
      while (!agent.hasHost(each.mac(), each.address())) {
        if (System.nanoTime() > until) {
          findings.add(node + " does not hear " + each.name());
          return;
        }
        if (speaking) {
          machine.announce(each.address());
        }
        Thread.sleep(POLL);
      }
    }
  }

  // ---- an address that moves --------------------------------------------------------------

  private void moveAddress(RunningLab lab, RoamingMachine first, RoamingMachine second)
      throws IOException, InterruptedException {
    var free = ExtraEndpoint.freeAddresses(lab, first.machine().network());
    var vip = free.stream().filter(ip -> ip.isIpv4()).findFirst();
    if (vip.isEmpty() || !first.machine().network().equals(second.machine().network())) {
      return;
    }
    int place = second.machine().nodes().size() - 1; // elsewhere
    attach(lab, first.machine(), 0, true);
    attach(lab, second.machine(), place, true);
    first.plug(0);
    second.plug(place);
    awaitHeard(lab, first, 0, true);
    awaitHeard(lab, second, place, true);
    var observer = observer(lab, first.machine());
    take(first, Optional.empty(), vip.get());
    awaitAnswer(observer, vip.get());
    under(observer, vip.get(), addresses, () -> take(second, Optional.of(first), vip.get()));
    under(observer, vip.get(), addresses, () -> take(first, Optional.of(second), vip.get()));
    detach(lab, first.machine(), 0);
    detach(lab, second.machine(), place);
  }

  private static void take(RoamingMachine to, Optional<RoamingMachine> from, IpAddress vip) {
    from.ifPresent(before -> before.own(vip, false));
    to.own(vip, true);
    to.announce(vip);
  }

  // ---- all of them ------------------------------------------------------------------------

  private static void attach(RunningLab lab, Topology.Machine machine, int place, boolean learn)
      throws IOException {
    try (var agent = lab.agent(machine.nodes().get(place))) {
      agent.attachLink(machine, link(machine), learn);
    }
  }

  private static void detach(RunningLab lab, Topology.Machine machine, int place)
      throws IOException {
    try (var agent = lab.agent(machine.nodes().get(place))) {
      agent.detach(machine.name());
    }
  }

  private void awaitAnswer(Attached observer, IpAddress address) {
    long until = System.nanoTime() + PATIENCE.toNanos();
    try (var echo = IcmpEcho.openIn(observer.namespace(), address)) {
      while (!(echo.ping(56, Duration.ofMillis(100)) instanceof EchoResult.Reply)) {
        if (System.nanoTime() > until) {
          findings.add(observer.name() + " does not reach " + address);
          return;
        }
      }
    }
  }

  private void awaitReplies(EchoStream stream) throws InterruptedException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    int enough = stream.received() + REPLIES;
    while (stream.received() < enough && System.nanoTime() < until) {
      Thread.sleep(POLL);
    }
  }

  /** One move. */
  private interface Move {
    void carryOut() throws IOException;
  }

  /** Counts how long nothing comes back while something moves. */
  private void under(Attached observer, IpAddress address, List<Integer> silences, Move move)
      throws IOException, InterruptedException {
    try (var stream = EchoStream.startIn(observer.namespace(), address, INTERVAL)) {
      awaitReplies(stream);
      move.carryOut();
      awaitReplies(stream);
      var statistics = stream.stop(Duration.ofSeconds(1));
      silences.add(statistics.longestSilence());
      packets += statistics.sent();
      lost += statistics.lost();
    }
  }

  private void judge(String what, TcpStream tcp) throws IOException, InterruptedException {
    var broken = tcp.finish();
    findings.expect(broken.isEmpty(), what + ": TCP: " + broken);
    numbers += tcp.sent();
  }

  private void judge(String what, List<Integer> silences, int median) {
    if (silences.isEmpty()) {
      return;
    }
    var sorted = silences.stream().sorted().toList();
    int middle = sorted.get(sorted.size() / 2);
    findings.expect(
        middle <= median && sorted.getLast() <= MOST,
        "%s: without an answer for %s ms, at most %d in the middle and %d ever"
            .formatted(what, silences, median, MOST));
    seen.add(
        "%s: %d moves, without an answer for %d ms in the middle, %d at most"
            .formatted(what, sorted.size(), middle, sorted.getLast()));
  }

  /** The gateway's MAC is the same wherever the machine is. */
  private void gateway(RunningLab lab, RoamingMachine machine, String node) {
    var gateways = lab.topology().network(machine.machine().network()).spec().gateways();
    for (var gateway : gateways) {
      if (gateway.isIpv4() == machine.machine().address().isIpv4()) {
        try (var echo = IcmpEcho.openIn(machine.namespace(), gateway)) {
          var result = echo.ping(56, Duration.ofMillis(500));
          for (int i = 0; i < 5 && !(result instanceof EchoResult.Reply); i++) {
            result = echo.ping(56, Duration.ofMillis(500));
          }
          var mac = machine.neighbour(gateway);
          findings.expect(
              result instanceof EchoResult.Reply && mac.equals(Routing.GATEWAY_MAC.toString()),
              "%s at %s: gateway %s: %s, MAC %s"
                  .formatted(machine.machine().name(), node, gateway, result, mac));
        }
      }
    }
  }
}
