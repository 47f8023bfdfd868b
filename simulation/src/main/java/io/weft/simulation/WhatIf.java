package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.Underlay;
import io.weft.simulation.WhatIfReport.Crossing;
import io.weft.simulation.WhatIfReport.Fate;
import io.weft.simulation.WhatIfReport.Heard;
import io.weft.simulation.WhatIfReport.NodeWork;
import io.weft.simulation.WhatIfReport.Pair;
import io.weft.simulation.WhatIfReport.SessionChange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;

/**
 * What another intent would do to a fabric: nodes with the endpoints that it declares, and with
 * pods of the networks by turns, settle with the one, and are then given the other. What follows is
 * counted.
 */
public final class WhatIf {
  /** Virtual time between two looks at the kernels while these change. */
  public static final Duration GRAIN = Duration.ofNanos(100_000);

  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration QUIET = Duration.ofSeconds(5);

  /** After this it does not settle. */
  private static final Duration MOST = Duration.ofMinutes(5);

  private static final long MACS = 0x0a58_0000_0000L;
  private static final int FIRST_HOST = 10;

  /**
   * What a fabric is told.
   *
   * @param speakers each reflector and other neighbour of the {@link Site}, in that order; one that
   *     is not wanted may be there
   * @param nodes by their names, all of them
   * @param networks that the pods get by turns
   */
  public record Told(
      List<SpeakerConfig> speakers,
      SortedMap<String, ToldNode> nodes,
      List<NetworkIntent> networks) {
    public Told {
      speakers = List.copyOf(speakers);
      nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
      networks = List.copyOf(networks);
    }

    private ToldNode node(String name) {
      return Optional.ofNullable(nodes.get(name)).orElseThrow();
    }
  }

  /**
   * What a node is told.
   *
   * @param atFirst with the VTEPs that it has
   * @param intent with those that it finds by it
   * @param underlay that it finds
   */
  public record ToldNode(NodeIntent atFirst, NodeIntent intent, Underlay underlay) {}

  /**
   * Who is there.
   *
   * @param nodes their names
   * @param reflectors addresses of each, one of each family at most
   * @param neighbours addresses of others that nodes speak with
   */
  public record Site(
      List<String> nodes, List<List<IpAddress>> reflectors, List<IpAddress> neighbours) {
    public Site {
      nodes = List.copyOf(nodes);
      reflectors = reflectors.stream().map(List::copyOf).toList();
      neighbours = List.copyOf(neighbours);
    }

    private List<List<IpAddress>> speakers() {
      return Stream.concat(reflectors.stream(), neighbours.stream().map(List::of)).toList();
    }
  }

  /** A BGP session of a node. */
  private record Session(String node, IpAddress peer) implements Comparable<Session> {
    @Override
    public int compareTo(Session other) {
      int order = node.compareTo(other.node);
      return order != 0 ? order : peer.compareTo(other.peer);
    }
  }

  /** An address of a pod: other tenants may have the same. */
  private record Given(String network, IpAddress address) implements Comparable<Given> {
    @Override
    public int compareTo(Given other) {
      int order = network.compareTo(other.network);
      return order != 0 ? order : address.compareTo(other.address);
    }
  }

  private final Site site;
  private final World world;
  private final Told after;
  private final TreeMap<String, String> names = new TreeMap<>();

  /** By endpoints that are declared now or then. */
  private final TreeSet<IpAddress> taken = new TreeSet<>();

  private final TreeSet<Given> given = new TreeSet<>();
  private final TreeMap<String, String> nodeOfPod = new TreeMap<>();
  private final TreeMap<String, String> refused = new TreeMap<>();

  private WhatIf(Site site, Told before, Told after, long seed) {
    this.site = site;
    this.after = after;
    var nodes = site.nodes();
    world =
        World.builder(seed)
            .at(
                new Whereabouts(
                    nodes.stream().map(name -> before.node(name).underlay()).toList(),
                    site.speakers()))
            .oneSegment((_, _) -> true) // an intent may well join two
            .digestOnly()
            .build();
    for (int i = 0; i < nodes.size(); i++) {
      names.put("n" + (i + 1), nodes.get(i));
    }
    for (var told : List.of(before, after)) {
      told.nodes().values().stream()
          .flatMap(node -> node.intent().declared().endpoints().stream())
          .forEach(endpoint -> taken.addAll(endpoint.addresses()));
    }
  }

