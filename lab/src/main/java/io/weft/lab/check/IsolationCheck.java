package io.weft.lab.check;

import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NeighbourState;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.Frame;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.Octets;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/**
 * Nothing passes between two tenants, whatever addresses they use. While all endpoints of one
 * tenant ping all addresses of the other, which may be their own too, no echo packet is seen at any
 * endpoint of the other. An address that only the other tenant has does not answer, neither asked
 * for by ARP nor sent to its MAC at once, while it does answer in its own tenant.
 */
public final class IsolationCheck implements Check {
  private static final Duration NO_ANSWER = Duration.ofMillis(250);

  /** Pings to a new address, of which all but the last wait for no longer than that. */
  private static final int MOST_PINGS = 8;

  private static final Duration SETTLE = Duration.ofSeconds(5);
  private static final int ICMP = 1;
  private static final int ECHO = 8;
  private static final int ECHO_REPLY = 0;
  private static final int ICMPV6 = 58;
  private static final int ICMPV6_ECHO = 128;
  private static final int ICMPV6_ECHO_REPLY = 129;

  /**
   * Octets of the pings over one border, which no other has: what a gateway still held for an
   * address that nobody had is delivered when somebody gets it, to its own tenant.
   */
  private static final int FIRST_PAYLOAD = 100;

  private static final int PAYLOADS = 900;

  /** From a network of one tenant to one of another, with the octets of its pings. */
  private record Border(String from, String to, int payload) {}

  @Override
  public String name() {
    return "isolation";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var findings = new Findings();
    var borders = borders(lab);
    int pings = 0;
    for (int first = 0; first < borders.size(); first += PAYLOADS) {
      var some = borders.subList(first, Math.min(borders.size(), first + PAYLOADS));
      pings += sharedAddresses(lab, some, findings);
    }
    int groups = borders.size();
    for (var to : borders.stream().map(Border::to).distinct().toList()) {
      var nearBy = new TreeMap<String, List<Attached>>();
      for (var border : borders) {
        if (border.to().equals(to)) {
          nearBy
              .computeIfAbsent(placeNear(lab, border), _ -> new ArrayList<>())
              .addAll(lab.attached(border.from()));
        }
      }
      for (var near : nearBy.entrySet()) {
        pings += ownAddress(lab, to, near.getKey(), near.getValue(), payload(groups++), findings);
      }
    }
    var settled = new TablesCheck(SETTLE).run(lab);
    findings.expect(settled.ok(), "afterwards " + settled.detail());
    findings.expect(!borders.isEmpty(), "there are no two tenants with endpoints");
    return findings.result(
        name(),
        pings
            + " pings over "
            + borders.size()
            + " tenant borders: none seen on the other side, none answered from there");
  }

  private static List<Border> borders(RunningLab lab) {
    var borders = new ArrayList<Border>();
    for (var from : lab.networks()) {
      for (var to : lab.networks()) {
        if (!Routing.tenant(lab, from).equals(Routing.tenant(lab, to))) {
          borders.add(new Border(from, to, payload(borders.size())));
        }
      }
    }
    return borders;
  }

  private static int payload(int number) {
    return FIRST_PAYLOAD + number % PAYLOADS;
  }

  /** All of one tenant ping all addresses of the other, and all of the other listen. */
  private static int sharedAddresses(RunningLab lab, List<Border> borders, Findings findings)
      throws InterruptedException {
    var ears = new TreeMap<String, Recording>();
    try {
      for (var to : borders.stream().map(Border::to).distinct().toList()) {
        lab.attached(to)
            .forEach(ear -> ears.put(ear.name(), Recording.startIn(ear.namespace(), "eth0")));
      }
      var tasks = new ArrayList<Callable<String>>();
      for (var border : borders) {
        var known =
            Routing.neighbours(lab, border.from()).stream()
                .flatMap(network -> addresses(lab.attached(network)).stream())
                .toList();
        for (var sender : lab.attached(border.from())) {
          for (var address : addresses(lab.attached(border.to()))) {
            boolean own = known.contains(address) && Pings.hasFamilyOf(sender, address);
            tasks.add(() -> send(sender, address, own, border.payload()));
          }
        }
      }
      for (var problem : Pings.inParallel(tasks)) {
        findings.expect(problem.isEmpty(), problem);
      }
      var heard = new TreeMap<String, List<Frame>>();
      ears.forEach((name, recording) -> heard.put(name, recording.frames()));
      for (var border : borders) {
        for (var ear : lab.attached(border.to())) {
          var frames = heard.getOrDefault(ear.name(), List.of());
          listen(ear.name(), frames, border.payload(), border.from(), findings);
        }
      }
      return tasks.size();
    } finally {
      ears.values().forEach(Recording::close);
    }
  }

  private static List<IpAddress> addresses(List<Attached> endpoints) {
    return endpoints.stream().flatMap(e -> e.addresses().stream()).distinct().toList();
  }

