package io.weft.agent.kernel;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.linux.netlink.RouteType;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.StableHash;
import io.weft.overlay.node.NodeEvent.LinksAppeared;
import io.weft.overlay.node.NodeEvent.UnderlayChanged;
import io.weft.overlay.node.Underlay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the machine's own addresses, links and routes say of the underlay: the VTEP address as the
 * fabric names it, and the MTU towards its neighbours. Looked at again whenever one of them
 * changes.
 */
public final class UnderlayWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(UnderlayWatch.class);

  /** A look reads all routes: not more often, however often they change. */
  private static final long PAUSE_NANOS = 1_000_000_000L;

  private final Rtnetlink rtnetlink;
  private final NetlinkMonitor monitor;
  private volatile FabricSpec fabric;
  private volatile boolean due = true;
  private volatile Runnable looked = () -> {};
  private final LinkNames names = new LinkNames();
  private boolean noticed;
  private long lastLook;
  private Optional<UnderlayChanged> last = Optional.empty();

  /**
   * Opens its sockets in the network namespace of the process.
   *
   * @throws LinuxException when the kernel gives none
   */
  public UnderlayWatch(FabricSpec fabric) {
    this.fabric = fabric;
    this.rtnetlink = Rtnetlink.open();
    try {
      this.monitor = NetlinkMonitor.openWithRoutesIn("/proc/self/ns/net");
    } catch (RuntimeException e) {
      rtnetlink.close();
      throw e;
    }
  }

  /** The fabric says something else now; takes effect at the next check. */
  public void change(FabricSpec newFabric) {
    fabric = newFabric;
    due = true;
  }

  /** Runs this after each look, on the kernel's thread: addresses or links may be others. */
  public void afterLook(Runnable action) {
    looked = action;
  }

  /** News since the last call; what changed less than a second after the last look comes later. */
  Optional<UnderlayChanged> check() {
    for (var notice : monitor.drain()) {
      noticed |= matters(notice);
      names.see(notice, rtnetlink::links);
    }
    boolean paused = System.nanoTime() - lastLook >= PAUSE_NANOS;
    if (!due && !(noticed && paused)) {
      return Optional.empty();
    }
    due = false;
    noticed = false;
    lastLook = System.nanoTime();
    var now = discover();
    looked.run();
    if (last.equals(Optional.of(now))) {
      return Optional.empty();
    }
    last = Optional.of(now);
    return last;
  }

  /** Links that have come since the last call; call it after {@link #check}. */
  Optional<LinksAppeared> appeared() {
    var appeared = names.takeAppeared();
    return appeared.isEmpty() ? Optional.empty() : Optional.of(new LinksAppeared(appeared));
  }

  private static boolean matters(KernelNotice notice) {
    return switch (notice) {
      case KernelNotice.LinkChanged _,
          KernelNotice.LinkGone _,
          KernelNotice.AddressChanged _,
          KernelNotice.RouteChanged _,
          KernelNotice.RuleChanged _,
          KernelNotice.Overrun _ ->
          true;
      case KernelNotice.BridgePortChanged _,
          KernelNotice.FdbChanged _,
          KernelNotice.NeighbourChanged _ ->
          false;
    };
  }

  /** Looks once, for whoever needs no more. */
  public UnderlayChanged discover() {
    var spec = fabric;
    try {
      var links = rtnetlink.links();
      var addresses = rtnetlink.addresses();
      return switch (spec.vtep()) {
        case Vtep.OfInterface(var name) -> {
          var link = links.stream().filter(l -> l.name().equals(name)).findFirst();
          yield link.isEmpty()
              ? missing("there is no interface '" + name + "' (Fabric vtep.interface)")
              : found(
                  spec,
                  addresses.stream()
                      .filter(a -> a.link() == link.get().index() && isGlobal(a.address()))
                      .map(Address::address)
                      .findFirst(),
                  "interface '" + name + "' has no global address (Fabric vtep.interface)");
        }
        case Vtep.OfCidr(var cidr) ->
            found(
                spec,
                addresses.stream()
                    .map(Address::address)
                    .filter(address -> cidr.contains(address) && isGlobal(address))
                    .sorted()
                    .findFirst(),
                "no address of this machine is inside " + cidr + " (Fabric vtep.cidr)");
        case Vtep.OfDefaultRoute() ->
            found(spec, ofDefaultRoute(addresses), "there is no default route");
      };
    } catch (LinuxException e) {
      return missing("the kernel does not tell its addresses: " + e.getMessage());
    }
  }

  private Optional<IpAddress> ofDefaultRoute(List<Address> addresses) {
    return defaultRoute()
        .flatMap(
            link ->
                addresses.stream()
                    .filter(a -> a.link() == link.index() && isGlobal(a.address()))
                    .map(Address::address)
                    .findFirst());
  }

  /** The link that the default route leaves through: that of IPv4, else that of IPv6. */
  private Optional<Link> defaultRoute() {
    for (var route : rtnetlink.routes()) { // those of IPv4 come first
      boolean isDefault = route.prefix().length() == 0 && route.type() == RouteType.UNICAST;
      if (isDefault && route.link().isPresent()) {
        return rtnetlink.link(route.link().getAsInt());
      }
    }
    return Optional.empty();
  }

  /** The link that has the address. */
  private Optional<Link> holder(IpAddress address) {
    return rtnetlink.addresses().stream()
        .filter(a -> a.address().equals(address))
        .findFirst()
        .flatMap(a -> rtnetlink.link(a.link()));
  }

  private static boolean isGlobal(IpAddress address) {
    return !address.isLoopback() && !address.isUnspecified() && !address.isLinkLocal();
  }

  private UnderlayChanged found(FabricSpec spec, Optional<IpAddress> vtep, String otherwise) {
    if (vtep.isEmpty()) {
      return missing(otherwise);
    }
    var mtu = mtu(spec, vtep.get());
    return mtu.isEmpty()
        ? missing("no route leads from " + vtep.get() + " to a reflector or any other neighbour")
        : new UnderlayChanged(
            Optional.of(new Underlay(vtep.get(), routerId(vtep.get()), mtu.get())), "");
  }

  private static UnderlayChanged missing(String reason) {
    return new UnderlayChanged(Optional.empty(), reason);
  }

  /** RFC 4271 §4.2 wants 32 bits, unique in the AS: of an IPv6 address, a hash. */
  private static Ipv4Address routerId(IpAddress vtep) {
    return switch (vtep) {
      case Ipv4Address v4 -> v4;
      default -> new Ipv4Address((int) StableHash.of(vtep.toString()) | 1);
    };
  }

  /**
   * The smallest MTU of the links that lead to the neighbours, or have one at the far end; without
   * neighbours, of the link of the default route, else of the link that has the VTEP address.
   */
  private Optional<Integer> mtu(FabricSpec spec, IpAddress vtep) {
    var targets = new ArrayList<IpAddress>(spec.reflectors().addresses());
    for (var peer : spec.peers()) {
      if (peer.remote() instanceof PeerSpec.Remote.AtAddress(var address)) {
        targets.add(address);
      }
    }
    targets.remove(vtep);
    var links =
        spec.peers().stream().flatMap(peer -> link(peer.remote()).stream()).map(Link::mtu).toList();
    if (targets.isEmpty() && links.isEmpty()) {
      return defaultRoute().or(() -> holder(vtep)).map(Link::mtu);
    }
    return Stream.concat(
            links.stream(), targets.stream().flatMapToInt(target -> mtuTo(target).stream()).boxed())
        .min(Integer::compare);
  }

  private Optional<Link> link(PeerSpec.Remote remote) {
    return remote instanceof PeerSpec.Remote.OnInterface(var name)
        ? rtnetlink.link(name)
        : Optional.empty();
  }

  /** Empty where no route leads. */
  private OptionalInt mtuTo(IpAddress target) {
    try {
      return rtnetlink.mtuTo(target);
    } catch (LinuxException e) {
      LOG.debug("no route to {}: {}", target, e.getMessage());
      return OptionalInt.empty();
    }
  }

  @Override
  public void close() {
    monitor.close();
    rtnetlink.close();
  }
}
