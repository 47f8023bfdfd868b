package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.forwarding.UnknownUnicast;
import io.weft.simulation.SimulatedKernel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The kernel of {@code weft simulate} beside the real one: the same changes at random, in any
 * order, sensible or not; after each batch both refuse the same and hold the same.
 */
class SimulatedKernelTest extends TenantKernel {
  private static final int BATCHES = 200;
  private static final int MOST_IN_BATCH = 6;
  private static final Pattern NUMBER = Pattern.compile("\\bE[A-Z]{2,}\\b");

  private record Segment(String namespace, int vni) {
    static final Comparator<Segment> ORDER =
        Comparator.comparing(Segment::namespace).thenComparingInt(Segment::vni);
  }

  private static final IpAddress VTEP = IpAddress.parse("127.0.0.2");
  private static final IpAddress VTEP6 = IpAddress.parse("fd00:ffff::2");
  private static final List<IpAddress> FAR =
      Stream.of("10.77.0.3", "10.77.0.4", "fd00:ffff::3", "fd00:ffff::4")
          .map(IpAddress::parse)
          .toList();

  private static final List<IpAddress> GROUPS =
      Stream.of("0.0.0.0", "::", "239.1.1.1", "239.1.1.2", "ff15::1")
          .map(IpAddress::parse)
          .toList();

  private final SimulatedKernel simulated = new SimulatedKernel();
  private final TreeSet<Segment> silent = new TreeSet<>(Segment.ORDER);
  private final List<String> done = new ArrayList<>();
  private Random random = new Random(0);
  private String pod = "";

  /** Of one family or of both, as a node has them. */
  private List<IpAddress> vteps = List.of();

