package io.weft.overlay.node;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.evpn.RemoteGroups;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.MulticastEntry;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.forwarding.UnknownUnicast;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who gets copies of one network's broadcast and multicast frames (ingress replication, RFC 7432
 * §11): the flood list, and where the network is selective (RFC 9251) the VTEPs of each group. Who
 * does not say what it wants gets all.
 */
final class Replication {
  /** Groups that a node names; of more it says that it wants all, until there are few again. */
  static final int MAX_GROUPS = 1_024;

  /** So few; one host that joins and leaves changes no more than its own group. */
  static final int FEW_GROUPS = 900;

  /** Rows of one network; where there would be more, all groups are flooded. */
  static final int MAX_ROWS = 16_384;

  private static final List<IpAddress> REST =
      List.of(IpAddress.parse("0.0.0.0"), IpAddress.parse("::"));

  private final NetworkInstance network;
  private final OwnedObjects owned;
  private final Memberships memberships;

  /** All groups are flooded, because there would be too many rows. */
  private boolean flooded;

  /** It wants all groups, because it has joined too many to name them. */
  private boolean wantsAll;

  Replication(NetworkInstance network, OwnedObjects owned, Memberships memberships) {
    this.network = network;
    this.owned = owned;
    this.memberships = memberships;
  }

  // ---- what the kernel shall have ---------------------------------------------------------

  /** All rows. */
  List<ForwardingObject> objects() {
    var rows = flood();
    rows.addAll(unknown());
    rows.addAll(multicast());
    return rows;
  }

  /** Those that are there when nobody has said anything yet. */
  void begin() {
    if (isSelective() && !flooded) {
      owned.replace(List.of(), rest(new Vteps(list())));
    }
  }

  /** A route has come, changed or gone. */
  void learned(Route key) {
    if (key instanceof InclusiveMulticast) {
      owned.replace(owned.keys(Kind.FLOOD), flood());
      owned.replace(owned.keys(Kind.UNKNOWN_UNICAST), unknown());
      owned.replace(owned.keys(Kind.MULTICAST), multicast());
    } else if (key instanceof SelectiveMulticast route && isSelective()) {
      var list = list();
      boolean one = route.group().isPresent() && isTooMuch(list) == flooded;
      if (!one) {
        owned.replace(owned.keys(Kind.MULTICAST), multicast());
      } else if (!flooded) {
        var group = route.group().get();
        owned.replace(owned.multicastKeys(group), rows(group, new Vteps(list)));
      }
    }
  }

  private List<ForwardingObject> flood() {
    return new SegmentRows(network.namespace(), vni(), network.underlay()).flood(list());
  }

  /**
   * The kernel has one list for all copies: where one VTEP of it wants frames to unknown MACs (RFC
   * 9574 §7), all of its family get them.
   */
  private List<ForwardingObject> unknown() {
    var wanting = network.remote().wantingUnknown();
    wanting.retainAll(list().keySet());
    return network.underlay().vteps().stream()
        .map(IpAddress::isIpv4)
        .filter(ipv4 -> wanting.stream().anyMatch(vtep -> vtep.isIpv4() == ipv4))
        .<ForwardingObject>map(ipv4 -> new UnknownUnicast(network.namespace(), vni(), !ipv4))
        .toList();
  }

  /** The VTEPs of the network, with the VNI that each wants. */
  private SortedMap<IpAddress, Vni> list() {
    return network.remote().floodList(network::isReachable);
  }

  private Vni vni() {
    return network.intent().vni();
  }

  private boolean isSelective() {
    return network.intent().multicast() == Multicast.SELECTIVE;
  }

  private boolean isTooMuch(SortedMap<IpAddress, Vni> list) {
    return (long) groups().groups().size() * list.size() > MAX_ROWS;
  }

  private RemoteGroups groups() {
    return network.remote().groups();
  }

  private List<ForwardingObject> multicast() {
    var rows = new ArrayList<ForwardingObject>();
    var list = list();
    flooded = isSelective() && isTooMuch(list);
    if (!isSelective() || flooded) {
      return rows;
    }
    var vteps = new Vteps(list);
    rows.addAll(rest(vteps));
    groups().groups().forEach(group -> rows.addAll(rows(group, vteps)));
    return rows;
  }

