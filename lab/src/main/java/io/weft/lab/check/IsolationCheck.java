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
import java.util.Map;
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
  private static final Duration SETTLE = Duration.ofSeconds(5);
  private static final int ICMP = 1;
  private static final int ECHO = 8;
  private static final int ECHO_REPLY = 0;
  private static final int ICMPV6 = 58;
  private static final int ICMPV6_ECHO = 128;
  private static final int ICMPV6_ECHO_REPLY = 129;

  /**
   * Octets of the pings of one pair of networks, which no other has: what a gateway still held for
   * an address that nobody had is delivered when somebody gets it, to its own tenant.
   */
  private static final int FIRST_PAYLOAD = 100;

  private static final int PAYLOADS = 900;

  private int payload = FIRST_PAYLOAD;

  @Override
  public String name() {
    return "isolation";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var findings = new Findings();
    int pairs = 0;
    int pings = 0;
    for (var from : lab.networks()) {
      for (var to : lab.networks()) {
        if (!Routing.tenant(lab, from).equals(Routing.tenant(lab, to))) {
          payload = FIRST_PAYLOAD + pairs % PAYLOADS;
          pairs++;
          var own =
              Routing.neighbours(lab, from).stream()
                  .flatMap(network -> addresses(lab.attached(network)).stream())
                  .toList();
          pings += sharedAddresses(lab.attached(from), lab.attached(to), own, findings);
          pings += ownAddress(lab, from, to, findings);
        }
      }
    }
    var settled = new TablesCheck(SETTLE).run(lab);
    findings.expect(settled.ok(), "afterwards " + settled.detail());
    findings.expect(pairs > 0, "there are no two tenants with endpoints");
    return findings.result(
        name(),
        pings
            + " pings over "
            + pairs
            + " tenant borders: none seen on the other side, none answered from there");
  }

  /** All of one tenant ping all addresses of the other, and all of the other listen. */
  private int sharedAddresses(
      List<Attached> from, List<Attached> to, List<IpAddress> known, Findings findings)
      throws InterruptedException {
    var ears = new TreeMap<String, Recording>();
    try {
      to.forEach(ear -> ears.put(ear.name(), Recording.startIn(ear.namespace(), "eth0")));
      var tasks = new ArrayList<Callable<String>>();
      for (var sender : from) {
        for (var address : addresses(to)) {
          boolean own = known.contains(address) && Pings.hasFamilyOf(sender, address);
          tasks.add(() -> send(sender, address, own));
        }
      }
      for (var problem : Pings.inParallel(tasks)) {
        findings.expect(problem.isEmpty(), problem);
      }
      listen(ears, from.getFirst().network(), findings);
      return tasks.size();
    } finally {
      ears.values().forEach(Recording::close);
    }
  }

  private static List<IpAddress> addresses(List<Attached> endpoints) {
    return endpoints.stream().flatMap(e -> e.addresses().stream()).distinct().toList();
  }

  /** An address that the sender's own tenant has too must answer: from there. */
  private String send(Attached sender, IpAddress address, boolean own) {
    var result = Pings.ping(sender.namespace(), address, payload, own ? Pings.PATIENCE : NO_ANSWER);
    return result instanceof EchoResult.Reply == own
        ? ""
        : sender.name() + " -> " + address + ": " + result;
  }

  private void listen(Map<String, Recording> ears, String from, Findings findings) {
    ears.forEach(
        (name, recording) -> {
          long heard = recording.frames().stream().filter(this::isEcho).count();
          findings.expect(heard == 0, name + " saw " + heard + " echo packets of " + from);
        });
  }

  /** Not what an endpoint's own gateway tells it of packets that it could not deliver. */
  private boolean isEcho(Frame frame) {
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

  /** An endpoint for the time of the check has an address that only its tenant has. */
  private int ownAddress(RunningLab lab, String from, String to, Findings findings)
      throws IOException, InterruptedException {
    var node = placeNear(lab, from, to);
    var place = ExtraEndpoint.of(lab, to, node, Optional.empty());
    try (var agent = lab.agent(node)) {
      var attached = ExtraEndpoint.attach(lab, agent, to, place);
      if (attached.isEmpty()) {
        return 0;
      }
      var target = attached.get();
      try {
        int pings = 0;
        for (var address : target.addresses()) {
          pings += pingOwnAddress(lab.attached(from), lab.attached(to), target, address, findings);
        }
        return pings;
      } finally {
        agent.detach(target.name());
      }
    }
  }

  /** The hardest place: a node on which both tenants are. */
  private static String placeNear(RunningLab lab, String from, String to) {
    var nodes = lab.nodesOf(to);
    return nodes.stream()
        .filter(lab.nodesOf(from)::contains)
        .findFirst()
        .orElse(nodes.getFirst())
        .thing();
  }

  private int pingOwnAddress(
      List<Attached> strangers,
      List<Attached> own,
      Attached target,
      IpAddress address,
      Findings findings)
      throws InterruptedException {
    int asked = 0;
    for (var sender : own) {
      if (Pings.hasFamilyOf(sender, address)) {
        // The kernel makes a new IPv6 address usable a moment after it has taken it: ask twice.
        if (!send(sender, address, true).isEmpty()) {
          var problem = send(sender, address, true);
          findings.expect(problem.isEmpty(), problem);
        }
        asked++;
      }
    }
    try (var recording = Recording.startIn(target.namespace(), "eth0")) {
      strangers(strangers, sender -> send(sender, address, false), findings);
      strangers(strangers, sender -> sendToMac(sender, address, target), findings);
      listen(Map.of(target.name(), recording), strangers.getFirst().network(), findings);
    }
    return strangers.size() * 2 + asked;
  }

  private interface Attempt {
    String problem(Attached sender);
  }

  private static void strangers(List<Attached> strangers, Attempt attempt, Findings findings)
      throws InterruptedException {
    List<Callable<String>> tasks = new ArrayList<>();
    strangers.forEach(sender -> tasks.add(() -> attempt.problem(sender)));
    for (var problem : Pings.inParallel(tasks)) {
      findings.expect(problem.isEmpty(), problem);
    }
  }

  /** Past ARP, as an attacker would who knows the MAC. */
  private String sendToMac(Attached sender, IpAddress address, Attached target) {
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
        return send(sender, address, false);
      } finally {
        netlink.executeIfThere(new Request.DeleteNeighbour(entry));
      }
    }
  }
}
