package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.simulation.SimulatedKernel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The kernel of {@code weft simulate} beside the real one: the same changes at random, in any
 * order, sensible or not; after each batch both refuse the same and hold the same.
 */
class SimulatedKernelTest extends TenantKernel {
  private static final int BATCHES = 200;
  private static final int MOST_IN_BATCH = 6;

  private record Segment(String namespace, int vni) {
    static final Comparator<Segment> ORDER =
        Comparator.comparing(Segment::namespace).thenComparingInt(Segment::vni);
  }

  private static final IpAddress VTEP = IpAddress.parse("127.0.0.2");

  private final SimulatedKernel simulated = new SimulatedKernel();
  private final TreeSet<Segment> silent = new TreeSet<>(Segment.ORDER);
  private final List<String> done = new ArrayList<>();
  private Random random = new Random(0);
  private String pod = "";

  @Override
  List<ForwardingObject> everything() {
    return List.of();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 5, 13})
  void bothRefuseAndHoldTheSame(long seed) {
    random = new Random(seed);
    pod = namespaces.create("pod");
    for (int i = 0; i < BATCHES; i++) {
      var batch = batch();
      batch.forEach(change -> done.add(change.toString()));
      var refused = keys(simulated.apply(batch).refusals());
      var refusals = tables.apply(batch);
      assertThat(keys(refusals))
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

  private static TreeSet<ForwardingKey> keys(List<Refusal> refusals) {
    var keys = new TreeSet<ForwardingKey>();
    refusals.forEach(refusal -> keys.add(refusal.key()));
    return keys;
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
        case ForwardingObject.VxlanPort port ->
            served.add(new Segment(port.namespace(), port.vni().value()));
        case ForwardingObject.EndpointPort port ->
            served.add(new Segment(port.namespace(), port.vni().value()));
        default -> {}
      }
    }
    silent.retainAll(bridges);
    bridges.removeAll(served);
    silent.addAll(bridges);
  }

  private List<KernelChange> batch() {
    var batch = new ArrayList<KernelChange>();
    var keys = new TreeSet<ForwardingKey>();
    for (int i = 1 + random.nextInt(MOST_IN_BATCH); i > 0; i--) {
      boolean removes = random.nextInt(3) == 0;
      var standing = simulated.objects();
      var object =
          removes && !standing.isEmpty() && random.nextInt(4) > 0 ? any(standing) : object();
      if (keys.add(object.key())) { // as in a plan's batch, each key once
        batch.add(removes ? new KernelChange.Remove(object) : new KernelChange.Put(object));
      }
    }
    return batch;
  }

  private <T> T any(List<T> choice) {
    return choice.get(random.nextInt(choice.size()));
  }

  private ForwardingObject object() {
    var space = any(List.of(tenant, tenant, namespaces.prefix() + "blue"));
    // VNIs are unique on a node: each tenant has its own.
    int first = space.equals(tenant) ? 100 : 200;
    var vni = new Vni(first + random.nextInt(2));
    var mac = new MacAddress(0x0a58_0000_0100L + first + random.nextInt(3));
    var far = IpAddress.parse("10.77.0." + (3 + random.nextInt(2)));
    var ip = IpAddress.parse("192.168." + (vni.value() - first) + "." + (20 + random.nextInt(3)));
    return switch (random.nextInt(14)) {
      case 0, 1 -> new ForwardingObject.TenantNamespace(space);
      case 2, 3 ->
          new ForwardingObject.Bridge(
              space,
              vni,
              new MacAddress(0x0200_0000_0000L + vni.value()),
              any(List.of(1450, 1400)),
              any(List.of(true, true, false)));
      case 4, 5 ->
          new ForwardingObject.VxlanPort(
              space, vni, VTEP, new MacAddress(0x0200_0000_1000L + vni.value()), 1400);
      case 6 -> port(space, vni, first);
      case 7 -> local(space, vni, mac, "ep" + first + random.nextInt(2));
      case 8 -> new ForwardingObject.VxlanFdbEntry(space, vni, mac, far, vni);
      case 9 -> new ForwardingObject.BridgeFdbEntry(space, vni, mac);
      case 10 -> new ForwardingObject.FloodEntry(space, vni, far, vni);
      case 11 -> new ForwardingObject.NeighbourEntry(space, vni, ip, mac);
      case 12 ->
          new ForwardingObject.GatewayAddress(
              space, vni, IpAddress.parse("192.168." + (vni.value() - first) + ".1"), 24);
      default ->
          new ForwardingObject.TenantRoute(
              space, IpPrefix.parse("10.9." + random.nextInt(3) + ".0/24"), vni, far);
    };
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