  @Override
  List<ForwardingObject> everything() {
    return List.of();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 5, 13, 104})
  void bothRefuseAndHoldTheSameByIpv4(long seed) {
    bothRefuseAndHoldTheSame(seed, VTEP);
  }

  @ParameterizedTest
  @ValueSource(longs = {2, 6, 14, 201})
  void bothRefuseAndHoldTheSameByIpv6(long seed) {
    bothRefuseAndHoldTheSame(seed, VTEP6);
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 7, 15, 304})
  void bothRefuseAndHoldTheSameByBoth(long seed) {
    bothRefuseAndHoldTheSame(seed, VTEP, VTEP6);
  }

  private void bothRefuseAndHoldTheSame(long seed, IpAddress... own) {
    random = new Random(seed);
    vteps = List.of(own);
    pod = namespaces.create("pod");
    for (int i = 0; i < BATCHES; i++) {
      var refusedThere = new ArrayList<Refusal>();
      var batch = batch(refusedThere);
      batch.forEach(change -> done.add(change.toString()));
      var refused = causes(refusedThere);
      var refusals = tables.apply(batch);
      assertThat(causes(refusals))
          .as("seed %d: %s; refused: %s", seed, recent(), refusals)
          .isEqualTo(refused);
      noteBridgesWithoutPorts();
      assertThat(shown(tables.dump()))
          .as("seed %d: %s", seed, recent())
          .isEqualTo(shown(simulated.objects()));
    }
  }

  private List<String> recent() {
    return done.subList(Math.max(0, done.size() - MOST_IN_BATCH), done.size());
  }

  /** The kernel's number of each error, or what the shell says that has not asked it. */
  private static SortedMap<ForwardingKey, String> causes(List<Refusal> refusals) {
    var causes = new TreeMap<ForwardingKey, String>();
    for (var refusal : refusals) {
      var number = NUMBER.matcher(refusal.reason());
      boolean missing = refusal.reason().endsWith("does not stand (yet)");
      causes.put(
          refusal.key(), missing ? "not there" : number.find() ? number.group() : refusal.reason());
    }
    return causes;
  }

  private SortedMap<ForwardingKey, String> shown(List<ForwardingObject> objects) {
    var shown = new TreeMap<ForwardingKey, String>();
    for (var object : objects) {
      boolean forgotten =
          object instanceof ForwardingObject.NeighbourEntry entry
              && silent.contains(new Segment(entry.namespace(), entry.vni().value()));
      if (!forgotten) {
        shown.put(object.key(), object.observable().toString());
      }
    }
    return shown;
  }

  /**
   * A bridge that loses its last port has no carrier, and its neighbours go: within a second, so
   * that one which is made meanwhile may go too (neigh_carrier_down, net/core/neighbour.c). Nobody
   * is there then whom they could serve; of such bridges neighbours are not compared.
   */
  private void noteBridgesWithoutPorts() {
    var bridges = new TreeSet<Segment>(Segment.ORDER);
    var served = new TreeSet<Segment>(Segment.ORDER);
    for (var object : simulated.objects()) {
      switch (object) {
        case ForwardingObject.Bridge bridge ->
            bridges.add(new Segment(bridge.namespace(), bridge.vni().value()));
        case ForwardingObject.VxlanPort port when port.mtu() > 0 ->
            served.add(new Segment(port.namespace(), port.vni().value()));
        case ForwardingObject.EndpointPort port when port.mtu() > 0 ->
            served.add(new Segment(port.namespace(), port.vni().value()));
        default -> {}
      }
    }
    silent.retainAll(bridges);
    bridges.removeAll(served);
    silent.addAll(bridges);
  }

  /** It is applied to the simulated kernel one by one: each change fits what stands then. */
  private List<KernelChange> batch(List<Refusal> refused) {
    var batch = new ArrayList<KernelChange>();
    var keys = new TreeSet<ForwardingKey>();
    for (int i = 1 + random.nextInt(MOST_IN_BATCH); i > 0; i--) {
      boolean removes = random.nextInt(3) == 0;
      var standing = simulated.objects();
      var object =
          removes && !standing.isEmpty() && random.nextInt(4) > 0 ? any(standing) : object();
      if (removes && random.nextInt(apart(object.key().kind())) > 0) {
        continue;
      }
      if (keys.add(place(object))) { // as in a plan's batch, each key once
        var change = removes ? remove(object, standing) : new KernelChange.Put(object);
        batch.add(change);
        refused.addAll(simulated.apply(List.of(change)).refusals());
      }
    }
    return batch;
  }

  /** Its key; a MAC is wanted in one place of a bridge. */
  private static ForwardingKey place(ForwardingObject object) {
    return object instanceof ForwardingObject.BridgeFdbEntry entry
        ? ForwardingKey.of(Kind.LOCAL_FDB, entry.namespace(), entry.vni(), entry.mac())
        : object.key();
  }

  /** A plan removes what stands, if anything does. */
  private static KernelChange remove(ForwardingObject object, List<ForwardingObject> standing) {
    return new KernelChange.Remove(
        standing.stream()
            .filter(each -> each.key().equals(object.key()))
            .findFirst()
            .orElse(object));
  }

  /** What takes much along goes seldom: there is to be much. */
  private static int apart(Kind kind) {
    return switch (kind) {
      case NAMESPACE -> 30;
      case BRIDGE -> 8;
      case VXLAN -> 6;
      case PORT -> 3;
      default -> 1;
    };
  }

  private <T> T any(List<T> choice) {
    return choice.get(random.nextInt(choice.size()));
  }

  /** Most of what is asked for has what it stands on. */
  private ForwardingObject object() {
    var space = any(List.of(tenant, tenant, namespaces.prefix() + "blue"));
    // VNIs are unique on a node: each tenant has its own.
    int first = space.equals(tenant) ? 100 : 200;
    var vni = new Vni(first + random.nextInt(2));
    var grounds = new ArrayList<ForwardingObject>();
    grounds.add(new ForwardingObject.TenantNamespace(space));
    grounds.add(bridge(space, vni));
    vteps.forEach(local -> grounds.add(vxlan(space, vni, local)));
    var standing = new TreeSet<ForwardingKey>();
    simulated.objects().forEach(object -> standing.add(object.key()));
    var missing = grounds.stream().filter(object -> !standing.contains(object.key())).findFirst();
    return missing
        .filter(_ -> random.nextInt(3) > 0)
        .orElseGet(() -> random.nextInt(4) == 0 ? any(grounds) : object(space, vni, first));
  }

  private ForwardingObject bridge(String space, Vni vni) {
    return new ForwardingObject.Bridge(
        space,
        vni,
        new MacAddress(0x0200_0000_0000L + vni.value()),
        any(List.of(1450, 1400)),
        any(List.of(true, true, false)),
        random.nextBoolean());
  }

  private ForwardingObject vxlan(String space, Vni vni, IpAddress local) {
    long device = local.isIpv4() ? 0x0200_0000_1000L : 0x0200_0000_2000L;
    var mac = new MacAddress(device + vni.value());
    return new ForwardingObject.VxlanPort(space, vni, local, mac, 1400, vteps.size() > 1);
  }

  private ForwardingObject object(String space, Vni vni, int first) {
    var mac = new MacAddress(0x0a58_0000_0100L + first + random.nextInt(3));
    var far = any(FAR);
    int network = vni.value() - first;
    return switch (random.nextInt(17)) {
      case 0, 1 -> port(space, vni, first);
      case 2, 3 -> local(space, vni, mac, "ep" + first + random.nextInt(2));
      case 4 -> new ForwardingObject.VxlanFdbEntry(space, vni, mac, far, other(vni));
      case 5 -> new ForwardingObject.BridgeFdbEntry(space, vni, mac, random.nextBoolean());
      case 6 -> new ForwardingObject.FloodEntry(space, vni, far, other(vni));
      case 7, 8 -> multicast(space, vni, far);
      case 9, 10 ->
          new ForwardingObject.NeighbourEntry(
              space, vni, address(network, 20 + random.nextInt(3)), mac);
      case 11 -> {
        var address = address(network, 1 + random.nextInt(2));
        int length = address.isIpv4() ? 24 : 64;
        yield new ForwardingObject.GatewayAddress(space, vni, address, length);
      }
      case 12 -> ForwardingObject.Ipv6Routing.of(space, vni);
      case 13 -> new ForwardingObject.TransitGuard(space, vni);
      case 14 -> new UnknownUnicast(space, vni, random.nextBoolean());
      default -> {
        var prefix =
            IpPrefix.parse(
                any(List.of("10.9.%d.0/24", "fd00:9:%d::/48")).formatted(random.nextInt(3)));
        var hops = new ArrayList<TenantHop>();
        hops.add(TenantHop.over(vni, via(prefix, far)));
        if (random.nextInt(3) == 0) {
          var second = new Vni(first + random.nextInt(2));
          hops.add(TenantHop.over(second, via(prefix, any(FAR))));
        }
        yield new ForwardingObject.TenantRoute(space, prefix, hops);
      }
    };
  }

  /** Mostly the same. */
  private Vni other(Vni vni) {
    return random.nextInt(4) == 0 ? new Vni(vni.value() + 1000) : vni;
  }

  private IpAddress address(int network, int host) {
    return IpAddress.parse(
        random.nextBoolean()
            ? "192.168.%d.%d".formatted(network, host)
            : "fd00:%d::%x".formatted(1 + network, host));
  }

  /** To a VTEP of IPv4, a route of IPv6 leads by its mapped address. */
  private static IpAddress via(IpPrefix prefix, IpAddress far) {
    return far instanceof Ipv4Address vtep && !prefix.address().isIpv4()
        ? Ipv6Address.mapped(vtep)
        : far;
  }

  private ForwardingObject multicast(String space, Vni vni, IpAddress far) {
    var group = any(GROUPS);
    return random.nextInt(3) == 0
        ? new ForwardingObject.MulticastEntry(space, vni, group, any(vteps), Optional.empty())
        : new ForwardingObject.MulticastEntry(space, vni, group, far, Optional.of(other(vni)));
  }

  /** In the bridge that its port is of: that is where the kernel puts it, whatever was meant. */
  private ForwardingObject local(String space, Vni vni, MacAddress mac, String name) {
    var bridge = vni;
    for (var object : simulated.objects()) {
      if (object instanceof ForwardingObject.EndpointPort port
          && port.port().equals(name)
          && port.mtu() > 0) {
        bridge = port.vni();
      }
    }
    return new ForwardingObject.LocalFdbEntry(space, bridge, mac, name);
  }

  private ForwardingObject port(String space, Vni vni, int first) {
    int number = random.nextInt(2);
    var name = "ep" + first + number;
    return new ForwardingObject.EndpointPort(
        space,
        name,
        vni,
        "pod-" + name,
        "net",
        new MacAddress(0x0a58_0000_0100L + first + number),
        List.of(),
        false,
        1400,
        Optional.of(new PodInterface(pod, "e" + name, List.of())));
  }
}
