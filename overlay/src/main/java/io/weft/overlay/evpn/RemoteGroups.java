package io.weft.overlay.evpn;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.MulticastChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who has joined which multicast group elsewhere in one segment: the imported routes of Type 6 (RFC
 * 9251 §9.1). Who leaves a source of a group out gets it from all; the bridge there chooses.
 */
public final class RemoteGroups {
  /** Flags of a route: the version of IGMP, or of MLD, that names sources. */
  private static final int IGMPV3 = 0x04;

  private static final int MLDV2 = 0x02;

  /** All sources but the one that is named. */
  private static final int EXCLUDE = 0x08;

  /** What one route says: somebody behind the VTEP has joined it. */
  public record Wish(IpAddress vtep, MulticastChannel channel) {}

  private final TreeMap<IpAddress, Map<Route, Wish>> byGroup = new TreeMap<>();

  /** By channel: the VTEPs behind which somebody wants it, each with how many routes say so. */
  private final NavigableMap<MulticastChannel, NavigableMap<IpAddress, Integer>> byChannel =
      new TreeMap<>();

  /** The other way round. */
  private final NavigableMap<IpAddress, NavigableMap<MulticastChannel, Integer>> byVtep =
      new TreeMap<>();

  private final Map<Route, IpAddress> everything = new LinkedHashMap<>();

  /**
   * True for what no router forwards (224.0.0.0/24, RFC 5771 §4; scopes 1 and 2 of IPv6, RFC 4291
   * §2.7): it goes to everybody, whoever has joined it.
   */
  public static boolean isLinkLocal(IpAddress group) {
    var octets = group.octets();
    return group.isIpv4()
        ? octets[0] == (byte) 224 && octets[1] == 0 && octets[2] == 0
        : (octets[1] & 0x0f) <= 2;
  }

  /** Adds or replaces; false when the route names no group that can be chosen. */
  boolean put(SelectiveMulticast route, Path path) {
    var vtep = path.attributes().nextHop();
    if (route.group().isEmpty()) {
      everything.put(route.key(), vtep);
      return true;
    }
    var group = route.group().get();
    if (!group.isMulticast() || isLinkLocal(group)) {
      return false;
    }
    var wish = new Wish(vtep, channel(group, route));
    var before = byGroup.computeIfAbsent(group, _ -> new LinkedHashMap<>()).put(route.key(), wish);
    Optional.ofNullable(before).ifPresent(other -> count(other, -1));
    count(wish, 1);
    return true;
  }

  /** What says a source in any other way than as the only one asks for all: nobody gets less. */
  private static MulticastChannel channel(IpAddress group, SelectiveMulticast route) {
    int naming = group.isIpv4() ? IGMPV3 : MLDV2;
    boolean one = (route.flags() & (naming | EXCLUDE)) == naming;
    return new MulticastChannel(group, route.source().filter(_ -> one));
  }

  private void count(Wish wish, int by) {
    count(byChannel, wish.channel(), wish.vtep(), by);
    count(byVtep, wish.vtep(), wish.channel(), by);
  }

  private static <K, V> void count(Map<K, NavigableMap<V, Integer>> table, K key, V value, int by) {
    var counts = table.computeIfAbsent(key, _ -> new TreeMap<>());
    counts.merge(value, by, (before, more) -> before + more == 0 ? null : before + more);
    if (counts.isEmpty()) {
      table.remove(key);
    }
  }

  boolean has(SelectiveMulticast key) {
    return key.group()
        .map(
            group ->
                Optional.ofNullable(byGroup.get(group))
                    .filter(of -> of.containsKey(key))
                    .isPresent())
        .orElseGet(() -> everything.containsKey(key));
  }

  /** What the route with this key says of one group; empty: nothing. */
  public Optional<Wish> wish(Route key) {
    return key instanceof SelectiveMulticast route
        ? route.group().map(byGroup::get).map(routes -> routes.get(route))
        : Optional.empty();
  }

  void remove(SelectiveMulticast key) {
    if (key.group().isEmpty()) {
      everything.remove(key);
      return;
    }
    var group = key.group().get();
    var routes = byGroup.getOrDefault(group, new LinkedHashMap<>());
    Optional.ofNullable(routes.remove(key)).ifPresent(wish -> count(wish, -1));
    if (routes.isEmpty()) {
      byGroup.remove(group);
    }
  }

  Collection<Route> routes() {
    var routes = new ArrayList<Route>(everything.keySet());
    byGroup.values().forEach(of -> routes.addAll(of.keySet()));
    return routes;
  }

  /** What somebody has joined. */
  public SortedSet<MulticastChannel> channels() {
    return Collections.unmodifiableSortedSet(byChannel.navigableKeySet());
  }

  /** Those of them that are of one group. */
  public SortedSet<MulticastChannel> channels(IpAddress group) {
    var channels = new TreeSet<MulticastChannel>();
    for (var channel : byChannel.tailMap(MulticastChannel.of(group)).keySet()) {
      if (!channel.group().equals(group)) {
        break;
      }
      channels.add(channel);
    }
    return channels;
  }

  /** True when one route alone says that somebody has joined it. */
  public boolean isOfOne(MulticastChannel channel) {
    var counts = byChannel.getOrDefault(channel, new TreeMap<>());
    return counts.size() == 1 && counts.firstEntry().getValue() == 1;
  }

  /** The VTEPs behind which somebody has joined it, without {@link #everything}. */
  public SortedSet<IpAddress> vteps(MulticastChannel channel) {
    return new TreeSet<>(byChannel.getOrDefault(channel, new TreeMap<>()).keySet());
  }

  /** What somebody behind the VTEP has joined. */
  public SortedSet<MulticastChannel> joined(IpAddress vtep) {
    return Collections.unmodifiableSortedSet(
        byVtep.getOrDefault(vtep, new TreeMap<>()).navigableKeySet());
  }

  /** True when somebody behind the VTEP gets it: it has joined it, or the group from anywhere. */
  public boolean gets(IpAddress vtep, MulticastChannel channel) {
    var joined = joined(vtep);
    return joined.contains(channel) || joined.contains(channel.fromAnywhere());
  }

  /** The VTEPs that want every group. */
  public SortedSet<IpAddress> everything() {
    return new TreeSet<>(everything.values());
  }
}
