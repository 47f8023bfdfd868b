package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.node.ClusterIntent;
import io.weft.overlay.node.EgressIntent;
import io.weft.overlay.node.ForeignRoutes;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.TenantIntent;
import io.weft.simulation.WhatIfReport.Pair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A look that compares what has changed alone, against one that compares everything: while
 * endpoints come, go and move, and the intent changes in every way, from node to node.
 */
final class ReachingWatchTest {
  private static final int NODES = 4;
  private static final int ACTS = 40;
  private static final int LOOKS = 6;
  private static final long MOST_SPREAD = 30_000_000;
  private static final Reaching NOBODY = new Reaching(List.of(), List.of(), List.of());
  private static final IpPrefix BEHIND = IpPrefix.parse("10.50.0.0/16");
  private static final IpPrefix EVERYTHING = IpPrefix.parse("0.0.0.0/0");

  private static List<RouteTarget> target(int number) {
    return List.of(RouteTarget.automatic(World.AS, new Vni(number)));
  }

  /** Networks 0 to 3: two of each tenant, when none has moved. */
  private static final class Story {
    private final SplitMix64 random;
    private final World world;
    private final int[] version = new int[4];
    private final boolean[] gateway = {true, true, true, false};
    private final int[] tenant = {0, 0, 1, 1};
    private final int[] l3 = {0, 0};
    private final int[] egress = {0, 0};
    private boolean connected;
    private final TreeMap<String, String> nodeOf = new TreeMap<>();
    private int endpoints;

    Story(long seed) {
      random = new SplitMix64(seed);
      world = World.builder(seed).nodes(NODES).oneSegment((_, _) -> true).digestOnly().build();
      world.intend(networks(), tenants());
      world.run(Duration.ofSeconds(2));
    }

    private NetworkIntent network(int i) {
      int vni = 100 + i + 10 * version[i];
      return new NetworkIntent(
          "net" + i,
          Optional.of("t" + tenant[i]),
          new Vni(vni),
          List.of(IpPrefix.parse("10.%d.0.0/24".formatted(i))),
          List.copyOf(target(vni)),
          target(vni),
          OptionalInt.empty(),
          gateway[i]
              ? List.of(new HostAddress(IpAddress.parse("10.%d.0.1".formatted(i)), 24))
              : List.of());
    }

    private List<NetworkIntent> networks() {
      return List.of(network(0), network(1), network(2), network(3));
    }

    private int l3(int i) {
      return 5000 + i + 10 * l3[i];
    }

    private List<TenantIntent> tenants() {
      var tenants = new ArrayList<TenantIntent>();
      for (int i = 0; i < 2; i++) {
        var cluster =
            new ClusterIntent("net" + 2 * i, List.of(IpPrefix.parse("10.0.0.0/24")), true);
        var way =
            new EgressIntent(
                true,
                false,
                List.of(IpPrefix.parse("10.0.0.0/14")),
                egress[i] == 2 ? Optional.of(cluster) : Optional.empty());
        var foreign =
            new ForeignRoutes("t" + (1 - i), List.copyOf(target(l3(1 - i))), List.<IpPrefix>of());
        tenants.add(
            new TenantIntent("t" + i, new Vni(l3(i)), List.copyOf(target(l3(i))), target(l3(i)))
                .withEgress(egress[i] == 0 ? Optional.empty() : Optional.of(way))
                .withForeign(connected ? List.of(foreign) : List.of()));
      }
      return tenants;
    }

    private String node() {
      return "n" + (1 + random.below(NODES));
    }

    private void attach(String node, String endpoint, int number) {
      int network = number % 4;
      var request =
          new AttachRequest(
              endpoint,
              "net" + network,
              "/run/netns/" + endpoint,
              "eth0",
              Optional.of(new MacAddress(0x0a58_0000_0000L + number)),
              List.of(IpAddress.parse("10.%d.0.%d".formatted(network, 10 + number))));
      var behind =
          switch (number % 5) {
            case 0 -> List.of(BEHIND);
            case 1 -> List.of(EVERYTHING);
            default -> List.<IpPrefix>of();
          };
      world.attach(node, gateway[network] ? request.withPrefixes(behind) : request);
      nodeOf.put(endpoint, node);
    }

    private void moveOrGo(boolean moves) {
      var all = List.copyOf(nodeOf.keySet());
      var endpoint = all.get((int) random.below(all.size()));
      world.detach(Optional.ofNullable(nodeOf.remove(endpoint)).orElseThrow(), endpoint);
      if (moves) {
        attach(node(), endpoint, Integer.parseInt(endpoint.substring(1)));
      }
    }

