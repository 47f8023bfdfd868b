package io.weft.simulation;

import io.weft.net.Vni;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.KeyTable;
import io.weft.overlay.forwarding.MovedMac;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The kernel of one node, as far as Weft sees it: what stands needs what it stands on, and goes
 * with it. It outlives the agent.
 */
public class SimulatedKernel {
  private final KeyTable<Shared.Row> table = new KeyTable<>();

  private final TreeSet<ForwardingKey> ports = new TreeSet<>();

  /**
   * The namespaces that have or had an address of IPv4. Before the first there is no local table,
   * and no gateway is taken for one (__inet_dev_addr_type, net/ipv4/fib_frontend.c).
   */
  private final TreeSet<String> addressed = new TreeSet<>();

  private final EnumSet<Kind> refused = EnumSet.noneOf(Kind.class);
  private final Shared shared;
  private long writes;
  private long removals;

  /** {@code shared}: what all kernels hold, which is much that is equal. */
  SimulatedKernel(Shared shared) {
    this.shared = shared;
  }

  /** One that shares with no other. */
  public SimulatedKernel() {
    this(new Shared());
  }

  /** What stands, in the order of dependencies, as a dump shows it. */
  public final List<ForwardingObject> objects() {
    return table.sorted().stream().map(Shared.Row::object).toList();
  }

  /** Counts what stands. */
  public final int size() {
    return table.size();
  }

  /** True when something stands under the key. */
  final boolean has(ForwardingKey key) {
    return table.has(key);
  }

  /** What stands of one kind. */
  public final List<ForwardingObject> objects(Kind kind) {
    return objects(kind, _ -> true);
  }

  /** Those of one kind that are meant; all of it are asked about once, in no order. */
  final List<ForwardingObject> objects(Kind kind, Predicate<ForwardingObject> meant) {
    return table.sorted(row -> row.key().kind() == kind && meant.test(row.object())).stream()
        .map(Shared.Row::object)
        .toList();
  }

  /** Counts changes that were asked for, needless and refused ones among them. */
  public final long writes() {
    return writes;
  }

  /** Those of {@link #writes} that took something away. */
  public final long removals() {
    return removals;
  }

  /** From now on objects of this kind cannot be made. */
  public final void refuse(Kind kind) {
    refused.add(kind);
  }

  /** Takes back {@link #refuse}. */
  public final void allow(Kind kind) {
    refused.remove(kind);
  }

  /** What came of a batch: refusals, and what went along with something that was removed. */
  public record Outcome(List<Refusal> refusals, List<Observation> notices) {}

  /** Works through the changes, as the kernel does by way of the agent's shell. */
  public Outcome apply(List<KernelChange> changes) {
    var refusals = new ArrayList<Refusal>();
    var notices = new ArrayList<Observation>();
    for (var change : changes) {
      writes++;
      var key = change.key();
      switch (change) {
        case KernelChange.Put(var object) ->
            obstacle(key, object)
                .ifPresentOrElse(
                    why -> refusals.add(new Refusal(key, why)), () -> put(key, object));
        case KernelChange.Remove _ -> {
          removals++;
          if (take(key)) {
            notices.addAll(alongWith(key));
          }
        }
      }
    }
    return new Outcome(List.copyOf(refusals), List.copyOf(notices));
  }

  /** Takes one object away, as someone else might; the notices that follow. */
  final List<Observation> lose(ForwardingKey key) {
    var notices = new ArrayList<Observation>();
    if (take(key)) {
      notices.add(new Observation(key, Optional.empty()));
      notices.addAll(alongWith(key));
    }
    return notices;
  }

  /** Puts an object there, as someone else might; the notice, or empty where it cannot stand. */
  final Optional<Observation> plant(ForwardingObject object) {
    var key = object.key();
    if (obstacle(key, object).isPresent()) {
      return Optional.empty();
    }
    put(key, object);
    return Optional.of(observe(key));
  }

  /** What stands under the key now. */
  final Observation observe(ForwardingKey key) {
    return new Observation(key, Optional.ofNullable(table.get(key)).map(Shared.Row::object));
  }

  /** The machine starts anew: nothing stands. */
  final void reboot() {
    table.sorted().forEach(row -> table.remove(row.key()));
    ports.clear();
    addressed.clear();
  }

  /** What goes with something that has gone. */
  private List<Observation> alongWith(ForwardingKey gone) {
    if (isGround(gone.kind())) {
      var notices = gone.kind() == Kind.BRIDGE ? release(gone) : new ArrayList<Observation>();
      notices.addAll(sweep());
      return notices;
    }
    return gone.kind() == Kind.GATEWAY ? forgetNeighbours(gone) : List.of();
  }

  /** The ports of a bridge that has gone are no ports any more, as a dump shows. */
  private List<Observation> release(ForwardingKey bridge) {
    var notices = new ArrayList<Observation>();
    for (var row : table.sorted(row -> row.key().namespace().equals(bridge.namespace()))) {
      var harmed = harmed(row.object(), new Vni(bridge.vni()));
      if (harmed.isPresent()) {
        table.put(shared.row(row.key(), harmed.get()));
        notices.add(new Observation(row.key(), harmed));
      }
    }
    return notices;
  }