  /** The flood list, and those of it that get every group of a family: they did not ask. */
  private final class Vteps {
    private final SortedMap<IpAddress, Vni> list;
    private final SortedSet<IpAddress> unasked4;
    private final SortedSet<IpAddress> unasked6;

    Vteps(SortedMap<IpAddress, Vni> list) {
      this.list = list;
      this.unasked4 = unasked(list, true);
      this.unasked6 = unasked(list, false);
    }

    SortedSet<IpAddress> everything(IpAddress group) {
      return group.isIpv4() ? unasked4 : unasked6;
    }
  }

  private SortedSet<IpAddress> unasked(SortedMap<IpAddress, Vni> list, boolean ipv4) {
    var vteps = new TreeSet<>(list.keySet());
    var asking = network.remote().selective(ipv4);
    asking.removeAll(groups().everything());
    vteps.removeAll(asking);
    return vteps;
  }

  private List<ForwardingObject> rows(IpAddress group, Vteps vteps) {
    var wanting = groups().vteps(group);
    if (wanting.isEmpty()) {
      return List.of();
    }
    wanting.addAll(vteps.everything(group));
    return rows(group, wanting, vteps.list);
  }

  private List<ForwardingObject> rows(
      IpAddress group, SortedSet<IpAddress> wanting, SortedMap<IpAddress, Vni> list) {
    var rows = new ArrayList<ForwardingObject>();
    for (var vtep : wanting) {
      Optional.ofNullable(list.get(vtep))
          .ifPresent(vni -> rows.add(entry(group, vtep, Optional.of(vni))));
    }
    return rows;
  }

  /** Groups that nobody has joined; a device needs a row to drop them. */
  private List<ForwardingObject> rest(Vteps vteps) {
    var rows = new ArrayList<ForwardingObject>();
    for (var group : REST) {
      var all = vteps.everything(group);
      rows.addAll(rows(group, all, vteps.list));
      for (var own : network.underlay().vteps()) {
        if (all.stream().noneMatch(vtep -> vtep.isIpv4() == own.isIpv4())) {
          rows.add(entry(group, own, Optional.empty()));
        }
      }
    }
    return rows;
  }

  private ForwardingObject entry(IpAddress group, IpAddress vtep, Optional<Vni> wanted) {
    return new MulticastEntry(network.namespace(), vni(), group, vtep, wanted);
  }

  // ---- what is said -----------------------------------------------------------------------

  /** Who is announced is known; behind a port that learns somebody may be whom nobody has heard. */
  boolean wantsUnknown() {
    return !network.local().learning().isEmpty();
  }

  /** The groups that ports of this node have joined, each with these. */
  SortedMap<IpAddress, SortedSet<String>> joined() {
    return memberships.of(new Segment(network.namespace(), vni().value()));
  }

  /** What other nodes are told that it wants; an empty one: all groups. Empty: it tells nothing. */
  List<Optional<IpAddress>> wanted() {
    if (!isSelective()) {
      return List.of();
    }
    var groups = new ArrayList<Optional<IpAddress>>();
    for (var group : joined().keySet()) {
      if (!RemoteGroups.isLinkLocal(group)) {
        groups.add(Optional.of(group));
      }
    }
    wantsAll = groups.size() > (wantsAll ? FEW_GROUPS : MAX_GROUPS);
    return wantsAll ? List.of(Optional.empty()) : groups;
  }

  // ---- what is told of it -----------------------------------------------------------------

  /** Everything that is known of the network's groups. */
  GroupsView view() {
    var list = list();
    var elsewhere = new TreeMap<IpAddress, SortedSet<IpAddress>>();
    for (var group : groups().groups()) {
      var vteps = groups().vteps(group);
      vteps.retainAll(list.keySet());
      elsewhere.put(group, vteps);
    }
    return new GroupsView(
        network.intent().name(),
        network.intent().multicast(),
        joined(),
        elsewhere,
        unasked(list, true),
        unasked(list, false),
        isSelective() && isTooMuch(list));
  }
}