  /**
   * Does it, in virtual time.
   *
   * @param podsPerNode of which the networks get one after the other; 0: there are no pods
   * @param spread from the first node that hears of the change to the last, by turns
   */
  public static WhatIfReport of(
      Site site, int podsPerNode, Told before, Told after, Duration spread, long seed) {
    var trial = new WhatIf(site, before, after, seed);
    trial.tell(before, Duration.ZERO);
    trial.world.run(START);
    trial.attach(podsPerNode, before.networks());
    return trial.change(spread);
  }

  private String name(String machine) {
    return Optional.ofNullable(names.get(machine)).orElseThrow();
  }

  // ---- The intent ---------------------------------------------------------------------------

  private void tell(Told told, Duration spread) {
    for (int i = 0; i < told.speakers().size(); i++) {
      world.reflectorMachine("r" + (i + 1)).configure(told.speakers().get(i));
    }
    long number = 0;
    for (var machine : world.nodes()) {
      var node = told.node(name(machine));
      world.node(machine).expect(node.intent());
      long nanos = spread.toNanos() * number / Math.max(1, world.nodes().size() - 1);
      world.timeline().after(nanos, () -> tell(world.node(machine), node));
      number++;
    }
  }

  /** As an agent does it: VTEPs that follow from the intent are found once the kernel was asked. */
  private static void tell(NodeMachine machine, ToldNode told) {
    machine.intend(told.atFirst());
    if (!told.underlay().equals(machine.underlay())) {
      machine.inKernelTime(
          () -> {
            machine.intend(told.intent());
            machine.underlay(told.underlay());
          });
    }
  }

  // ---- Pods ---------------------------------------------------------------------------------

  private void attach(int podsPerNode, List<NetworkIntent> networks) {
    var calls = new LinkedHashMap<String, Long>();
    var full = new TreeMap<String, Integer>();
    int number = 0;
    for (var machine : networks.isEmpty() ? new TreeSet<String>() : world.nodes()) {
      for (int i = 0; i < podsPerNode; i++) {
        var network = networks.get(number % networks.size());
        var pod = podName(machine, "-" + network.name() + "-" + i);
        nodeOfPod.put(pod, machine);
        var addresses = addresses(network);
        if (addresses.isEmpty() && !network.subnets().isEmpty()) {
          full.merge(network.name(), 1, Integer::sum);
        } else {
          var mac = new MacAddress(MACS + number);
          calls.put(pod, world.attach(machine, request(pod, network, mac, addresses)));
        }
        number++;
      }
    }
    full.forEach(
        (name, count) ->
            refused.put("pods of " + name, "for %,d of them no address is left".formatted(count)));
    settle();
    calls.forEach(
        (pod, call) ->
            hear(pod, world.answer(Optional.ofNullable(nodeOfPod.get(pod)).orElseThrow(), call)));
  }

  /** By the node's name, where that is short enough for an endpoint. */
  private String podName(String machine, String rest) {
    var name = name(machine) + rest;
    return name.length() <= AttachRequest.MAX_ENDPOINT_LENGTH ? name : machine + rest;
  }

  private static AttachRequest request(
      String pod, NetworkIntent network, MacAddress mac, List<IpAddress> addresses) {
    return new AttachRequest(
        pod, network.name(), "/run/netns/" + pod, "eth0", Optional.of(mac), addresses);
  }

  private void hear(String pod, Optional<AttachResult> answer) {
    switch (answer.orElse(null)) {
      case null -> refused.put(pod, "no answer");
      case AttachResult.Refused no -> refused.put(pod, no.message());
      case AttachResult.Attached _ -> {}
    }
  }

