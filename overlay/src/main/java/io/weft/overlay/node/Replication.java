package io.weft.overlay.node;

import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import io.weft.overlay.evpn.RemoteGroups;
import io.weft.overlay.evpn.RemoteGroups.Wish;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.MulticastEntry;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.forwarding.UnknownUnicast;
import java.util.ArrayList;
import java.util.Collection;
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

  /** So few, and they are chosen again; one host that joins and leaves does not change all rows. */
  static final int FEW_ROWS = 14_000;

  private static final List<IpAddress> REST =
      List.of(IpAddress.parse("0.0.0.0"), IpAddress.parse("::"));

  private final NetworkInstance network;
  private final OwnedObjects owned;
  private final Memberships memberships;

  /** As the rows stand by them. */
  private Vteps vteps = Vteps.NONE;

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

  /** All rows, made anew. */
  List<ForwardingObject> objects() {
    vteps = current();
    flooded = isTooMuch();
    var rows = new SegmentRows(network.namespace(), vni(), network.underlay()).flood(vteps.list());
    rows.addAll(unknown());
    rows.addAll(multicast());
    return rows;
  }

  /** Those that are there when nobody has said anything yet. */
  void begin() {
    if (isSelective() && !flooded) {
      owned.replace(List.of(), rest());
    }
  }

  /**
   * A route has come, changed or gone.
   *
   * @param wished what it said of a group before
   */
  void learned(Route key, Optional<Wish> wished) {
    if (key instanceof InclusiveMulticast
        || key instanceof SelectiveMulticast any && any.group().isEmpty()) {
      var before = vteps;
      vteps = current();
      follow(before);
    } else if (isSelective()) {
      var wish = groups().wish(key);
      if (!wish.equals(wished) && !hasTurned() && !flooded) {
        wished.ifPresent(this::follow);
        wish.ifPresent(this::follow);
      }
    }
  }

  /** Somebody's wish has come or gone: changes the rows of its VTEP, or all when it is the last. */
  private void follow(Wish wish) {
    var channel = wish.channel();
    var all = groups().channels();
    if (!all.contains(channel)) {
      rows(channel).forEach(row -> owned.unwant(row.key()));
      owned.unwant(entry(channel, wish.vtep(), Optional.empty()).key());
    } else if (groups().isOfOne(channel)) { // it may have just appeared
      rows(channel).forEach(owned::want);
    }
    for (var touched : touched(channel)) {
      if (all.contains(touched)) {
        set(entry(touched, wish.vtep(), Optional.empty()).key(), row(touched, wish.vtep()));
      }
    }
  }

  /** Changes the rows of those VTEPs alone of which something else is known than before. */
  private void follow(Vteps before) {
    var changed = vteps.others(before);
    for (var vtep : changed) {
      var wanted = Optional.ofNullable(vteps.list().get(vtep));
      set(
          ForwardingKey.of(Kind.FLOOD, network.namespace(), vni(), vtep),
          wanted.map(vni -> new FloodEntry(network.namespace(), vni(), vtep, vni)));
    }
    owned.replace(
        List.of(new UnknownUnicast(network.namespace(), vni(), false).key(), unknown6().key()),
        unknown());
    if (!isSelective() || hasTurned() || flooded) {
      return;
    }
    for (var vtep : changed) {
      for (var channel : touched(vtep, before)) {
        set(entry(channel, vtep, Optional.empty()).key(), row(channel, vtep));
      }
    }
    var keys = new ArrayList<ForwardingKey>();
    REST.forEach(group -> keys.addAll(owned.multicastKeys(group)));
    owned.replace(keys, rest());
  }

  /** Of which a VTEP may have got or lost a row. */
  private Collection<MulticastChannel> touched(IpAddress vtep, Vteps before) {
    boolean all4 = vteps.unasked4().contains(vtep) || before.unasked4().contains(vtep);
    boolean all6 = vteps.unasked6().contains(vtep) || before.unasked6().contains(vtep);
    var touched = new TreeSet<MulticastChannel>();
    if (all4 || all6) {
      touched.addAll(groups().channels());
      touched.removeIf(channel -> !(channel.group().isIpv4() ? all4 : all6));
    }
    for (var joined : groups().joined(vtep)) {
      touched.addAll(touched(joined));
    }
    return touched;
  }

  /** Who gets a group from anywhere gets what others want from its sources. */
  private Collection<MulticastChannel> touched(MulticastChannel joined) {
    return joined.source().isEmpty() ? groups().channels(joined.group()) : List.of(joined);
  }

  private void set(ForwardingKey key, Optional<? extends ForwardingObject> wanted) {
    wanted.ifPresentOrElse(owned::want, () -> owned.unwant(key));
  }

  /** True when from now on all groups are flooded, or no more; then it is so. */
  private boolean hasTurned() {
    if (isTooMuch() == flooded) {
      return false;
    }
    flooded = !flooded;
    owned.replace(owned.keys(Kind.MULTICAST), multicast());
    return true;
  }

  /**
   * The kernel has one list for all copies: where one VTEP of it wants frames to unknown MACs (RFC
   * 9574 §7), all of its family get them.
   */
  private List<ForwardingObject> unknown() {
    var wanting = network.remote().wantingUnknown();
    wanting.retainAll(vteps.list().keySet());
    return network.underlay().vteps().stream()
        .map(IpAddress::isIpv4)
        .filter(ipv4 -> wanting.stream().anyMatch(vtep -> vtep.isIpv4() == ipv4))
        .<ForwardingObject>map(ipv4 -> new UnknownUnicast(network.namespace(), vni(), !ipv4))
        .toList();
  }

  private UnknownUnicast unknown6() {
    return new UnknownUnicast(network.namespace(), vni(), true);
  }

  private Vteps current() {
    var list = network.remote().floodList(network::isReachable);
    if (!isSelective()) {
      return new Vteps(list, new TreeSet<>(), new TreeSet<>());
    }
    return new Vteps(list, unasked(list, true), unasked(list, false));
  }

  private Vni vni() {
    return network.intent().vni();
  }

  private boolean isSelective() {
    return network.intent().multicast() == Multicast.SELECTIVE;
  }

  private boolean isTooMuch() {
    return isSelective()
        && (long) groups().channels().size() * vteps.list().size()
            > (flooded ? FEW_ROWS : MAX_ROWS);
  }

  private RemoteGroups groups() {
    return network.remote().groups();
  }

  private List<ForwardingObject> multicast() {
    var rows = new ArrayList<ForwardingObject>();
    if (isSelective() && !flooded) {
      rows.addAll(rest());
      groups().channels().forEach(channel -> rows.addAll(rows(channel)));
    }
    return rows;
  }

  /**
   * The VTEPs of the network.
   *
   * @param list those that get copies of broadcast frames, with the VNI that each wants
   * @param unasked4 those of it that get every group of IPv4: they did not ask; empty where the
   *     network is not selective
   * @param unasked6 likewise of IPv6
   */
  private record Vteps(
      SortedMap<IpAddress, Vni> list,
      SortedSet<IpAddress> unasked4,
      SortedSet<IpAddress> unasked6) {
    static final Vteps NONE = new Vteps(new TreeMap<>(), new TreeSet<>(), new TreeSet<>());

    SortedSet<IpAddress> everything(IpAddress group) {
      return group.isIpv4() ? unasked4 : unasked6;
    }

    /** Those of which one knows something else than the other. */
    SortedSet<IpAddress> others(Vteps before) {
      var all = new TreeSet<>(list.keySet());
      all.addAll(before.list.keySet());
      all.removeIf(
          vtep ->
              Optional.ofNullable(list.get(vtep)).equals(Optional.ofNullable(before.list.get(vtep)))
                  && unasked4.contains(vtep) == before.unasked4.contains(vtep)
                  && unasked6.contains(vtep) == before.unasked6.contains(vtep));
      return all;
    }
  }

  private SortedSet<IpAddress> unasked(SortedMap<IpAddress, Vni> list, boolean ipv4) {
    var unasked = new TreeSet<>(list.keySet());
    var asking = network.remote().selective(ipv4);
    asking.removeAll(groups().everything());
    unasked.removeAll(asking);
    return unasked;
  }

  /** The kernel looks at the rows of a source, if there are any, and not at those of its group. */
  private List<ForwardingObject> rows(MulticastChannel channel) {
    var wanting = groups().vteps(channel);
    wanting.addAll(groups().vteps(channel.fromAnywhere()));
    wanting.addAll(vteps.everything(channel.group()));
    return wanting.stream().flatMap(vtep -> row(channel, vtep).stream()).toList();
  }

  /** The row of a VTEP for what somebody has joined; empty: it gets no copy. */
  private Optional<ForwardingObject> row(MulticastChannel channel, IpAddress vtep) {
    boolean gets = groups().gets(vtep, channel) || vteps.everything(channel.group()).contains(vtep);
    return Optional.ofNullable(vteps.list().get(vtep))
        .filter(_ -> gets)
        .map(vni -> entry(channel, vtep, Optional.of(vni)));
  }

  /** Groups that nobody has joined; a device needs a row to drop them. */
  private List<ForwardingObject> rest() {
    var rows = new ArrayList<ForwardingObject>();
    for (var group : REST) {
      var all = vteps.everything(group);
      all.forEach(vtep -> row(MulticastChannel.of(group), vtep).ifPresent(rows::add));
      for (var own : network.underlay().vteps()) {
        if (all.stream().noneMatch(vtep -> vtep.isIpv4() == own.isIpv4())) {
          rows.add(entry(MulticastChannel.of(group), own, Optional.empty()));
        }
      }
    }
    return rows;
  }

  private ForwardingObject entry(MulticastChannel channel, IpAddress vtep, Optional<Vni> wanted) {
    return new MulticastEntry(
        network.namespace(), vni(), channel.group(), channel.source(), vtep, wanted);
  }

  // ---- what is said -----------------------------------------------------------------------

  /** Who is announced is known; behind a port that learns somebody may be whom nobody has heard. */
  boolean wantsUnknown() {
    return !network.local().learning().isEmpty();
  }

  /** The groups that ports of this node have joined, each with these. */
  SortedMap<MulticastChannel, SortedSet<String>> joined() {
    return memberships.of(new Segment(network.namespace(), vni().value()));
  }

  /** What other nodes are told that it wants; an empty one: all groups. Empty: it tells nothing. */
  List<Optional<MulticastChannel>> wanted() {
    if (!isSelective()) {
      return List.of();
    }
    var groups = new ArrayList<Optional<MulticastChannel>>();
    for (var channel : joined().keySet()) {
      boolean inAll = channel.source().isPresent() && joined().containsKey(channel.fromAnywhere());
      if (!inAll && !RemoteGroups.isLinkLocal(channel.group())) {
        groups.add(Optional.of(channel));
      }
    }
    wantsAll = groups.size() > (wantsAll ? FEW_GROUPS : MAX_GROUPS);
    return wantsAll ? List.of(Optional.empty()) : groups;
  }

  // ---- what is told of it -----------------------------------------------------------------

  /** Everything that is known of the network's groups. */
  GroupsView view() {
    var list = vteps.list();
    var elsewhere = new TreeMap<MulticastChannel, SortedSet<IpAddress>>();
    for (var channel : groups().channels()) {
      var wanting = groups().vteps(channel);
      wanting.retainAll(list.keySet());
      elsewhere.put(channel, wanting);
    }
    return new GroupsView(
        network.intent().name(),
        network.intent().multicast(),
        joined(),
        elsewhere,
        isSelective() ? vteps.unasked4() : new TreeSet<>(list.keySet()),
        isSelective() ? vteps.unasked6() : new TreeSet<>(list.keySet()),
        flooded);
  }
}