  private static boolean isOfBridge(ForwardingObject object) {
    return object instanceof ForwardingObject.LocalFdbEntry
        || object instanceof ForwardingObject.BridgeFdbEntry;
  }

  private boolean isHarmed(ForwardingKey key) {
    var row = table.get(key);
    return row != null
        && switch (row.object()) {
          case ForwardingObject.VxlanPort port -> port.mtu() == 0;
          case ForwardingObject.EndpointPort port -> port.mtu() == 0;
          default -> false;
        };
  }

  /** With an MTU of 0, and a VNI that no network has: unequal to anything wanted. */
  private static Optional<ForwardingObject> harmed(ForwardingObject object, Vni vni) {
    return switch (object) {
      case ForwardingObject.VxlanPort(var space, var id, var local, var mac, _, boolean dual)
          when id.equals(vni) ->
          Optional.of(new ForwardingObject.VxlanPort(space, id, local, mac, 0, dual));
      case ForwardingObject.EndpointPort port when port.vni().equals(vni) ->
          Optional.of(
              new ForwardingObject.EndpointPort(
                  port.namespace(),
                  port.port(),
                  new Vni(Vni.MAX),
                  port.endpoint(),
                  port.network(),
                  port.mac(),
                  port.addresses(),
                  port.sticky(),
                  0,
                  port.gateways(),
                  port.pod(),
                  port.link(),
                  port.declared(),
                  port.learn()));
      default -> Optional.empty();
    };
  }

  /**
   * A device that loses its last address of IPv4 no longer speaks it: its neighbours go, permanent
   * ones too (fib_disable_ip and arp_ifdown, net/ipv4/fib_frontend.c and arp.c).
   */
  private List<Observation> forgetNeighbours(ForwardingKey gateway) {
    var ofDevice =
        table.sorted(
            row ->
                row.key().namespace().equals(gateway.namespace())
                    && row.key().vni() == gateway.vni());
    boolean speaks =
        ofDevice.stream()
            .anyMatch(
                row ->
                    row.object() instanceof ForwardingObject.GatewayAddress other
                        && other.address().isIpv4());
    var notices = new ArrayList<Observation>();
    for (var row : speaks ? List.<Shared.Row>of() : ofDevice) {
      if (row.object() instanceof ForwardingObject.NeighbourEntry entry && entry.ip().isIpv4()) {
        take(row.key());
        notices.add(new Observation(row.key(), Optional.empty()));
      }
    }
    return notices;
  }

  /** True when something stood there. */
  private boolean take(ForwardingKey key) {
    ports.remove(key);
    if (key.kind() == Kind.NAMESPACE) {
      addressed.remove(key.namespace());
    }
    return table.remove(key) != null;
  }

  /** A port that stands in another namespace moves. */
  private void put(ForwardingKey key, ForwardingObject object) {
    if (key.kind() == Kind.PORT) {
      ports.stream()
          .filter(other -> other.discriminator().equals(key.discriminator()))
          .toList()
          .forEach(this::take);
      ports.add(key);
    }
    if (object instanceof ForwardingObject.GatewayAddress gateway && gateway.address().isIpv4()) {
      addressed.add(gateway.namespace());
    }
    table.put(shared.row(key, object.observable()));
  }

  private Optional<String> obstacle(ForwardingKey key, ForwardingObject object) {
    if (refused.contains(key.kind())) {
      return Optional.of("Operation not supported");
    }
    for (var base : needs(object)) {
      if (!table.has(base)) {
        return Optional.of("No such device: " + base);
      }
    }
    if (isOfBridge(object) && grounds(object).stream().anyMatch(this::isHarmed)) {
      return Optional.of("Operation not supported: its device is no port of a bridge");
    }
    if (object instanceof ForwardingObject.TenantRoute route
        && route.prefix().address().isIpv4()
        && !addressed.contains(route.namespace())) {
      return Optional.of("Nexthop has invalid gateway");
    }
    return Optional.empty();
  }

  /** Removes what has lost its ground, layer by layer. */
  private List<Observation> sweep() {
    var notices = new ArrayList<Observation>();
    for (var standing : table.sorted()) {
      if (!grounds(standing.object()).stream().allMatch(table::has)) {
        take(standing.key());
        notices.add(new Observation(standing.key(), Optional.empty()));
      }
    }
    return notices;
  }

