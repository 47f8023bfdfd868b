package io.weft.kubernetes.resource;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a network is to be.
 *
 * @param tenant the name of its tenant; empty: pure Layer 2, of no tenant
 * @param vni empty: automatic, see the fabric's {@code vniPools}
 * @param subnets IPv4 and IPv6, at most 16, none overlapping another; none: no addresses are given
 *     out
 * @param mtu of the endpoints, 576..9000 octets (1280 and more with an IPv6 subnet, RFC 8200 §5);
 *     empty: what the underlay leaves
 * @param gateways the anycast addresses of its gateway (RFC 9135 §4.1), one of a subnet at most;
 *     none: pure Layer 2
 * @param namespaces of Kubernetes whose pods get their interface in it
 * @param advertising what its IPv6 gateway says of itself by router advertisements
 * @param bgp what endpoints may say of what is behind them; empty: nothing
 * @param multicast where frames for a multicast group go
 */
public record NetworkSpec(
    Optional<String> tenant,
    Optional<Vni> vni,
    List<IpPrefix> subnets,
    RouteTargets routeTargets,
    OptionalInt mtu,
    List<IpAddress> gateways,
    NamespaceSelection namespaces,
    Advertising advertising,
    Optional<EndpointBgpSpec> bgp,
    Multicast multicast) {
  public static final int MIN_MTU = 576;
  public static final int MAX_MTU = 9000;
  public static final int MAX_SUBNETS = 16;
  public static final int MAX_NAMESPACES = 1024;
  private static final int MIN_IPV6_MTU = 1280;

  /** Nothing given. */
  public static final NetworkSpec DEFAULT =
      new NetworkSpec(
          Optional.empty(),
          Optional.empty(),
          List.of(),
          RouteTargets.AUTOMATIC,
          OptionalInt.empty(),
          List.of(),
          NamespaceSelection.NONE,
          Advertising.NONE,
          Optional.empty(),
          Multicast.SNOOPING);

  /** What an IPv6 gateway says of itself by router advertisements (RFC 4861 §6.2). */
  public enum Advertising {
    /** Nothing. */
    NONE,

    /** Default route, prefixes on the link, MTU. */
    ROUTES,

    /** Also that hosts may form addresses themselves (RFC 4862). */
    ADDRESSES;

    /** As they are written. */
    static final SortedMap<String, Advertising> BY_LABEL =
        Collections.unmodifiableSortedMap(
            new TreeMap<>(Map.of("none", NONE, "routes", ROUTES, "addresses", ADDRESSES)));
  }

  /** Where frames for a multicast group go. */
  public enum Multicast {
    /** To every port on every node. */
    FLOOD,

    /** To every node, there to the ports that have joined the group (RFC 4541). */
    SNOOPING,

    /** To the nodes and ports that have joined it (RFC 9251). */
    SELECTIVE;

    /**
     * Where nothing else is asked for. Linux sends what is snooped past its suppression of
     * neighbour discovery: where IPv6 is in use, that is worth more.
     */
    static Multicast standard(List<IpPrefix> subnets) {
      return subnets.stream().allMatch(subnet -> subnet.address().isIpv4()) ? SNOOPING : FLOOD;
    }

    /** As they are written. */
    static final SortedMap<String, Multicast> BY_LABEL =
        Collections.unmodifiableSortedMap(
            new TreeMap<>(Map.of("flood", FLOOD, "snooping", SNOOPING, "selective", SELECTIVE)));
  }

  public NetworkSpec {
    tenant.ifPresent(Metadata::requireLabel);
    subnets = List.copyOf(subnets);
    gateways = List.copyOf(gateways);
    if (subnets.size() > MAX_SUBNETS) {
      throw new IllegalArgumentException(
          "a network has at most " + MAX_SUBNETS + " subnets, not " + subnets.size());
    }
    for (int i = 0; i < subnets.size(); i++) {
      requireApart(subnets.get(i), subnets.subList(0, i));
    }
    mtu.ifPresent(NetworkSpec::requireMtu);
    if (mtu.orElse(MAX_MTU) < MIN_IPV6_MTU
        && subnets.stream().anyMatch(s -> !s.address().isIpv4())) {
      throw new IllegalArgumentException(
          "mtu " + mtu.getAsInt() + " is below 1280, which an IPv6 subnet needs (RFC 8200 §5)");
    }
  }

  /** Throws IllegalArgumentException when the subnet overlaps one of {@code others}. */
  static void requireApart(IpPrefix subnet, List<IpPrefix> others) {
    for (var other : others) {
      if (subnet.overlaps(other)) {
        throw new IllegalArgumentException(
            "subnet " + subnet + " overlaps " + other + " of the same network");
      }
    }
  }

  private static void requireMtu(int mtu) {
    if (mtu < MIN_MTU || mtu > MAX_MTU) {
      throw new IllegalArgumentException("mtu " + mtu + " is out of " + MIN_MTU + ".." + MAX_MTU);
    }
  }
}
