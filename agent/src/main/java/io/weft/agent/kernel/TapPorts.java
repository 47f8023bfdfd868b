package io.weft.agent.kernel;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.nftables.Chain;
import io.weft.linux.nftables.Expression;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.NftablesMonitor;
import io.weft.linux.nftables.Rule;
import io.weft.linux.nftables.Table;
import io.weft.linux.tap.TapDevice;
import io.weft.net.Octets;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject.TapPort;
import io.weft.overlay.node.NodeEvent.Observation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Tap devices of virtual machines in the namespace of the underlay, each with the end of the veth
 * into its tenant: what comes in by one leaves by the other, before anything of the host sees it.
 * Watched only while there is one. One thread owns it.
 */
final class TapPorts implements AutoCloseable {
  /** How our tables of nftables begin; the tap's name follows. */
  static final String TABLE = "weft-tap-";

  /** Alias of a tap: made by us and deleted by us, or somebody else's; the port follows. */
  private static final String MADE = "weft1 made ";

  private static final String GIVEN = "weft1 given ";

  private final Rtnetlink host;
  private final TreeMap<ForwardingKey, TapPort> believed = new TreeMap<>();
  private Optional<Watch> watch = Optional.empty();
  private boolean doubtful;

  private record Watch(NetlinkMonitor links, NftablesMonitor tables, Nftables nftables) {}

  /**
   * @param host a socket in the namespace of the underlay
   */
  TapPorts(Rtnetlink host) {
    this.host = host;
  }

  // ---- what stands ------------------------------------------------------------------------

  /** Reads everything anew; the belief is what was read. */
  List<TapPort> dump() {
    var standing = read();
    believed.clear();
    standing.forEach(port -> believed.put(port.key(), port));
    doubtful = false;
    return standing;
  }

  private List<TapPort> read() {
    var ports = new ArrayList<TapPort>();
    var links = new TreeMap<String, Link>();
    host.links().forEach(link -> links.put(link.name(), link));
    for (var link : links.values()) {
      portOf(link)
          .ifPresent(
              port -> {
                var end = Optional.ofNullable(links.get(AddressPlan.tapEndName(port)));
                boolean whole = end.filter(e -> isWhole(link, e)).isPresent();
                ports.add(
                    new TapPort(link.name(), port, whole ? link.mtu() : Translation.DAMAGED_MTU));
              });
    }
    return ports;
  }

  /** The port in the tenant, when the link is a tap that leads there. */
  private static Optional<String> portOf(Link link) {
    return link.alias()
        .filter(_ -> link.kind().equals("tun"))
        .flatMap(
            alias ->
                alias.startsWith(MADE)
                    ? Optional.of(alias.substring(MADE.length()))
                    : Optional.of(alias)
                        .filter(text -> text.startsWith(GIVEN))
                        .map(text -> text.substring(GIVEN.length())));
  }

  private boolean isWhole(Link tap, Link end) {
    return tap.up()
        && end.up()
        && tap.mtu() == end.mtu()
        && tap.master().isEmpty()
        && end.master().isEmpty()
        && watch()
            .nftables()
            .table(Table.Family.NETDEV, TABLE + tap.name())
            .equals(Optional.of(exchange(tap, end)));
  }

  /** Each frame that comes in by one leaves by the other. */
  private static Table exchange(Link tap, Link end) {
    return new Table(
        Table.Family.NETDEV,
        TABLE + tap.name(),
        List.of(
            Chain.ingress("from-tap", tap.name(), List.of(to(end))),
            Chain.ingress("to-tap", end.name(), List.of(to(tap)))));
  }

  private static Rule to(Link link) {
    var index = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(link.index());
    return Rule.of(new Expression.Load(Octets.of(index.array())), new Expression.Forward());
  }

  private Watch watch() {
    if (watch.isEmpty()) {
      var links = NetlinkMonitor.openIn("/proc/self/fd/" + host.namespace().number());
      var tables = NftablesMonitor.open(name -> name.startsWith(TABLE));
      watch = Optional.of(new Watch(links, tables, Nftables.open()));
    }
    return watch.get();
  }

  // ---- changes ----------------------------------------------------------------------------