  /** True when others may stand on it. */
  private static boolean isGround(Kind kind) {
    return switch (kind) {
      case NAMESPACE, EGRESS_FILTER, EGRESS_LINK, EGRESS_PORT, BRIDGE, VXLAN, PORT, SENDING_PORT ->
          true;
      case UNDERLAY_ROUTE,
          EGRESS_ADDRESS,
          EGRESS_ROUTE,
          DEAD_END,
          GATEWAY,
          IPV6_ROUTING,
          LOCAL_FDB,
          TAP,
          ENDPOINT_ROUTE,
          VXLAN_FDB,
          BRIDGE_FDB,
          FLOOD,
          MULTICAST,
          MOVED_MAC,
          NEIGHBOUR,
          SENDING_FDB,
          SENDING_NEIGHBOUR,
          TRANSIT_GUARD,
          TENANT_ROUTE ->
          false;
    };
  }

  /** What must stand for an object to be made. */
  private static List<ForwardingKey> needs(ForwardingObject object) {
    var needs = new ArrayList<>(grounds(object));
    switch (object) {
      case ForwardingObject.EndpointPort port ->
          needs.addAll(device(Kind.BRIDGE, port.namespace(), port.vni()));
      case ForwardingObject.VxlanPort port ->
          needs.addAll(device(Kind.BRIDGE, port.namespace(), port.vni()));
      default -> {}
    }
    return needs;
  }

  /** What an object stands on; a port outlives its bridge, as in Linux, but not unharmed. */
  private static List<ForwardingKey> grounds(ForwardingObject object) {
    var space = object.namespace();
    return switch (object) {
      case ForwardingObject.UnderlayRoute _,
          ForwardingObject.TenantNamespace _,
          ForwardingObject.TapPort _ ->
          List.of();
      case EgressObject.EgressFilter _ when space.isEmpty() -> List.of();
      case ForwardingObject.Bridge _,
          ForwardingObject.Ipv6Routing _,
          ForwardingObject.EndpointPort _,
          ForwardingObject.VxlanPort _,
          EgressObject.EgressFilter _,
          EgressObject.DeadEnd _,
          ForwardingObject.SendingPort _,
          ForwardingObject.TransitGuard _ ->
          List.of(new ForwardingKey(Kind.NAMESPACE, space, 0, ""));
      case EgressObject.EgressLink _ ->
          List.of(new ForwardingKey(Kind.EGRESS_FILTER, space, 0, ""));
      case EgressObject.EgressPort port ->
          List.of(new ForwardingKey(Kind.EGRESS_LINK, port.tenant(), 0, ""));
      case EgressObject.EgressAddress address ->
          space.isEmpty()
              ? List.of(new ForwardingKey(Kind.EGRESS_PORT, "", 0, address.device()))
              : List.of(new ForwardingKey(Kind.EGRESS_LINK, space, 0, ""));
      case EgressObject.EgressRoute _ when space.isEmpty() -> List.of();
      case EgressObject.EgressRoute _ -> List.of(new ForwardingKey(Kind.EGRESS_LINK, space, 0, ""));
      case ForwardingObject.LocalFdbEntry entry ->
          List.of(
              new ForwardingKey(Kind.PORT, space, 0, entry.port()),
              new ForwardingKey(Kind.BRIDGE, space, entry.vni().value(), ""));
      case ForwardingObject.VxlanFdbEntry entry ->
          List.of(ForwardingKey.vxlanPort(space, entry.vni(), entry.vtep()));
      case ForwardingObject.BridgeFdbEntry entry ->
          List.of(
              ForwardingKey.vxlanPort(space, entry.vni(), entry.ipv6()),
              new ForwardingKey(Kind.BRIDGE, space, entry.vni().value(), ""));
      case ForwardingObject.MulticastEntry entry ->
          List.of(ForwardingKey.vxlanPort(space, entry.vni(), entry.vtep()));
      case ForwardingObject.FloodEntry entry ->
          List.of(ForwardingKey.vxlanPort(space, entry.vni(), entry.vtep()));
      case MovedMac moved -> List.of(ForwardingKey.vxlanPort(space, moved.vni(), moved.ipv6()));
      case ForwardingObject.NeighbourEntry entry -> device(Kind.BRIDGE, space, entry.vni());
      case ForwardingObject.GatewayAddress entry -> device(Kind.BRIDGE, space, entry.vni());
      case ForwardingObject.SendingFdbEntry entry ->
          List.of(ForwardingKey.sendingPort(space, entry.vni(), entry.vtep()));
      case ForwardingObject.SendingNeighbour entry ->
          List.of(ForwardingKey.sendingPort(space, entry.vni(), entry.vtep()));
      case ForwardingObject.EndpointRoute entry ->
          entry.hops().stream()
              .flatMap(hop -> device(Kind.BRIDGE, space, hop.vni()).stream())
              .toList();
      case ForwardingObject.TenantRoute entry ->
          entry.hops().stream()
              .flatMap(
                  hop ->
                      (hop.foreign()
                              ? List.of(ForwardingKey.sendingPort(space, hop.vni(), hop.via()))
                              : device(Kind.BRIDGE, space, hop.vni()))
                          .stream())
              .toList();
    };
  }

  private static List<ForwardingKey> device(Kind kind, String namespace, Vni vni) {
    return List.of(new ForwardingKey(kind, namespace, vni.value(), ""));
  }
}
