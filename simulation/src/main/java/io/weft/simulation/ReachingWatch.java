package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.simulation.KernelSight.Behind;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Sees who gets to whom, by what stands in the kernels alone: pods and declared endpoints, what is
 * behind endpoints, the world outside, and the nodes themselves. A way depends on two kernels, that
 * where it begins and that where it ends: a look compares again only those of which one of the two
 * has changed since the look before, and of these only what is of the namespaces that have.
 */
final class ReachingWatch {
  private static final String OUTSIDE = "outside";
  private static final String NODES = "nodes";

  /** Hears of pairs, by their numbers, that reach each other now or do not any more. */
  interface Listener {
    void turned(int from, int to, boolean reaches);
  }

  /** An endpoint at a node; {@code subnets}: those of its segment that it is in. */
  private record Place(
      int number,
      EndpointPort port,
      KernelSight at,
      boolean leavesByIpv4,
      boolean leavesByIpv6,
      List<IpPrefix> subnets) {
    /** Its packets of this family leave its segment by a gateway of its node. */
    boolean leaves(boolean byIpv4) {
      return byIpv4 ? leavesByIpv4 : leavesByIpv6;
    }

    /** It sends to this address by the gateway, and does not ask its segment for it. */
    boolean usesGateway(IpAddress ip) {
      return leaves(ip.isIpv4()) && subnets.stream().noneMatch(subnet -> subnet.contains(ip));
    }
  }

  /** Endpoints of one network at one node, between which frames and packets differ in nothing. */
  private record Segment(
      KernelSight at, String namespace, Vni vni, String network, List<Place> places) {
    Segment(EndpointPort port, KernelSight at) {
      this(at, port.namespace(), port.vni(), port.network(), new ArrayList<>());
    }

    boolean isOf(EndpointPort port) {
      return namespace.equals(port.namespace())
          && vni.equals(port.vni())
          && network.equals(port.network());
    }
  }

  /** A node, as it was at the last look. */
  private static final class View {
    final NodeMachine machine;
    final int number;
    KernelSight sight;
    long writes = -1;
    final List<Segment> segments = new ArrayList<>();

    View(NodeMachine machine, String name, int number) {
      this.machine = machine;
      this.number = number;
      this.sight = new KernelSight(name, new TreeSet<>(), new SimulatedKernel());
    }

    boolean isOld() {
      return writes != machine.kernel().writes() || !sight.addresses().equals(machine.addresses());
    }
  }

  /** A prefix behind endpoints, and the nodes at which these are. */
  private record Prefix(int number, List<KernelSight> nodes) {}

  private final List<View> views = new ArrayList<>();
  private final TreeMap<Behind, Prefix> behind = new TreeMap<>();
  private final TreeMap<String, Integer> numbers = new TreeMap<>();
  private final List<String> names = new ArrayList<>();
  private final List<String> parties = new ArrayList<>();
  private final List<BitSet> reached = new ArrayList<>();

  /** Of each number; none for what is no endpoint. */
  private final List<List<Place>> places = new ArrayList<>();

  private final BitSet endpoints = new BitSet();

  /** What is behind endpoints, and the world outside. */
  private final BitSet others = new BitSet();

  /** Of what must be compared anew: from whom, and to whom. */
  private final BitSet from = new BitSet();

  private final BitSet to = new BitSet();

  /** {@code namesOfNodes}: as people know them. */
  ReachingWatch(World world, UnaryOperator<String> namesOfNodes) {
    for (var node : world.nodes()) {
      var name = namesOfNodes.apply(node);
      views.add(new View(world.node(node), name, number("node " + name, NODES)));
    }
    others.set(outside(true));
    others.set(outside(false));
  }

  /** What the last look has seen. */
  Reaching now() {
    return new Reaching(names, parties, reached);
  }

  /** Sees what has changed since the look before; the first sees all. */
  void look(Listener listener) {
    from.clear();
    to.clear();
    views.stream().filter(View::isOld).forEach(this::see);
    if (!from.isEmpty() || !to.isEmpty()) {
      compare(listener);
    }
  }

  private int number(String name, String party) {
    var known = numbers.putIfAbsent(name, names.size());
    if (known != null) {
      return known;
    }
    names.add(name);
    parties.add(party);
    reached.add(new BitSet());
    places.add(new ArrayList<>());
    return names.size() - 1;
  }

  private int outside(boolean ipv4) {
    var name = OUTSIDE + (ipv4 ? " by IPv4" : " by IPv6");
    return number(name, name);
  }

  private int number(Behind prefix) {
    for (boolean ipv4 : new boolean[] {true, false}) {
      if (KernelSight.isDefault(prefix.prefix(), ipv4)) {
        return outside(ipv4);
      }
    }
    var tenant = prefix.namespace().substring(NodeMachine.NAMESPACE_PREFIX.length());
    var name = "%s of %s".formatted(prefix.prefix(), tenant);
    return number(name, name);
  }

  // ---- What has changed ---------------------------------------------------------------------

  private void see(View view) {
    var former = view.sight;
    view.writes = view.machine.kernel().writes();
    view.sight = new KernelSight(former.name(), view.machine.addresses(), view.machine.kernel());
    var begin = view.sight.otherWaysFrom(former);
    var end = view.sight.otherWaysTo(former);
    mark(view, former, begin, end);
    forget(view, former);
    view.sight.ports().forEach(port -> place(view, port));
    for (var prefix : view.sight.behind()) {
      var known =
          behind.computeIfAbsent(prefix, _ -> new Prefix(number(prefix), new ArrayList<>()));
      known.nodes().add(view.sight);
      others.set(known.number());
    }
    mark(view, view.sight, begin, end);
  }