  void put(TapPort port) {
    var end =
        host.link(AddressPlan.tapEndName(port.port()))
            .orElseThrow(
                () ->
                    new IllegalArgumentException("port " + port.port() + " does not stand (yet)"));
    var tap = host.link(port.tap()).orElseGet(() -> make(port));
    if (!tap.kind().equals("tun")) {
      throw new IllegalArgumentException(port.tap() + " is no tap device; name another");
    }
    NodeLinks.requireUnused(host, tap);
    if (!portOf(tap).equals(Optional.of(port.port()))) {
      portOf(tap).ifPresent(other -> requireLeft(port.tap(), other));
      name(tap, (isMade(tap) ? MADE : GIVEN) + port.port());
    }
    for (var link : List.of(tap, end)) {
      host.execute(
          new Request.SetLink(
              link.index(), LinkSettings.NONE.withMtu(port.mtu()).withLinkLocal(false)));
    }
    try {
      watch().nftables().replace(exchange(tap, end));
    } catch (LinuxException e) {
      throw new IllegalArgumentException(
          "a tap needs nftables with forwarding at the ingress of a link in the kernel"
              + " (CONFIG_NF_TABLES_NETDEV, CONFIG_NFT_FWD_NETDEV): "
              + e.getMessage(),
          e);
    }
    host.execute(new Request.SetLink(end.index(), LinkSettings.UP));
    host.execute(new Request.SetLink(tap.index(), LinkSettings.UP));
    believed.put(port.key(), port);
  }

  /** What a crash leaves says the name of a port that does not stand any more. */
  private void requireLeft(String tap, String other) {
    if (host.link(AddressPlan.tapEndName(other)).isPresent()) {
      throw new IllegalArgumentException(
          tap + " leads to port " + other + " already; detach its endpoint first");
    }
  }

  private static boolean isMade(Link tap) {
    return tap.alias().filter(alias -> alias.startsWith(MADE)).isPresent();
  }

  /** It does not stay before it says whose it is: killed on the way, we leave nothing. */
  private Link make(TapPort port) {
    try (var device = TapDevice.open(port.tap())) {
      var tap = host.requireLink(port.tap());
      name(tap, MADE + port.port());
      device.persist();
      return host.requireLink(port.tap());
    }
  }

  private void name(Link tap, String alias) {
    host.execute(new Request.SetLink(tap.index(), LinkSettings.NONE.withAlias(alias)));
  }

  /**
   * Nothing of ours is left of it: a tap that was made goes, one that was there stays, down.
   *
   * @param port the tenant's end; a tap that leads elsewhere is left alone
   */
  void remove(String tap, String port) {
    believed.remove(TapPort.key(tap));
    var link = host.link(tap).filter(found -> portOf(found).equals(Optional.of(port)));
    if (link.isEmpty() && host.link(tap).flatMap(TapPorts::portOf).isPresent()) {
      return;
    }
    watch().nftables().delete(Table.Family.NETDEV, TABLE + tap);
    if (link.isPresent() && isMade(link.get())) {
      host.executeIfThere(new Request.DeleteLink(link.get().index()));
    } else if (link.isPresent()) {
      host.execute(
          new Request.SetLink(
              link.get().index(),
              LinkSettings.NONE.withUp(false).withLinkLocal(true).withAlias("")));
    }
  }

  /** Something failed: look at all of it soon. */
  void doubt() {
    doubtful = true;
  }

  // ---- what others do ---------------------------------------------------------------------

  /** What others have changed since the last call. */
  List<Observation> drain() {
    if (watch.isEmpty()) {
      return List.of();
    }
    boolean own = doubtful;
    boolean touched = watch.get().tables().drain();
    for (var notice : watch.get().links().drain()) {
      touched |=
          switch (notice) {
            case KernelNotice.Overrun _ -> true;
            case KernelNotice.LinkChanged(var link) -> concerns(link.name());
            case KernelNotice.LinkGone(_, var name) -> concerns(name);
            case KernelNotice.BridgePortChanged _,
                KernelNotice.AddressChanged _,
                KernelNotice.FdbChanged _,
                KernelNotice.MdbChanged _,
                KernelNotice.RuleChanged _,
                KernelNotice.SettingChanged _,
                KernelNotice.NeighbourChanged _,
                KernelNotice.RouteChanged _ ->
                false;
          };
    }
    var news = touched || own ? compare(!touched) : List.<Observation>of();
    if (believed.isEmpty() && !doubtful) {
      close();
    }
    return news;
  }

  private boolean concerns(String link) {
    return believed.values().stream()
        .anyMatch(
            port -> port.tap().equals(link) || AddressPlan.tapEndName(port.port()).equals(link));
  }

  private List<Observation> compare(boolean consequence) {
    var before = new TreeMap<>(believed);
    var news = new ArrayList<Observation>();
    for (var port : dump()) {
      if (!port.equals(before.remove(port.key()))) {
        news.add(new Observation(port.key(), Optional.of(port), consequence));
      }
    }
    before.keySet().forEach(gone -> news.add(new Observation(gone, Optional.empty(), consequence)));
    return news;
  }

  @Override
  public void close() {
    watch.ifPresent(
        open -> {
          open.links().close();
          open.tables().close();
          open.nftables().close();
        });
    watch = Optional.empty();
  }
}
