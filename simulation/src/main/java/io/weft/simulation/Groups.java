package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.node.NodeEvent.GroupsSeen;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which multicast groups pods have joined, some from one source alone. A kernel hears of it where a
 * pod has a port of a bridge that snoops, and tells its agent when it looks, every {@link
 * Stage#STEP_MILLIS}.
 */
final class Groups {
  private static final List<IpAddress> GROUPS =
      List.of(
          IpAddress.parse("239.1.1.1"),
          IpAddress.parse("232.1.1.2"),
          IpAddress.parse(
              "224.0.0.251"), // link-local: it goes to everybody, and nobody asks for it
          IpAddress.parse("ff15::1"));

  private static final List<IpAddress> SOURCES4 =
      List.of(IpAddress.parse("100.64.0.10"), IpAddress.parse("100.64.0.11"));
  private static final List<IpAddress> SOURCES6 =
      List.of(IpAddress.parse("fd01::1"), IpAddress.parse("fd01::2"));

  private final World world;
  private final TreeMap<String, TreeSet<MulticastChannel>> joined = new TreeMap<>();
  private final TreeMap<String, Told> told = new TreeMap<>();

  /** What a node was told, in this life. */
  private record Told(int life, Map<Segment, GroupsSeen> seen) {
    static final Told NOTHING = new Told(0, new LinkedHashMap<>());
  }

  Groups(World world) {
    this.world = world;
  }

  /** A group by chance, from anywhere or from one source. */
  static MulticastChannel any(SplitMix64 random) {
    var group = GROUPS.get((int) random.below(GROUPS.size()));
    var sources = group.isIpv4() ? SOURCES4 : SOURCES6;
    int source = (int) random.below(sources.size() + 1L);
    return new MulticastChannel(
        group, source == sources.size() ? Optional.empty() : Optional.of(sources.get(source)));
  }

  /** False when it has joined it already. */
  boolean join(String pod, MulticastChannel channel) {
    return joined.computeIfAbsent(pod, _ -> new TreeSet<>()).add(channel);
  }

  /** False when it has not joined it. */
  boolean leave(String pod, MulticastChannel channel) {
    return joined.getOrDefault(pod, new TreeSet<>()).remove(channel);
  }

  /** What a pod has joined. */
  SortedSet<MulticastChannel> of(String pod) {
    return Collections.unmodifiableSortedSet(joined.getOrDefault(pod, new TreeSet<>()));
  }

  /** Kernels tell what they have heard since they looked last. */
  void follow() {
    if (joined.isEmpty()) {
      return;
    }
    for (var node : world.nodes()) {
      int life = world.machine(node).life();
      var before = told.getOrDefault(node, Told.NOTHING);
      var now = heard(node);
      before.seen().keySet().stream()
          .filter(segment -> !now.containsKey(segment))
          .forEach(gone -> world.join(node, new GroupsSeen(gone, new TreeMap<>())));
      now.values().stream()
          .filter(seen -> before.life() != life || !seen.equals(before.seen().get(seen.segment())))
          .forEach(seen -> world.join(node, seen));
      told.put(node, new Told(life, now));
    }
  }

  private Map<Segment, GroupsSeen> heard(String node) {
    var bySegment = new LinkedHashMap<Segment, SortedMap<MulticastChannel, SortedSet<String>>>();
    var kernel = world.kernel(node);
    var snooping = new HashSet<Segment>(); // only asked
    for (var object : kernel.objects(Kind.BRIDGE)) {
      if (object instanceof Bridge bridge && bridge.snooping()) {
        snooping.add(new Segment(bridge.namespace(), bridge.vni().value()));
      }
    }
    for (var object : kernel.objects(Kind.PORT)) {
      if (object instanceof EndpointPort port) {
        var segment = new Segment(port.namespace(), port.vni().value());
        if (snooping.contains(segment)) {
          for (var channel : of(port.endpoint())) {
            bySegment
                .computeIfAbsent(segment, _ -> new TreeMap<>())
                .computeIfAbsent(channel, _ -> new TreeSet<>())
                .add(port.port());
          }
        }
      }
    }
    var heard = new LinkedHashMap<Segment, GroupsSeen>();
    bySegment.forEach((segment, ports) -> heard.put(segment, new GroupsSeen(segment, ports)));
    return heard;
  }
}
