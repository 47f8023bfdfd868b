package io.weft.agent.kernel;

import io.weft.agent.kernel.QuietSettings.Followed;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.Vxlan;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The links of one tenant's namespace as they were last seen, and which of them are ours: by index,
 * because rows of tables name links so. One thread owns it.
 */
final class TenantLinks {
  private final Map<Integer, Link> links = new TreeMap<>();
  private final Map<String, Link> byName = new TreeMap<>();

  /** VNIs of our bridges and VXLAN devices by index: asked for once per row of a table. */
  private final Map<Integer, Vni> bridges = new TreeMap<>();

  private final Map<Integer, Vni> vxlans = new TreeMap<>();

  /** The foreign VNIs of our sending devices, likewise. */
  private final Map<Integer, Vni> senders = new TreeMap<>();

  /** What we last gave each port as its alias, by its index. */
  private final Map<Integer, PortAlias> ports = new TreeMap<>();

  /** Links that had another name at the last look. */
  private final Set<Integer> renamed = new TreeSet<>();

  /** Links that were up when the kernel last told of them, by index. */
  private final Set<Integer> up = new TreeSet<>();

  /** All links as they are now: that somebody wrote over the alias of a port makes it not his. */
  void replace(Collection<Link> all) {
    var known = new TreeMap<>(ports);
    var names = new TreeMap<Integer, String>();
    links.forEach((index, link) -> names.put(index, link.name()));
    links.clear();
    byName.clear();
    bridges.clear();
    vxlans.clear();
    senders.clear();
    ports.clear();
    renamed.clear();
    up.clear();
    all.forEach(this::put);
    all.stream().filter(Link::up).map(Link::index).forEach(up::add);
    known.forEach(
        (index, alias) ->
            link(index)
                .filter(link -> link.name().equals(names.get(index)))
                .ifPresent(_ -> ports.put(index, alias)));
  }

  /**
   * Takes what a notice says of a link: true when it was up before, and is not now. A new one
   * begins its life down, which the kernel tells, too.
   */
  boolean goesDown(Link link) {
    if (link.up()) {
      up.add(link.index());
      return false;
    }
    return up.remove(link.index());
  }

  /** The VNIs that have a VXLAN device of ours, but those that only send. */
  SortedSet<Vni> vxlans() {
    return new TreeSet<>(vxlans.values());
  }

  /** It had another name; until it is put again it counts as damaged. */
  void renamed(int index) {
    renamed.add(index);
  }

  /** The alias that the link has from us, whatever others wrote over it. */
  Optional<PortAlias> alias(Link link) {
    return Optional.ofNullable(ports.get(link.index()))
        .or(() -> link.alias().flatMap(PortAlias::parse));
  }

  void put(Link link) {
    remove(link.index());
    links.put(link.index(), link);
    byName.put(link.name(), link);
    link.alias()
        .flatMap(PortAlias::parse)
        .filter(_ -> NodeLinks.mayBePort(link))
        .ifPresent(alias -> ports.put(link.index(), alias));
    switch (link.kind()) {
      case "bridge" ->
          DeviceNames.ofBridge(link.name()).ifPresent(vni -> bridges.put(link.index(), vni));
      case "vxlan" -> {
        DeviceNames.ofVxlan(link.name()).ifPresent(vni -> vxlans.put(link.index(), vni));
        DeviceNames.ofSending(link.name()).ifPresent(vni -> senders.put(link.index(), vni));
      }
      default -> {} // kinds are the kernel's and open
    }
  }

  void remove(int index) {
    var link = links.remove(index);
    if (link != null) {
      byName.remove(link.name(), link);
    }
    bridges.remove(index);
    vxlans.remove(index);
    senders.remove(index);
    ports.remove(index);
    renamed.remove(index);
  }

  /** Those of which settings count that the kernel tells nobody of. */
  Map<Integer, Followed> quiet() {
    var quiet = new TreeMap<Integer, Followed>();
    links.forEach(
        (index, link) -> {
          boolean sender = senders.containsKey(index);
          boolean addresses = sender || bridges.containsKey(index) || Translation.isEgress(link);
          if (addresses || vxlans.containsKey(index) || ports.containsKey(index)) {
            quiet.put(index, new Followed(link.name(), addresses, sender));
          }
        });
    return quiet;
  }

  /** True for objects that are links, or settings of these. */
  static boolean isLink(ForwardingKey.Kind kind) {
    return kind == ForwardingKey.Kind.BRIDGE
        || kind == ForwardingKey.Kind.IPV6_ROUTING
        || kind == ForwardingKey.Kind.VXLAN
        || kind == ForwardingKey.Kind.UNKNOWN_UNICAST
        || kind == ForwardingKey.Kind.SENDING_PORT
        || kind == ForwardingKey.Kind.EGRESS_LINK
        || kind == ForwardingKey.Kind.PORT;
  }

  /** Up, and by the name that we gave it. */
  boolean stands(Link link) {
    return link.up() && !renamed.contains(link.index());
  }

  /** True when a link that is known is not among these, by its index. */
  boolean knowsOtherThan(Collection<Link> all) {
    var known = new TreeSet<>(links.keySet());
    all.forEach(link -> known.remove(link.index()));
    return !known.isEmpty();
  }

  Optional<Link> link(int index) {
    return Optional.ofNullable(links.get(index));
  }

  Optional<Link> link(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** The index of the vxlan port towards VTEPs of a family; empty while it does not stand. */
  Optional<Integer> vxlan(Vni vni, boolean ipv6) {
    return standing(DeviceNames.vxlan(vni, ipv6), ipv6);
  }

  /** As {@link #vxlan(Vni, boolean)}, of a device that only sends. */
  Optional<Integer> sending(Vni foreign, boolean ipv6) {
    return standing(DeviceNames.sending(foreign, ipv6), ipv6);
  }

  private Optional<Integer> standing(List<String> names, boolean ipv6) {
    return names.stream()
        .flatMap(name -> link(name).stream())
        .map(Link::index)
        .filter(index -> isIpv6(index) == ipv6)
        .findFirst();
  }

  Optional<Vni> bridge(int link) {
    return Optional.ofNullable(bridges.get(link));
  }

  Optional<Vni> vxlan(int link) {
    return Optional.ofNullable(vxlans.get(link));
  }

  Optional<Vni> sender(int link) {
    return Optional.ofNullable(senders.get(link));
  }

  Optional<Vni> master(Link link) {
    return link.master().isPresent() ? bridge(link.master().getAsInt()) : Optional.empty();
  }

  boolean isIpv6(int vxlan) {
    var local = link(vxlan).flatMap(Link::vxlan).flatMap(Vxlan::local);
    return local.filter(vtep -> !vtep.isIpv4()).isPresent();
  }
}
