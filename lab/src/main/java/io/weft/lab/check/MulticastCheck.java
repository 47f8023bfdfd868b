package io.weft.lab.check;

import io.weft.kubernetes.resource.NetworkSpec;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A multicast sender of a selective network, and receivers in the other racks. What is sent reaches
 * each of them once; no port of another endpoint sees it, nor a node without a receiver, nor
 * another tenant; it leaves the sender's node once for each node with a receiver. What is
 * link-local reaches everybody. When all have left, it leaves the node no more.
 */
public final class MulticastCheck implements Check {
  private static final int DATAGRAMS = 10;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final long PACE_MILLIS = 5;

  private final Findings findings = new Findings();
  private long slowestJoinMillis;
  private long slowestLeaveMillis;
  private int copies;
  private int senders;
  private int flooded;

  @Override
  public String name() {
    return "multicast";
  }

  /** True when the check has anything to look at. */
  public static boolean concerns(Topology topology) {
    return topology.networks().stream().anyMatch(network -> isSelective(topology, network.name()));
  }

  private static boolean isSelective(Topology topology, String network) {
    return topology.network(network).spec().multicast() == NetworkSpec.Multicast.SELECTIVE;
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    int groups = 0;
    for (var network : lab.networks()) {
      var endpoints = lab.attached(network);
      if (!isSelective(lab.topology(), network) || endpoints.size() < 2) {
        continue;
      }
      var sender = endpoints.getFirst();
      var receivers = receivers(lab, sender, endpoints);
      for (boolean ipv4 : new boolean[] {true, false}) {
        if (sender.addresses().stream().anyMatch(address -> address.isIpv4() == ipv4)) {
          groups++;
          var group = IpAddress.parse((ipv4 ? "239.77.0." : "ff15::77:") + groups);
          look(lab, sender, receivers, group);
          for (var receiver : receivers) {
            oneSource(
                lab,
                sender,
                receiver,
                IpAddress.parse((ipv4 ? "232.77.0." : "ff35::77:") + groups));
          }
          linkLocal(sender, receivers, ipv4);
        }
      }
    }
    return findings.result(
        name(),
        groups
            + " groups, each from one rack to receivers in the others and nowhere else: "
            + copies
            + " copies where flooding makes "
            + flooded
            + "; at the receivers at most "
            + slowestJoinMillis
            + " ms after joining, forgotten at most "
            + slowestLeaveMillis
            + " ms after leaving; of "
            + senders
            + " pairs of senders to a group the one that was asked for crosses; link-local groups"
            + " reach all");
  }

  /** One in each rack but the sender's. */
  private static List<Attached> receivers(
      RunningLab lab, Attached sender, List<Attached> endpoints) {
    var byRack = new TreeMap<String, Attached>();
    for (var endpoint : endpoints) {
      byRack.putIfAbsent(lab.topology().node(endpoint.node()).rack(), endpoint);
    }
    byRack.remove(lab.topology().node(sender.node()).rack());
    return List.copyOf(byRack.values());
  }

  private void look(RunningLab lab, Attached sender, List<Attached> receivers, IpAddress group)
      throws IOException, InterruptedException {
    var mac = macOf(group);
    var sockets = new ArrayList<GroupSocket>();
    try (var source = GroupSocket.open(sender.namespace(), group)) {
      for (var receiver : receivers) {
        long begin = System.nanoTime();
        var socket = GroupSocket.join(receiver.namespace(), group);
        sockets.add(socket);
        boolean heard = awaitDatagram(source, socket);
        slowestJoinMillis = Math.max(slowestJoinMillis, millisSince(begin));
        findings.expect(heard, receiver.name() + " joined " + group + " and hears nothing of it");
      }
      TimeUnit.MILLISECONDS.sleep(100); // what is under way
      for (var socket : sockets) {
        socket.received();
      }
      sendAndCount(lab, sender, receivers, source, sockets, mac);
    } finally {
      sockets.forEach(GroupSocket::close);
    }
    awaitForgotten(lab, sender, group);
    silent(lab, sender, group);
  }

