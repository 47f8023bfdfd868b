package io.weft.simulation;

import io.weft.net.KeyTable;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The kernel of one node, as far as Weft sees it: what stands needs what it stands on, and goes
 * with it. It outlives the agent.
 */
public class SimulatedKernel {
  /** Frames for who has moved away are sent on for no longer (decisions/0044). */
  static final long EXPIRY_NANOS = 10_000_000_000L;

  private static final Comparator<Shared.Row> BY_KEY = Comparator.comparing(Shared.Row::key);

  private final KeyTable<ForwardingKey, Shared.Row> table = new KeyTable<>(Shared.Row::key);

  private final TreeSet<ForwardingKey> ports = new TreeSet<>();

  /**
   * The namespaces that have or had an address of IPv4. Before the first there is no local table,
   * and no gateway is taken for one (__inet_dev_addr_type, net/ipv4/fib_frontend.c).
   */
  private final TreeSet<String> addressed = new TreeSet<>();

  /** Addresses of IPv4 in the order in which they came; some may have gone with their device. */
  private final List<GatewayAddress> addresses = new ArrayList<>();

  /** Bridges over which routes of IPv4 no longer lead, because they do not speak it. */
  private final TreeMap<ForwardingKey, TreeSet<Vni>> dead = new TreeMap<>();

  /** When frames for a MAC are no longer sent on. */
  private final TreeMap<ForwardingKey, Long> expiries = new TreeMap<>();

