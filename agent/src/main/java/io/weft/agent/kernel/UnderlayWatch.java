package io.weft.agent.kernel;

import io.weft.agent.intent.VtepChoice;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.FabricSpec.VtepFamily;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.linux.netlink.RouteType;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpAddress;
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
 * What the machine's own addresses, links and routes say of the underlay: the VTEP addresses as the
 * fabric names them, and the MTU towards its neighbours. Looked at again whenever one of them
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
          KernelNotice.SettingChanged _,
          KernelNotice.FdbChanged _,
          KernelNotice.MdbChanged _,
          KernelNotice.NeighbourChanged _ ->
          false;
    };
  }

  /** Looks once, for whoever needs no more. */
  public UnderlayChanged discover() {
    var spec = fabric;
    try {
      var chosen = VtepChoice.of(spec, machine());
      return chosen.vteps().isEmpty()
          ? missing(chosen.missing())
          : found(spec, chosen.vteps(), chosen.missing());
    } catch (LinuxException e) {
      return missing("the kernel does not tell its addresses: " + e.getMessage());
    }
  }

  /** As it is now; links and routes are read when they are asked for. */
  private VtepChoice.Machine machine() {
    var addresses =
        rtnetlink.addresses().stream()
            .map(each -> new VtepChoice.Held(each.address(), each.link()))
            .toList();
    return new VtepChoice.Machine() {
      @Override
      public List<VtepChoice.Held> addresses() {
        return addresses;
      }

      @Override
      public OptionalInt link(String name) {
        return index(rtnetlink.link(name));
      }

      @Override
      public OptionalInt defaultRoute(List<VtepFamily> families) {
        return index(UnderlayWatch.this.defaultRoute(families));
      }
    };
  }

  private static OptionalInt index(Optional<Link> link) {
    return link.map(Link::index).map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  /** The link that the default route leaves through: that of IPv4, else that of IPv6. */
  private Optional<Link> defaultRoute(List<VtepFamily> families) {
    for (var route : rtnetlink.routes()) { // those of IPv4 come first
      boolean isDefault = route.prefix().length() == 0 && route.type() == RouteType.UNICAST;
      if (isDefault
          && route.link().isPresent()
          && VtepChoice.isOf(families, route.prefix().address())) {
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

  /** {@code missing} says why there is not one more. */
  private UnderlayChanged found(FabricSpec spec, List<IpAddress> vteps, String missing) {
    var mtu = mtu(spec, vteps);
    var before = last.flatMap(UnderlayChanged::underlay);
    return mtu.isEmpty()
        ? missing(
            "no route leads from " + vteps.getFirst() + " to a reflector or any other neighbour")
        : new UnderlayChanged(
            Optional.of(
                new Underlay(vteps, VtepChoice.routerId(vteps, before), mtu.get(), spec.isDual())),
            missing);
  }

  private static UnderlayChanged missing(String reason) {
    return new UnderlayChanged(Optional.empty(), reason);
  }

  /**
   * The smallest MTU of the links that lead to the neighbours, or have one at the far end; without
   * neighbours, of the links of the default routes, else of those that have the VTEP addresses.
   */
  private Optional<Integer> mtu(FabricSpec spec, List<IpAddress> vteps) {
    var targets = new ArrayList<IpAddress>(spec.reflectors().addresses());
    for (var peer : spec.peers()) {
      if (peer.remote() instanceof PeerSpec.Remote.AtAddress(var address)) {
        targets.add(address);
      }
    }
    targets.removeAll(vteps);
    var links =
        spec.peers().stream().flatMap(peer -> link(peer.remote()).stream()).map(Link::mtu).toList();
    if (targets.isEmpty() && links.isEmpty()) {
      return vteps.stream().flatMap(vtep -> way(spec, vtep).stream()).min(Integer::compare);
    }
    return Stream.concat(
            links.stream(), targets.stream().flatMapToInt(target -> mtuTo(target).stream()).boxed())
        .min(Integer::compare);
  }

  /** By the default route: where nodes have two VTEPs, each by that of its family. */
  private Optional<Integer> way(FabricSpec spec, IpAddress vtep) {
    var families =
        Stream.of(VtepFamily.values()).filter(f -> !spec.isDual() || f.has(vtep)).toList();
    return defaultRoute(families).or(() -> holder(vtep)).map(Link::mtu);
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