  private static boolean awaitDatagram(GroupSocket source, GroupSocket receiver)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < PATIENCE_NANOS) {
      source.send();
      TimeUnit.MILLISECONDS.sleep(PACE_MILLIS);
      if (receiver.received() > 0) {
        return true;
      }
    }
    return false;
  }

  private void sendAndCount(
      RunningLab lab,
      Attached sender,
      List<Attached> receivers,
      GroupSocket source,
      List<GroupSocket> sockets,
      MacAddress mac)
      throws IOException {
    var ears = new TreeMap<String, Recording>();
    var nodes = new TreeMap<String, Recording>();
    try {
      for (var other : lab.attached()) {
        if (!other.equals(sender) && !receivers.contains(other)) {
          ears.put(other.name(), Recording.startIn(other.namespace(), "eth0"));
        }
      }
      for (var node : lab.nodesOf(sender.network())) {
        nodes.put(node.thing(), Recording.startIn(node.name(), "eth0"));
      }
      for (int i = 0; i < DATAGRAMS; i++) {
        source.send();
      }
      judge(receivers, sockets, ears, mac);
      judgeCopies(sender, receivers, nodes, mac);
    } finally {
      ears.values().forEach(Recording::close);
      nodes.values().forEach(Recording::close);
    }
  }

  private void judge(
      List<Attached> receivers,
      List<GroupSocket> sockets,
      Map<String, Recording> ears,
      MacAddress mac)
      throws IOException {
    ears.forEach(
        (name, ear) ->
            findings.expect(
                count(ear, mac) == 0, name + " has not joined, and sees frames to " + mac));
    for (int i = 0; i < receivers.size(); i++) {
      int got = sockets.get(i).received();
      findings.expect(
          got == DATAGRAMS, receivers.get(i).name() + " got " + got + " of " + DATAGRAMS);
    }
  }

  private void judgeCopies(
      Attached sender, List<Attached> receivers, Map<String, Recording> nodes, MacAddress mac) {
    nodes.forEach(
        (node, recording) -> {
          long seen =
              recording.vxlan().stream().filter(f -> f.innerDestination().equals(mac)).count();
          boolean joined = receivers.stream().anyMatch(receiver -> receiver.node().equals(node));
          long expected =
              node.equals(sender.node())
                  ? (long) DATAGRAMS * receivers.size()
                  : joined ? DATAGRAMS : 0;
          findings.expect(
              seen == expected, node + " saw " + seen + " copies to " + mac + ", not " + expected);
          if (node.equals(sender.node())) {
            copies += (int) seen;
          }
        });
    flooded += DATAGRAMS * (nodes.size() - 1);
  }

  private static long count(Recording recording, MacAddress mac) {
    return recording.frames().stream()
        .map(frame -> frame.octets().toArray())
        .filter(octets -> octets.length >= 6)
        .filter(octets -> MacAddress.of(Arrays.copyOf(octets, 6)).equals(mac))
        .count();
  }

  private void awaitForgotten(RunningLab lab, Attached sender, IpAddress group)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    boolean known = true;
    while (known && System.nanoTime() - begin < PATIENCE_NANOS) {
      TimeUnit.MILLISECONDS.sleep(20);
      try (var agent = lab.agent(sender.node())) {
        known = agent.multicast(sender.network()).contains(group.toString());
      }
    }
    slowestLeaveMillis = Math.max(slowestLeaveMillis, millisSince(begin));
    findings.expect(!known, sender.node() + " still knows " + group + ", which all have left");
  }

  /** A group that nobody has joined does not leave the node. */
  private void silent(RunningLab lab, Attached sender, IpAddress group) throws IOException {
    var node = lab.plan().namespace(sender.node()).name();
    try (var source = GroupSocket.open(sender.namespace(), group);
        var recording = Recording.startIn(node, "eth0")) {
      for (int i = 0; i < DATAGRAMS; i++) {
        source.send();
      }
      long seen =
          recording.vxlan().stream()
              .filter(frame -> frame.innerDestination().equals(macOf(group)))
              .count();
      findings.expect(seen == 0, seen + " copies for " + group + ", which nobody has joined");
    }
  }

  /** What another node's endpoint sends to the group, whom nobody has asked for, does not come. */
  private void oneSource(RunningLab lab, Attached sender, Attached receiver, IpAddress group)
      throws IOException, InterruptedException {
    var others =
        lab.attached(sender.network()).stream()
            .filter(other -> !other.equals(sender) && !other.node().equals(receiver.node()))
            .toList();
    if (others.isEmpty()) {
      return;
    }
    var other = others.getLast();
    var wanted =
        sender.addresses().stream()
            .filter(address -> address.isIpv4() == group.isIpv4())
            .findFirst()
            .orElseThrow();
    var node = lab.plan().namespace(receiver.node()).name();
    try (var source = GroupSocket.open(sender.namespace(), group);
        var unwanted = GroupSocket.open(other.namespace(), group);
        var socket = GroupSocket.join(receiver.namespace(), group, wanted)) {
      findings.expect(
          awaitDatagram(source, socket),
          receiver.name() + " joined " + group + " from " + wanted + " and hears nothing of it");
      TimeUnit.MILLISECONDS.sleep(100); // what is under way
      socket.received();
      try (var recording = Recording.startIn(node, "eth0")) {
        for (int i = 0; i < DATAGRAMS; i++) {
          unwanted.send();
          source.send();
        }
        long seen =
            recording.vxlan().stream()
                .filter(frame -> frame.innerDestination().equals(macOf(group)))
                .count();
        int got = socket.received();
        findings.expect(
            seen == DATAGRAMS && got == DATAGRAMS,
            "%s joined %s from %s, and got %s of %s, its node %s; %s sent as many"
                .formatted(receiver.name(), group, wanted, got, DATAGRAMS, seen, other.name()));
      }
      senders++;
    }
    awaitForgotten(lab, sender, group);
  }

  /** Of IPv4 everybody sees it; of IPv6 those who have joined, which hosts do at once. */
  private void linkLocal(Attached sender, List<Attached> receivers, boolean ipv4)
      throws IOException, InterruptedException {
    var group = IpAddress.parse(ipv4 ? "224.0.0.251" : "ff02::fb");
    try (var source = GroupSocket.open(sender.namespace(), group)) {
      for (var receiver : receivers) {
        try (var socket = GroupSocket.join(receiver.namespace(), group)) {
          findings.expect(
              awaitDatagram(source, socket), receiver.name() + " hears nothing of " + group);
        }
      }
    }
  }

  private static long millisSince(long begin) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
  }

  /** RFC 1112 §6.4, RFC 2464 §7. */
  private static MacAddress macOf(IpAddress group) {
    var octets = group.octets();
    int last = octets.length;
    long value = 0;
    for (int i = last - 4; i < last; i++) {
      value = value << 8 | (octets[i] & 0xff);
    }
    return new MacAddress(
        group.isIpv4() ? 0x0100_5e00_0000L | (value & 0x7f_ffff) : 0x3333_0000_0000L | value);
  }
}