  private void mark(
      View view, KernelSight sight, Collection<String> begin, Collection<String> end) {
    if (!begin.isEmpty()) {
      from.set(view.number);
    }
    for (var segment : view.segments) {
      boolean begins = begin.contains(segment.namespace());
      boolean ends = end.contains(segment.namespace());
      for (var place : segment.places()) {
        if (begins) {
          from.set(place.number());
        }
        if (ends) {
          to.set(place.number());
        }
      }
    }
    if (sight.behind().stream().anyMatch(prefix -> end.contains(prefix.namespace()))) {
      to.or(others);
    }
  }

  private void forget(View view, KernelSight former) {
    for (var segment : view.segments) {
      segment.places().forEach(place -> places.get(place.number()).remove(place));
    }
    view.segments.clear();
    behind.values().forEach(prefix -> prefix.nodes().remove(former));
    behind.values().removeIf(prefix -> prefix.nodes().isEmpty());
  }

  private void place(View view, EndpointPort port) {
    int number = number(port.endpoint(), port.network());
    var sight = view.sight;
    var place =
        new Place(
            number,
            port,
            sight,
            sight.hasGateway(port, true),
            sight.hasGateway(port, false),
            sight.subnets(port));
    view.segments.stream()
        .filter(segment -> segment.isOf(port))
        .findFirst()
        .orElseGet(
            () -> {
              view.segments.add(new Segment(port, sight));
              return view.segments.getLast();
            })
        .places()
        .add(place);
    places.get(number).add(place);
    parties.set(number, port.network());
    endpoints.set(number);
  }

  // ---- Who gets there -----------------------------------------------------------------------

  /** Those {@link #from} get anywhere, and all get to those {@link #to}, as is found now. */
  private void compare(Listener listener) {
    var found = new TreeMap<Integer, BitSet>();
    for (var view : views) {
      view.segments.forEach(segment -> reach(segment, found));
      reachFromNode(view, found);
    }
    for (int one = 0; one < reached.size(); one++) {
      var now = found.getOrDefault(one, new BitSet());
      var turned = (BitSet) now.clone();
      turned.xor(reached.get(one));
      if (!from.get(one)) {
        turned.and(to);
      }
      reached.get(one).xor(turned);
      for (int other = turned.nextSetBit(0); other >= 0; other = turned.nextSetBit(other + 1)) {
        listener.turned(one, other, now.get(other));
      }
    }
  }

  private static BitSet of(SortedMap<Integer, BitSet> found, int number) {
    return found.computeIfAbsent(number, _ -> new BitSet());
  }

  private Stream<Place> places(BitSet of) {
    return of.stream().boxed().flatMap(number -> places.get(number).stream());
  }

  private void reach(Segment segment, SortedMap<Integer, BitSet> found) {
    boolean all = segment.places().stream().anyMatch(place -> from.get(place.number()));
    places(all ? endpoints : to).forEach(place -> reach(segment, place, found));
    if (all || to.intersects(others)) {
      reachOut(segment, true, found);
      reachOut(segment, false, found);
    }
  }

  private static void reach(Segment segment, Place to, SortedMap<Integer, BitSet> found) {
    if (isSwitched(segment, to)) {
      segment.places().forEach(from -> add(from, to, found));
      return;
    }
    for (var ip : to.port().addresses()) {
      if (segment.places().stream().anyMatch(from -> from.usesGateway(ip))
          && segment.at().routes(segment.namespace(), ip, to.port(), to.at())) {
        segment.places().stream()
            .filter(from -> from.usesGateway(ip))
            .forEach(from -> add(from, to, found));
      }
    }
  }

  private static void add(Place from, Place to, SortedMap<Integer, BitSet> found) {
    if (from.number() != to.number()) {
      of(found, from.number()).set(to.number());
    }
  }

  private static boolean isSwitched(Segment segment, Place to) {
    return segment.network().equals(to.port().network())
        && segment.at().switches(segment.namespace(), segment.vni(), to.port(), to.at());
  }

  /** What is no endpoint. */
  private void reachOut(Segment segment, boolean ipv4, SortedMap<Integer, BitSet> found) {
    if (segment.places().stream().noneMatch(place -> place.leaves(ipv4))) {
      return;
    }
    var at = segment.at();
    var out = new BitSet();
    if (at.leaves(segment.namespace(), ipv4)) {
      out.set(outside(ipv4));
    }
    if (at.reachesNode(segment.namespace(), ipv4)) {
      out.set(number("node " + at.name(), NODES));
    }
    behind.forEach(
        (prefix, there) -> {
          if (prefix.prefix().address().isIpv4() == ipv4
              && there.nodes().stream()
                  .anyMatch(node -> at.routes(segment.namespace(), prefix, node))) {
            out.set(there.number());
          }
        });
    segment.places().stream()
        .filter(place -> place.leaves(ipv4))
        .forEach(place -> of(found, place.number()).or(out));
  }

  private void reachFromNode(View view, SortedMap<Integer, BitSet> found) {
    places(from.get(view.number) ? endpoints : to)
        .filter(
            place ->
                place.port().addresses().stream()
                    .anyMatch(ip -> view.sight.nodeReaches(ip, place.port(), place.at())))
        .forEach(place -> of(found, view.number).set(place.number()));
  }
}