  private long now;

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
    return table.sorted(BY_KEY).stream().map(Shared.Row::object).toList();
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
    return objects(EnumSet.of(kind));
  }

  /** The same of some kinds, in their order. */
  final List<ForwardingObject> objects(Set<Kind> kinds) {
    return table.sorted(BY_KEY, row -> kinds.contains(row.key().kind())).stream()
        .map(Shared.Row::object)
        .toList();
  }

  /** What stands, for looks at it. */
  final Standing standing() {
    var standing = new Standing();
    table.forEach(standing::add);
    return standing;
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

  /** It is later now, in nanoseconds: what only stands for a while is gone, and nobody is told. */
  final void pass(long nanos) {
    now = nanos;
    expiries.keySet().stream()
        .filter(key -> Optional.ofNullable(expiries.get(key)).orElseThrow() <= nanos)
        .toList()
        .forEach(this::take);
  }

  /** A new agent takes away what its forerunner sent on. */
  final void stopSendingOn() {
    List.copyOf(expiries.keySet()).forEach(this::take);
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
                    why -> refusals.add(new Refusal(key, why)),
                    () -> notices.addAll(put(key, object)));
        case KernelChange.Remove _ -> {
          removals++;
          if (take(key)) {
            notices.addAll(alongWith(key));
          }
        }
      }
    }
    // Told is how all of it stands in the end: more of the batch may have followed.
    var seen = notices.stream().map(Observation::key).distinct().map(this::observe).toList();
    return new Outcome(List.copyOf(refusals), seen);
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

  /** Puts an object there, as someone else might; the notices, or none where it cannot stand. */
  final List<Observation> plant(ForwardingObject object) {
    var key = object.key();
    if (obstacle(key, object).isPresent()) {
      return List.of();
    }
    var notices = new ArrayList<>(put(key, object));
    notices.add(observe(key));
    return notices;
  }

  /** What stands under the key now. */
  final Observation observe(ForwardingKey key) {
    return new Observation(key, Optional.ofNullable(table.get(key)).map(Shared.Row::object));
  }

  /** The machine starts anew: nothing stands. */
  final void reboot() {
    table.sorted(BY_KEY).forEach(row -> table.remove(row.key()));
    ports.clear();
    addressed.clear();
    addresses.clear();
    dead.clear();
    expiries.clear();
  }

  /** What goes with something that has gone. */
  private List<Observation> alongWith(ForwardingKey gone) {
    if (Grounds.isGround(gone.kind())) {
      addresses.removeIf(each -> !table.has(Grounds.grounds(each).getFirst()));
      var notices = gone.kind() == Kind.BRIDGE ? release(gone) : new ArrayList<Observation>();
      notices.addAll(sweep());
      return notices;
    }
    return gone.kind() == Kind.GATEWAY && isOfIpv4(gone) ? endIpv4(gone) : List.of();
  }

  /** The ports of a bridge that has gone are no ports any more, as a dump shows. */
  private List<Observation> release(ForwardingKey bridge) {
    var notices = new ArrayList<Observation>();
    for (var row : table.sorted(BY_KEY, row -> row.key().namespace().equals(bridge.namespace()))) {
      var harmed = harmed(row.object(), new Vni(bridge.vni()));
      if (harmed.isPresent()) {
        table.put(shared.row(row.key(), harmed.get()));
        notices.add(new Observation(row.key(), harmed));
      }
    }
    return notices;
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
      case ForwardingObject.VxlanPort(var space, var id, var local, var mac, _, _)
          when id.equals(vni) ->
          Optional.of(new ForwardingObject.VxlanPort(space, id, local, mac, 0, false));
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
   * With the first address of a subnet of IPv4 the others of it go (net.ipv4.conf.all.
   * promote_secondaries is 0); with the last of all, IPv4.
   */
  private List<Observation> endIpv4(ForwardingKey gone) {
    var ofSubnet =
        addresses.stream()
            .filter(each -> each.key().equals(gone))
            .flatMap(each -> addresses.stream().filter(other -> isOfSameSubnet(each, other)))
            .toList();
    addresses.removeIf(each -> each.key().equals(gone));
    var notices = new ArrayList<Observation>();
    if (ofSubnet.getFirst().key().equals(gone)) {
      for (var other : ofSubnet) {
        addresses.remove(other);
        if (take(other.key())) {
          notices.add(new Observation(other.key(), Optional.empty()));
        }
      }
    }
    if (addresses.stream()
        .noneMatch(each -> each.namespace().equals(gone.namespace()) && isOf(gone, each.vni()))) {
      notices.addAll(forgetIpv4(gone.namespace(), new Vni(gone.vni())));
    }
    return notices;
  }

  private static boolean isOf(ForwardingKey gateway, Vni vni) {
    return gateway.vni() == vni.value();
  }

  private static boolean isOfSameSubnet(GatewayAddress one, GatewayAddress other) {
    return one.namespace().equals(other.namespace())
        && one.vni().equals(other.vni())
        && one.prefixLength() == other.prefixLength()
        && one.address()
            .masked(one.prefixLength())
            .equals(other.address().masked(one.prefixLength()));
  }

  /**
   * A device that loses its last address of IPv4 no longer speaks it: its neighbours go, permanent
   * ones too, and routes of IPv4 all of whose ways led over such devices, whatever the next hop is
   * (fib_disable_ip and arp_ifdown, net/ipv4/fib_frontend.c and arp.c).
   */
  private List<Observation> forgetIpv4(String space, Vni vni) {
    var notices = new ArrayList<Observation>();
    for (var row : table.sorted(BY_KEY, row -> row.key().namespace().equals(space))) {
      boolean goes =
          switch (row.object()) {
            case ForwardingObject.NeighbourEntry entry ->
                entry.vni().equals(vni) && entry.ip().isIpv4();
            case ForwardingObject.TenantRoute route -> dies(row.key(), route.hops(), vni);
            case ForwardingObject.EndpointRoute route -> dies(row.key(), route.hops(), vni);
            default -> false;
          };
      if (goes) {
        take(row.key());
        notices.add(new Observation(row.key(), Optional.empty()));
      }
    }
    return notices;
  }

  /** The ways of a route over a bridge are dead from now on; true when it has no other. */
  private boolean dies(ForwardingKey key, List<TenantHop> hops, Vni vni) {
    if (!isOfIpv4(key) || hops.stream().noneMatch(hop -> isOver(hop, vni))) {
      return false;
    }
    var ended = dead.computeIfAbsent(key, _ -> new TreeSet<>());
    ended.add(vni);
    return hops.stream().allMatch(hop -> ended.stream().anyMatch(each -> isOver(hop, each)));
  }

  private static boolean isOver(TenantHop hop, Vni bridge) {
    return !hop.foreign() && hop.vni().equals(bridge);
  }

  /** Of a route, by its prefix; or of a gateway. */
  private static boolean isOfIpv4(ForwardingKey key) {
    return key.discriminator().indexOf(':') < 0;
  }

  /** True when something stood there. */
  private boolean take(ForwardingKey key) {
    ports.remove(key);
    dead.remove(key);
    expiries.remove(key);
    if (key.kind() == Kind.NAMESPACE) {
      addressed.remove(key.namespace());
    }
    return table.remove(key) != null;
  }

  /** The notices of what went because of it. */
  private List<Observation> put(ForwardingKey key, ForwardingObject object) {
    var notices =
        switch (object) {
          case ForwardingObject.EndpointPort port -> move(key, port);
          case ForwardingObject.LocalFdbEntry entry -> replace(Kind.BRIDGE_FDB, key, entry.mac());
          case ForwardingObject.BridgeFdbEntry entry -> replace(Kind.LOCAL_FDB, key, entry.mac());
          case GatewayAddress gateway when gateway.address().isIpv4() -> {
            addressed.add(gateway.namespace());
            if (!table.has(key)) {
              addresses.removeIf(former -> former.key().equals(key));
              addresses.add(gateway);
            }
            dead.forEach(
                (route, bridges) -> {
                  if (route.namespace().equals(gateway.namespace())) {
                    bridges.remove(gateway.vni());
                  }
                });
            yield List.<Observation>of();
          }
          default -> List.<Observation>of();
        };
    if (key.kind() == Kind.MOVED_MAC) {
      expiries.put(key, now + EXPIRY_NANOS);
    }
    dead.remove(key);
    table.put(shared.row(key, object.observable()));
    return notices;
  }

  /** A port that stands in another namespace, or in another bridge, leaves its rows there. */
  private List<Observation> move(ForwardingKey key, ForwardingObject.EndpointPort port) {
    var notices = new ArrayList<Observation>();
    for (var other : List.copyOf(ports)) {
      boolean elsewhere = !other.namespace().equals(key.namespace());
      if (other.discriminator().equals(key.discriminator())
          && (elsewhere || !isIn(other, port.vni()))) {
        for (var row : table.sorted(BY_KEY, row -> isRowOf(row.object(), other))) {
          take(row.key());
          notices.add(new Observation(row.key(), Optional.empty()));
        }
      }
      if (elsewhere && other.discriminator().equals(key.discriminator())) {
        take(other);
      }
    }
    ports.add(key);
    return notices;
  }

  private boolean isIn(ForwardingKey port, Vni vni) {
    return Optional.ofNullable(table.get(port)).map(Shared.Row::object).orElse(null)
            instanceof ForwardingObject.EndpointPort standing
        && standing.vni().equals(vni);
  }

  private static boolean isRowOf(ForwardingObject object, ForwardingKey port) {
    return object instanceof ForwardingObject.LocalFdbEntry entry
        && entry.namespace().equals(port.namespace())
        && entry.port().equals(port.discriminator());
  }

  /** A bridge has one row for a MAC, whatever it is. */
  private List<Observation> replace(Kind other, ForwardingKey row, MacAddress mac) {
    var former = ForwardingKey.of(other, row.namespace(), new Vni(row.vni()), mac);
    return take(former) ? List.of(new Observation(former, Optional.empty())) : List.of();
  }

  private Optional<String> obstacle(ForwardingKey key, ForwardingObject object) {
    if (refused.contains(key.kind())) {
      return Optional.of("EOPNOTSUPP");
    }
    for (var base : Grounds.needs(object)) {
      if (!table.has(base)) {
        return Optional.of(base + " does not stand (yet)");
      }
    }
    if (Grounds.isOfBridge(object) && isHarmed(Grounds.grounds(object).getFirst())) {
      return Optional.of("EOPNOTSUPP: its device is no port of a bridge");
    }
    if (object instanceof ForwardingObject.TenantRoute route
        && route.prefix().address().isIpv4()
        && route.hops().stream().anyMatch(hop -> hop.via().isIpv4())
        && !addressed.contains(route.namespace())) {
      return Optional.of("EINVAL (Nexthop has invalid gateway)");
    }
    return Optional.empty();
  }

  /** Removes what has lost its ground, layer by layer. */
  private List<Observation> sweep() {
    var notices = new ArrayList<Observation>();
    for (var standing : table.sorted(BY_KEY)) {
      if (!Grounds.grounds(standing.object()).stream().allMatch(table::has)) {
        var left = left(standing.object());
        take(standing.key());
        left.ifPresent(object -> table.put(shared.row(standing.key(), object)));
        notices.add(new Observation(standing.key(), left));
      }
    }
    return notices;
  }

  /** A route of IPv6 keeps the ways that it still has; one of IPv4 goes as a whole. */
  private Optional<ForwardingObject> left(ForwardingObject object) {
    return object instanceof ForwardingObject.TenantRoute route && !isOfIpv4(route.key())
        ? Optional.of(
                route.hops().stream()
                    .filter(hop -> table.has(Grounds.device(route.namespace(), hop)))
                    .toList())
            .filter(hops -> !hops.isEmpty())
            .map(hops -> new ForwardingObject.TenantRoute(route.namespace(), route.prefix(), hops))
        : Optional.empty();
  }
}