    private void intend() {
      for (var node : world.nodes()) {
        long nanos = random.below(MOST_SPREAD);
        var networks = networks();
        var tenants = tenants();
        world
            .node(node)
            .expect(new NodeIntent(World.AS, List.of(), 90, 120, networks).withTenants(tenants));
        world.timeline().after(nanos, () -> world.intend(node, networks, tenants));
      }
    }

    void act() {
      int network = (int) random.below(4);
      int one = (int) random.below(2);
      long kind = endpoints < 8 ? 0 : random.below(9);
      switch ((int) kind) {
        case 0, 1 -> {
          attach(node(), "e" + endpoints, endpoints);
          endpoints++;
        }
        case 2 -> moveOrGo(true);
        case 3 -> moveOrGo(nodeOf.size() < 8);
        case 4 -> version[network] = 1 - version[network];
        case 5 -> gateway[network] = !gateway[network];
        case 6 -> l3[one] = 1 - l3[one];
        case 7 -> egress[one] = (egress[one] + 1) % 3;
        default -> {
          if (random.below(2) == 0) {
            tenant[2 * one + 1] = 1 - tenant[2 * one + 1]; // not the cluster's
          } else {
            connected = !connected;
          }
        }
      }
      if (kind >= 4) {
        intend();
      }
    }
  }

  /** The end of a way out that is in no tenant's namespace is part of the way of its tenant. */
  @Test
  void whatIsOfNoTenantConcernsAll() {
    var story = new Story(1);
    for (int number : List.of(0, 2, 3, 4)) { // without a default route behind them
      story.attach("n" + (1 + number % 2), "e" + number, number);
    }
    var kernel = story.world.kernel("n1");
    kernel.refuse(Kind.EGRESS_PORT);
    story.egress[0] = 1;
    story.intend();
    story.world.run(Duration.ofSeconds(2));
    var watch = new ReachingWatch(story.world, name -> name);
    watch.look((_, _, _) -> {});
    var outside = new Pair("e0", "outside by IPv4");
    assertThat(watch.now().without(NOBODY)).doesNotContain(outside);
    kernel.allow(Kind.EGRESS_PORT);
    story.world.run(Duration.ofMinutes(2));
    watch.look((_, _, _) -> {});
    assertThat(watch.now().without(NOBODY)).contains(outside);
  }

  /** As the guard of each node has it; what is sent to the former VTEP still comes. */
  @Test
  void whoSendsFromAVtepThatNobodyHasHeardOfIsNotLetIn() {
    var story = new Story(1);
    story.attach("n1", "e0", 0);
    story.attach("n2", "e4", 4);
    story.world.run(Duration.ofSeconds(2));
    var watch = new ReachingWatch(story.world, name -> name);
    watch.look((_, _, _) -> {});
    var there = new Pair("e0", "e4");
    var back = new Pair("e4", "e0");
    assertThat(watch.now().without(NOBODY)).contains(there, back);
    story.world.cut("n1", "r1");
    story.world.underlay("n1", World.vtep(200), World.UNDERLAY_MTU);
    story.world.run(Duration.ofSeconds(1));
    watch.look((_, _, _) -> {});
    assertThat(watch.now().without(NOBODY)).contains(back).doesNotContain(there);
    story.world.heal("n1", "r1");
    story.world.run(Duration.ofSeconds(10));
    watch.look((_, _, _) -> {});
    assertThat(watch.now().without(NOBODY)).contains(there, back);
  }

  private record Turn(int from, int to, boolean reaches) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void aLookAtWhatHasChangedSeesAllThatOneAtEverythingSees(long seed) {
    var story = new Story(seed);
    var watch = new ReachingWatch(story.world, name -> name);
    var told = new TreeSet<Pair>();
    for (int act = 0; act < ACTS; act++) {
      story.act();
      for (int look = 0; look < LOOKS; look++) {
        story.world.run(Duration.ofNanos(1 + story.random.below(12_000_000)));
        var turns = new ArrayList<Turn>();
        watch.look((from, to, reaches) -> turns.add(new Turn(from, to, reaches)));
        var now = watch.now();
        for (var turn : turns) {
          var pair = now.pair(turn.from(), turn.to());
          assertThat(turn.reaches() ? told.add(pair) : told.remove(pair)).as("%s", pair).isTrue();
        }
        var full = new ReachingWatch(story.world, name -> name);
        full.look((_, _, _) -> {});
        var place = "act %d look %d".formatted(act, look);
        assertThat(now.without(NOBODY)).as(place).isEqualTo(full.now().without(NOBODY));
        assertThat(now.byParties()).as(place).isEqualTo(full.now().byParties());
        assertThat(told).as(place).isEqualTo(now.without(NOBODY));
      }
    }
  }
}