  /** One of the first subnet of each family that nobody has; none where one has no room. */
  private List<IpAddress> addresses(NetworkIntent network) {
    var addresses = new ArrayList<IpAddress>();
    for (boolean ipv4 : new boolean[] {true, false}) {
      var subnet =
          network.subnets().stream().filter(each -> each.address().isIpv4() == ipv4).findFirst();
      if (subnet.isPresent()) {
        var address = subnet.get().address().plus(FIRST_HOST);
        while (isTaken(network, address) && subnet.get().contains(address)) {
          address = address.plus(1);
        }
        if (!subnet.get().isHostAddress(address)) {
          return List.of();
        }
        addresses.add(address);
      }
    }
    addresses.forEach(address -> given.add(new Given(network.name(), address)));
    return addresses;
  }

  private boolean isTaken(NetworkIntent network, IpAddress address) {
    return taken.contains(address)
        || given.contains(new Given(network.name(), address))
        || network.gateways().stream().anyMatch(g -> g.address().equals(address));
  }

  // ---- The change ---------------------------------------------------------------------------

  private boolean settle() {
    var until = world.now().plus(MOST);
    do {
      world.run(QUIET);
    } while (isBusy(until));
    return world.now().compareTo(until) < 0;
  }

  private boolean isBusy(Duration until) {
    return world.now().minus(world.lastWrite()).compareTo(QUIET) < 0
        && world.now().compareTo(until) < 0;
  }

  /** As {@link #settle}, once all have heard of the change; looks whenever kernels have changed. */
  private boolean settle(Duration spread, ReachingWatch watch, Interruptions interruptions) {
    var all = world.now().plus(spread).plus(QUIET);
    var until = all.plus(MOST);
    do {
      world.run(GRAIN);
      watch.look((from, to, reaches) -> interruptions.turned(from, to, reaches, world.now()));
    } while (world.now().compareTo(all) < 0 || isBusy(until));
    return world.now().compareTo(until) < 0;
  }

  private WhatIfReport change(Duration spread) {
    hearDeclared("");
    var workBefore = work();
    var sessionsBefore = sessions();
    var heardBefore = heard();
    var watch = new ReachingWatch(world, this::name);
    watch.look((_, _, _) -> {});
    var reachedBefore = watch.now();
    int endpoints = endpoints();
    var began = world.now();
    var interruptions = new Interruptions(reachedBefore);
    tell(after, spread);
    boolean settled = settle(spread, watch, interruptions);
    hearDeclared("afterwards: ");
    var reachedAfter = watch.now();
    var interrupted = interruptions.ended();
    var nodes = new TreeMap<String, NodeWork>();
    work()
        .forEach(
            (node, total) -> {
              var work = total.minus(Optional.ofNullable(workBefore.get(node)).orElseThrow());
              if (!work.equals(NodeWork.NONE)) {
                nodes.put(node, work);
              }
            });
    var took = world.lastWrite().minus(began);
    var lost = reachedBefore.without(reachedAfter);
    var gained = reachedAfter.without(reachedBefore);
    return new WhatIfReport(
        endpoints,
        refused,
        nodes,
        changes(sessionsBefore, sessions()),
        heard(heardBefore, heard()),
        lost,
        gained,
        interrupted,
        crossings(reachedBefore, reachedAfter, lost, gained, interrupted),
        reachedAfter.count(),
        took.isNegative() ? Duration.ZERO : took,
        settled);
  }

  private int endpoints() {
    return world.nodes().stream().mapToInt(node -> world.view(node).endpoints().size()).sum();
  }

  /** Declared endpoints that are not as declared. */
  private void hearDeclared(String when) {
    for (var machine : world.nodes()) {
      for (var waiting : world.view(machine).waitingEndpoints()) {
        refused.putIfAbsent(waiting.name(), when + waiting.reason());
      }
    }
  }

  /** Those that stand, each with the time since when. */
  private SortedMap<Session, Long> sessions() {
    var sessions = new TreeMap<Session, Long>();
    for (var machine : world.nodes()) {
      world.view(machine).bgp().stream()
          .flatMap(bgp -> bgp.peers().stream())
          .filter(peer -> peer.state().equals("Established"))
          .forEach(peer -> sessions.put(new Session(machine, peer.address()), peer.sinceNanos()));
    }
    return sessions;
  }

