package io.weft.overlay.evpn;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who has joined which multicast group elsewhere in one segment: the imported routes of Type 6 (RFC
 * 9251 §9.1). Who wants a group from certain sources gets it from all; the bridge there chooses.
 */
public final class RemoteGroups {
  private final TreeMap<IpAddress, Map<Route, IpAddress>> byGroup = new TreeMap<>();

  /** By VTEP: its groups, each with how many routes say so. */
  private final TreeMap<IpAddress, TreeMap<IpAddress, Integer>> byVtep = new TreeMap<>();

  private final Map<Route, IpAddress> everything = new LinkedHashMap<>();

  private static final Map<Route, IpAddress> NONE = new LinkedHashMap<>();

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
    var before = byGroup.computeIfAbsent(group, _ -> new LinkedHashMap<>()).put(route.key(), vtep);
    Optional.ofNullable(before).ifPresent(other -> leave(other, group));
    byVtep.computeIfAbsent(vtep, _ -> new TreeMap<>()).merge(group, 1, Integer::sum);
    return true;
  }

  boolean has(SelectiveMulticast key) {
    return of(key).containsKey(key);
  }

  private Map<Route, IpAddress> of(SelectiveMulticast key) {
    return key.group().map(group -> byGroup.getOrDefault(group, NONE)).orElse(everything);
  }

  void remove(SelectiveMulticast key) {
    var vtep = of(key).remove(key);
    if (vtep != null && key.group().isPresent()) {
      var group = key.group().get();
      leave(vtep, group);
      if (of(key).isEmpty()) {
        byGroup.remove(group);
      }
    }
  }

  private void leave(IpAddress vtep, IpAddress group) {
    var groups = byVtep.getOrDefault(vtep, new TreeMap<>());
    groups.computeIfPresent(group, (_, count) -> count == 1 ? null : count - 1);
    if (groups.isEmpty()) {
      byVtep.remove(vtep);
    }
  }

  Collection<Route> routes() {
    var routes = new ArrayList<Route>(everything.keySet());
    byGroup.values().forEach(of -> routes.addAll(of.keySet()));
    return routes;
  }

  /** The groups that somebody has joined. */
  public SortedSet<IpAddress> groups() {
    return Collections.unmodifiableSortedSet(byGroup.navigableKeySet());
  }

  /** The VTEPs behind which somebody has joined the group, without {@link #everything}. */
  public SortedSet<IpAddress> vteps(IpAddress group) {
    return new TreeSet<>(byGroup.getOrDefault(group, NONE).values());
  }

  /** The groups that somebody behind the VTEP has joined. */
  public SortedSet<IpAddress> groups(IpAddress vtep) {
    return Collections.unmodifiableSortedSet(
        byVtep.getOrDefault(vtep, new TreeMap<>()).navigableKeySet());
  }

  /** True when somebody behind the VTEP has joined the group. */
  public boolean has(IpAddress vtep, IpAddress group) {
    return byVtep.getOrDefault(vtep, new TreeMap<>()).containsKey(group);
  }

  /** The VTEPs that want every group. */
  public SortedSet<IpAddress> everything() {
    return new TreeSet<>(everything.values());
  }
}
