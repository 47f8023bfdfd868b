package io.weft.cli;

import io.weft.agent.intent.AssumedSpeakers;
import io.weft.agent.intent.EndpointWords;
import io.weft.agent.intent.IntentWords;
import io.weft.agent.intent.InterfacePeers;
import io.weft.agent.intent.VtepChoice;
import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.FabricSpec.Reflectors;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.IpAddress;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.Underlay;
import io.weft.simulation.WhatIf;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The machines of a what-if, and what both intents tell them: by the classes of the daemons, as far
 * as these need no machine.
 */
final class WhatIfFabric {
  private static final int MTU = 1_500;

  /** Reflects where the intent names nobody. */
  private static final List<IpAddress> SOME_REFLECTOR =
      List.of(IpAddress.parse("198.19.255.1"), IpAddress.parse("2001:db8:ffff::1"));

  /** A node that has other VTEPs afterwards. */
  record VtepChange(String node, List<IpAddress> before, List<IpAddress> after) {}

  private final List<String> names;
  private final IntentReading readingBefore;
  private final IntentReading readingAfter;
  private final FabricSpec fabricBefore;
  private final FabricSpec fabricAfter;
  private final List<List<IpAddress>> reflectors;
  private final List<IpAddress> neighbours;
  private final SortedMap<String, Underlay> underlaysBefore = new TreeMap<>();
  private final SortedMap<String, Underlay> underlaysAfter = new TreeMap<>();

  /**
   * Chooses the VTEPs.
   *
   * @param names of the nodes
   * @throws IllegalArgumentException when there are not enough addresses for the nodes
   */
  WhatIfFabric(WhatIfOptions.Question question, List<String> names) {
    this.names = names;
    readingBefore = question.before();
    readingAfter = question.after();
    fabricBefore = found(reflected(readingBefore.intent().fabric().spec()));
    fabricAfter = found(reflected(readingAfter.intent().fabric().spec()));
    reflectors = reflectors(List.of(fabricBefore, fabricAfter));
    neighbours = neighbours(List.of(fabricBefore, fabricAfter));
    var others = new TreeSet<>(neighbours);
    reflectors.forEach(others::addAll);
    var addresses =
        new AssumedAddresses(names, question.nodes(), List.of(fabricBefore, fabricAfter), others);
    for (var name : names) {
      var machine = addresses.machine(name);
      var before = underlay(fabricBefore, machine, Optional.empty());
      underlaysBefore.put(name, before);
      underlaysAfter.put(name, underlay(fabricAfter, machine, Optional.of(before)));
    }
  }

  /** One to which all nodes are clients, where the intent names none. */
  private static FabricSpec reflected(FabricSpec fabric) {
    if (!fabric.reflectors().addresses().isEmpty()) {
      return fabric;
    }
    var addresses = SOME_REFLECTOR.subList(0, fabric.isDual() ? 2 : 1);
    return fabric.withReflectors(new Reflectors(addresses, AssumedSpeakers.EVERYBODY));
  }

  /** With somebody at the far end of each interface; who comes out of a range nobody knows. */
  private static FabricSpec found(FabricSpec fabric) {
    return fabric.withPeers(
        fabric.peers().stream()
            .flatMap(peer -> address(peer).map(Remote.AtAddress::new).map(peer::at).stream())
            .toList());
  }

  private static Optional<IpAddress> address(PeerSpec peer) {
    return switch (peer.remote()) {
      case Remote.AtAddress(var address) -> Optional.of(address);
      case Remote.OnInterface(var name) -> Optional.of(IpAddress.parseWithZone("fe80::1%" + name));
      case Remote.InRange _ -> Optional.empty();
    };
  }

  private List<IpAddress> neighbours(List<FabricSpec> fabrics) {
    return fabrics.stream()
        .flatMap(fabric -> fabric.peers().stream())
        .flatMap(peer -> address(peer).stream())
        .filter(address -> reflectors.stream().noneMatch(each -> each.contains(address)))
        .distinct()
        .toList();
  }