  private List<SessionChange> changes(
      SortedMap<Session, Long> before, SortedMap<Session, Long> after) {
    var all = new TreeSet<>(before.keySet());
    all.addAll(after.keySet());
    var changes = new ArrayList<SessionChange>();
    for (var session : all) {
      var then = after.get(session);
      var fate = !before.containsKey(session) ? Fate.MADE : then == null ? Fate.ENDED : Fate.RESET;
      if (then == null || !then.equals(before.get(session))) {
        changes.add(new SessionChange(name(session.node()), session.peer(), fate));
      }
    }
    return changes;
  }

  /** Of each neighbour that does not reflect, the routes that it holds. */
  private SortedMap<IpAddress, SortedSet<String>> heard() {
    var heard = new TreeMap<IpAddress, SortedSet<String>>();
    for (int i = 0; i < site.neighbours().size(); i++) {
      var routes = new TreeSet<String>();
      world
          .reflector("r" + (site.reflectors().size() + i + 1))
          .routes()
          .forEach(each -> routes.add(each.route().toString()));
      heard.put(site.neighbours().get(i), routes);
    }
    return heard;
  }

  private static SortedMap<IpAddress, Heard> heard(
      SortedMap<IpAddress, SortedSet<String>> before,
      SortedMap<IpAddress, SortedSet<String>> after) {
    var heard = new TreeMap<IpAddress, Heard>();
    before.forEach(
        (neighbour, had) -> {
          var has = after.getOrDefault(neighbour, new TreeSet<>());
          var both = new TreeSet<>(had);
          both.retainAll(has);
          int kept = both.size();
          heard.put(
              neighbour, new Heard(had.size(), has.size(), had.size() - kept, has.size() - kept));
        });
    return heard;
  }

  private SortedMap<String, NodeWork> work() {
    var work = new TreeMap<String, NodeWork>();
    for (var machine : world.nodes()) {
      var kernel = world.kernel(machine);
      work.put(
          name(machine),
          new NodeWork(
              kernel.writes() - kernel.removals(),
              kernel.removals(),
              world.machine(machine).saidRoutes.announced(),
              world.machine(machine).saidRoutes.withdrawn()));
    }
    return work;
  }

  private static List<Crossing> crossings(
      Reaching before,
      Reaching after,
      SortedSet<Pair> lost,
      SortedSet<Pair> gained,
      SortedMap<Pair, Duration> interrupted) {
    var pairsBefore = before.byParties();
    var pairsAfter = after.byParties();
    var pairsLost = byParties(lost, before);
    var pairsGained = byParties(gained, after);
    var pairsInterrupted = byParties(interrupted.keySet(), before);
    var longest = new TreeMap<Pair, Duration>();
    interrupted.forEach(
        (pair, time) ->
            longest.merge(
                before.parties(pair), time, BinaryOperator.maxBy(Comparator.naturalOrder())));
    var changed = new TreeSet<>(pairsLost.keySet());
    changed.addAll(pairsGained.keySet());
    changed.addAll(pairsInterrupted.keySet());
    return changed.stream()
        .map(
            each ->
                new Crossing(
                    each.from(),
                    each.to(),
                    pairsBefore.getOrDefault(each, 0),
                    pairsAfter.getOrDefault(each, 0),
                    pairsLost.getOrDefault(each, 0),
                    pairsGained.getOrDefault(each, 0),
                    pairsInterrupted.getOrDefault(each, 0),
                    longest.getOrDefault(each, Duration.ZERO)))
        .toList();
  }

  private static SortedMap<Pair, Integer> byParties(Collection<Pair> pairs, Reaching reaching) {
    var counts = new TreeMap<Pair, Integer>();
    for (var pair : pairs) {
      counts.merge(reaching.parties(pair), 1, Integer::sum);
    }
    return counts;
  }
}
