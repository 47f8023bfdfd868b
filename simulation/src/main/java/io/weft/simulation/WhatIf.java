package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.TenantIntent;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * What another intent would do to a fabric: nodes with pods of the networks, by turns, settle with
 * the one, and are then given the other. What follows is counted.
 */
public final class WhatIf {
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration QUIET = Duration.ofSeconds(5);

  /** After this it does not settle. */
  private static final Duration MOST = Duration.ofMinutes(5);

  private static final long MACS = 0x0a58_0000_0000L;
  private static final int FIRST_HOST = 10;

  /** Networks and tenants, as the nodes are told of them. */
  public record Words(List<NetworkIntent> networks, List<TenantIntent> tenants) {
    /** Those of a node's intent. */
    public static Words of(NodeIntent intent) {
      return new Words(intent.networks(), intent.tenants());
    }

    public Words {
      networks = List.copyOf(networks);
      tenants = List.copyOf(tenants);
    }
  }

  /**
   * What one node does because of the change.
   *
   * @param puts objects that it makes or alters in its kernel
   * @param removals objects that it takes away
   * @param announced routes that it says, once for each
   * @param withdrawn routes that it takes back
   */
  public record NodeWork(long puts, long removals, long announced, long withdrawn) {
    NodeWork minus(NodeWork before) {
      return new NodeWork(
          puts - before.puts,
          removals - before.removals,
          announced - before.announced,
          withdrawn - before.withdrawn);
    }
  }

  /** One pod and another that it reaches, or does not. */
  public record Pair(String from, String to) implements Comparable<Pair> {
    @Override
    public int compareTo(Pair other) {
      int order = from.compareTo(other.from);
      return order != 0 ? order : to.compareTo(other.to);
    }
  }

  /**
   * What came of it.
   *
   * @param refused pods that the first intent did not let in, with the reason
   * @param nodes those that do something
   * @param sessionsReset BGP sessions that ended or began
   * @param lost pairs that reached each other before, and do not afterwards
   * @param gained the other way round
   * @param reached pairs that reach each other afterwards
   * @param duration virtual time from the change to the last write to a kernel
   * @param settled false: it went on for longer than anybody should wait
   */
  public record Report(
      int pods,
      Map<String, String> refused,
      Map<String, NodeWork> nodes,
      long sessionsReset,
      SortedSet<Pair> lost,
      SortedSet<Pair> gained,
      int reached,
      Duration duration,
      boolean settled) {}

  private final World world;
  private final TreeMap<String, String> networkOf = new TreeMap<>();
  private final TreeMap<String, String> refused = new TreeMap<>();

  private WhatIf(int nodes, Words words, long seed) {
    var builder = World.builder(seed).nodes(nodes).reflectors(1).digestOnly();
    words.networks().forEach(builder::network);
    words.tenants().forEach(builder::tenant);
    world = builder.build();
  }

  /**
   * Does it, in virtual time.
   *
   * @param nodes 1 or more
   * @param podsPerNode of which the networks get one after the other
   */
  public static Report of(int nodes, int podsPerNode, Words before, Words after, long seed) {
    var trial = new WhatIf(nodes, before, seed);
    trial.world.run(START);
    trial.attach(podsPerNode, before.networks());
    trial.settle();
    return trial.change(after);
  }

  private void attach(int podsPerNode, List<NetworkIntent> networks) {
    if (networks.isEmpty()) {
      return;
    }
    var calls = new LinkedHashMap<String, Long>();
    int number = 0;
    for (var node : world.nodes()) {
      for (int i = 0; i < podsPerNode; i++) {
        var network = networks.get(number % networks.size());
        var pod = node + "-" + network.name() + "-" + i;
        networkOf.put(pod, network.name());
        var request =
            new AttachRequest(
                pod,
                network.name(),
                "/run/netns/" + pod,
                "eth0",
                Optional.of(new MacAddress(MACS + number)),
                addresses(network, number / networks.size()));
        calls.put(pod, world.attach(node, request));
        number++;
      }
    }
    settle();
    calls.forEach((pod, call) -> hear(pod, world.answer(pod.split("-", 2)[0], call)));
  }

  private void hear(String pod, Optional<AttachResult> answer) {
    switch (answer.orElse(null)) {
      case null -> refused.put(pod, "no answer");
      case AttachResult.Refused no -> refused.put(pod, no.message());
      case AttachResult.Attached _ -> {}
    }
  }

  /** One of the first subnet of IPv4; none where there is none, or it has no room. */
  private static List<IpAddress> addresses(NetworkIntent network, int number) {
    for (var subnet : network.subnets()) {
      var address = subnet.address().plus(FIRST_HOST + (long) number);
      if (address instanceof Ipv4Address
          && subnet.isHostAddress(address)
          && network.gateways().stream().noneMatch(g -> g.address().equals(address))) {
        return List.of(address);
      }
    }
    return List.of();
  }

  private boolean settle() {
    var until = world.now().plus(MOST);
    do {
      world.run(QUIET);
    } while (world.now().minus(world.lastWrite()).compareTo(QUIET) < 0
        && world.now().compareTo(until) < 0);
    return world.now().compareTo(until) < 0;
  }

  private Report change(Words after) {
    var workBefore = work();
    long sessions = world.connections();
    var reachedBefore = PodPairs.reached(world);
    var began = world.now();
    world.intend(after.networks(), after.tenants());
    boolean settled = settle();
    var reachedAfter = PodPairs.reached(world);
    var nodes = new TreeMap<String, NodeWork>();
    work()
        .forEach(
            (node, total) -> {
              var work = total.minus(Optional.ofNullable(workBefore.get(node)).orElseThrow());
              if (!work.equals(new NodeWork(0, 0, 0, 0))) {
                nodes.put(node, work);
              }
            });
    var took = world.lastWrite().minus(began);
    return new Report(
        networkOf.size() - refused.size(),
        refused,
        nodes,
        world.connections() - sessions,
        PodPairs.without(reachedBefore, reachedAfter),
        PodPairs.without(reachedAfter, reachedBefore),
        reachedAfter.size(),
        took.isNegative() ? Duration.ZERO : took,
        settled);
  }

  private SortedMap<String, NodeWork> work() {
    var work = new TreeMap<String, NodeWork>();
    for (var node : world.nodes()) {
      var kernel = world.kernel(node);
      work.put(
          node,
          new NodeWork(
              kernel.writes() - kernel.removals(),
              kernel.removals(),
              world.announcedRoutes(node),
              world.withdrawnRoutes(node)));
    }
    return work;
  }
}