  /**
   * Where nodes have VTEPs of both families reflectors have addresses of both: the first of the one
   * goes with the first of the other, and so on.
   */
  private static List<List<IpAddress>> reflectors(List<FabricSpec> fabrics) {
    var all = new LinkedHashSet<IpAddress>();
    fabrics.forEach(fabric -> all.addAll(fabric.reflectors().addresses()));
    if (fabrics.stream().noneMatch(FabricSpec::isDual)) {
      return all.stream().map(List::of).toList();
    }
    var ipv4 = all.stream().filter(IpAddress::isIpv4).toList();
    var ipv6 = all.stream().filter(address -> !address.isIpv4()).toList();
    var pairs = new ArrayList<List<IpAddress>>();
    for (int i = 0; i < Math.max(ipv4.size(), ipv6.size()); i++) {
      int before = i;
      pairs.add(
          Stream.of(ipv4, ipv6).flatMap(family -> family.stream().skip(before).limit(1)).toList());
    }
    return pairs;
  }

  private static Underlay underlay(
      FabricSpec fabric, VtepChoice.Machine machine, Optional<Underlay> before) {
    var chosen = VtepChoice.of(fabric, machine);
    if (chosen.vteps().isEmpty()) {
      throw new IllegalArgumentException("the nodes have no VTEP: " + chosen.missing());
    }
    return new Underlay(
        chosen.vteps(), VtepChoice.routerId(chosen.vteps(), before), MTU, fabric.isDual());
  }

  /** Who is there. */
  WhatIf.Site site() {
    return new WhatIf.Site(names, reflectors, neighbours);
  }

  /** What there is. */
  WhatIf.Told before() {
    return told(readingBefore, fabricBefore, underlaysBefore);
  }

  /** What shall be in its place. */
  WhatIf.Told after() {
    return told(readingAfter, fabricAfter, underlaysAfter);
  }

  /** Nodes that have other VTEPs afterwards. */
  List<VtepChange> changes() {
    var changes = new ArrayList<VtepChange>();
    underlaysBefore.forEach(
        (node, before) -> {
          var after = Optional.ofNullable(underlaysAfter.get(node)).orElseThrow();
          if (!before.vteps().equals(after.vteps())) {
            changes.add(new VtepChange(node, before.vteps(), after.vteps()));
          }
        });
    return changes;
  }

  /** What decides about the VTEPs and is not known. */
  List<String> assumptions() {
    return changes().isEmpty()
        ? List.of()
        : List.of(
            "addresses of nodes, but for those that a cluster tells: on the interface of the"
                + " default route, on each that 'vtep' names, and in each prefix that it has, each"
                + " node has another address of its own; the former VTEP stays an address of its"
                + " node");
  }

  private WhatIf.Told told(
      IntentReading reading, FabricSpec fabric, SortedMap<String, Underlay> underlays) {
    var all =
        IntentWords.node(reading.intent(), List.of())
            .withUnderlay(InterfacePeers.underlay(reading.intent().fabric().spec()));
    var fabricAlone =
        new Intent(
            new Fabric(reading.intent().fabric().metadata(), fabric),
            new TreeMap<>(),
            new TreeMap<>(),
            List.of(),
            new TreeMap<>());
    var nodes = new TreeMap<String, WhatIf.ToldNode>();
    underlays.forEach(
        (name, underlay) -> {
          var declared = all.withDeclared(EndpointWords.declared(reading, name));
          var had = Optional.ofNullable(underlaysBefore.get(name)).orElseThrow();
          nodes.put(
              name,
              new WhatIf.ToldNode(
                  spokenTo(declared, IntentWords.node(fabricAlone, had.vteps())),
                  spokenTo(declared, IntentWords.node(fabricAlone, underlay.vteps())),
                  underlay));
        });
    return new WhatIf.Told(
        AssumedSpeakers.of(fabricAlone, reflectors, neighbours), nodes, all.networks());
  }

  /** The one with the neighbours of the other. */
  private static NodeIntent spokenTo(NodeIntent intent, NodeIntent neighbours) {
    return new NodeIntent(
        intent.as(),
        neighbours.peers(),
        List.of(),
        intent.holdSeconds(),
        intent.restartSeconds(),
        intent.longLivedSeconds(),
        intent.networks(),
        intent.tenants(),
        intent.underlay(),
        intent.declared(),
        intent.duplicates());
  }
}