  /** An address that the sender's own tenant has too must answer: from there. */
  private static String send(Attached sender, IpAddress address, boolean own, int payload) {
    var result = Pings.ping(sender.namespace(), address, payload, own ? Pings.PATIENCE : NO_ANSWER);
    return result instanceof EchoResult.Reply == own
        ? ""
        : sender.name() + " -> " + address + ": " + result;
  }

  private static void listen(
      String name, List<Frame> frames, int payload, String from, Findings findings) {
    long heard = frames.stream().filter(frame -> isEcho(frame, payload)).count();
    findings.expect(heard == 0, name + " saw " + heard + " echo packets of " + from);
  }

  /** Not what an endpoint's own gateway tells it of packets that it could not deliver. */
  private static boolean isEcho(Frame frame, int payload) {
    var octets = frame.octets();
    if (octets.length() <= 54) {
      return false;
    }
    return switch (u16(octets, 12)) {
      case VxlanFrame.IPV4 ->
          u16(octets, 16) == IcmpEcho.IPV4_OVERHEAD + payload
              && octets.at(23) == ICMP
              && (octets.at(34) == ECHO || octets.at(34) == ECHO_REPLY);
      case VxlanFrame.IPV6 ->
          u16(octets, 18) == IcmpEcho.IPV6_OVERHEAD - 40 + payload
              && octets.at(20) == ICMPV6
              && (octets.at(54) == ICMPV6_ECHO || octets.at(54) == ICMPV6_ECHO_REPLY);
      default -> false;
    };
  }

  private static int u16(Octets octets, int index) {
    return octets.at(index) << 8 | octets.at(index + 1);
  }

  /** An endpoint for the time of the check has addresses that only its tenant has. */
  private static int ownAddress(
      RunningLab lab,
      String to,
      String node,
      List<Attached> strangers,
      int payload,
      Findings findings)
      throws IOException, InterruptedException {
    var place = ExtraEndpoint.of(lab, to, node, Optional.empty());
    try (var agent = lab.agent(node)) {
      var attached = ExtraEndpoint.attach(lab, agent, to, place);
      if (attached.isEmpty()) {
        return 0;
      }
      var target = attached.get();
      try {
        return askAsOwn(lab.attached(to), target, payload, findings)
            + askAsStrangers(strangers, target, payload, findings);
      } finally {
        agent.detach(target.name());
      }
    }
  }

  /** The hardest place: a node on which both tenants are. */
  private static String placeNear(RunningLab lab, Border border) {
    var nodes = lab.nodesOf(border.to());
    return nodes.stream()
        .filter(lab.nodesOf(border.from())::contains)
        .findFirst()
        .orElse(nodes.getFirst())
        .thing();
  }

  /** The kernel makes a new IPv6 address usable a moment after it has taken it: asked often. */
  private static int askAsOwn(List<Attached> own, Attached target, int payload, Findings findings)
      throws InterruptedException {
    var tasks = new ArrayList<Callable<String>>();
    for (var address : target.addresses()) {
      for (var sender : own) {
        if (Pings.hasFamilyOf(sender, address)) {
          tasks.add(() -> sendUntilAnswered(sender, address, payload));
        }
      }
    }
    for (var problem : Pings.inParallel(tasks)) {
      findings.expect(problem.isEmpty(), problem);
    }
    return tasks.size();
  }

  private static String sendUntilAnswered(Attached sender, IpAddress address, int payload) {
    for (int i = 1; i < MOST_PINGS; i++) {
      var result = Pings.ping(sender.namespace(), address, payload, NO_ANSWER);
      if (result instanceof EchoResult.Reply) {
        return "";
      }
    }
    return send(sender, address, true, payload);
  }

  private static int askAsStrangers(
      List<Attached> strangers, Attached target, int payload, Findings findings)
      throws InterruptedException {
    try (var recording = Recording.startIn(target.namespace(), "eth0")) {
      for (boolean toMac : List.of(false, true)) {
        var tasks = new ArrayList<Callable<String>>();
        for (var sender : strangers) {
          for (var address : target.addresses()) {
            tasks.add(
                () ->
                    toMac
                        ? sendToMac(sender, address, target, payload)
                        : send(sender, address, false, payload));
          }
        }
        for (var problem : Pings.inParallel(tasks)) {
          findings.expect(problem.isEmpty(), problem);
        }
      }
      var from = strangers.stream().map(Attached::network).distinct().toList();
      listen(target.name(), recording.frames(), payload, String.join(", ", from), findings);
    }
    return 2 * strangers.size() * target.addresses().size();
  }

  /** Past ARP, as an attacker would who knows the MAC. */
  private static String sendToMac(
      Attached sender, IpAddress address, Attached target, int payload) {
    try (var netlink = Rtnetlink.openIn(sender.namespace())) {
      var entry =
          new Neighbour(
              netlink.requireLink("eth0").index(),
              address,
              Optional.of(target.mac()),
              NeighbourState.PERMANENT,
              false,
              false,
              0);
      netlink.execute(new Request.PutNeighbour(entry));
      try {
        return send(sender, address, false, payload);
      } finally {
        netlink.executeIfThere(new Request.DeleteNeighbour(entry));
      }
    }
  }
}
