package io.weft.kubernetes.resource;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import io.weft.net.VniRange;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * What all nodes have in common.
 *
 * @param asn of the nodes and reflectors; 65000 when not given
 * @param families of which each node has a VTEP: one or both, sorted (decisions/0023); empty: each
 *     has one, of whichever family
 * @param peers further BGP neighbours: switches, gateways; each address and interface once, ranges
 *     apart from each other
 * @param holdSeconds proposed hold time (RFC 4271 §4.2): 0 (never expires) or 3..65535; 90 when not
 *     given
 * @param restartSeconds how long neighbours keep a restarting node's routes (RFC 4724 §3): 0..4095;
 *     120 when not given
 * @param longLivedSeconds how much longer they keep them at the end of that, least preferred (RFC
 *     9494 §4.2): 0..16777215; 0, not at all, when not given
 * @param policies for {@link PeerSpec#importPolicy} and {@link PeerSpec#exportPolicy}; each name
 *     once
 * @param underlay what nodes do with the underlay's routing
 * @param duplicates when a MAC address counts as being at two places at once
 * @param services where the cluster's services have their addresses; at most {@link #MAX_SERVICES},
 *     none: where the cluster's ServiceCIDRs say, if it has such
 */
public record FabricSpec(
    AutonomousSystem asn,
    Vtep vtep,
    List<VtepFamily> families,
    Reflectors reflectors,
    List<PeerSpec> peers,
    VniPools vniPools,
    AutoRouteTarget autoRouteTarget,
    int holdSeconds,
    int restartSeconds,
    int longLivedSeconds,
    List<PolicySpec> policies,
    Underlay underlay,
    Duplicates duplicates,
    List<IpPrefix> services) {
  public static final int MAX_HOLD_SECONDS = 65535;
  public static final int MAX_RESTART_SECONDS = 4095;
  public static final int MAX_LONG_LIVED_SECONDS = 0xff_ffff;
  public static final int MAX_SERVICES = 16;

  /** What holds where nothing is given. */
  public static final FabricSpec DEFAULT =
      new FabricSpec(
          new AutonomousSystem(65000),
          new Vtep.OfDefaultRoute(),
          List.of(),
          Reflectors.NONE,
          List.of(),
          VniPools.DEFAULT,
          AutoRouteTarget.SHORT,
          90,
          120,
          0,
          List.of(),
          Underlay.DEFAULT,
          Duplicates.DEFAULT,
          List.of());

  public FabricSpec {
    families = families.stream().sorted().distinct().toList();
    peers = List.copyOf(peers);
    policies = List.copyOf(policies);
    services = List.copyOf(services);
    requireServices(services);
    requireApart(peers.stream().map(PeerSpec::remote).toList());
    requireHoldSeconds(holdSeconds);
    if (restartSeconds < 0 || restartSeconds > MAX_RESTART_SECONDS) {
      throw new IllegalArgumentException(
          "restartSeconds " + restartSeconds + " is out of 0.." + MAX_RESTART_SECONDS);
    }
    if (longLivedSeconds < 0 || longLivedSeconds > MAX_LONG_LIVED_SECONDS) {
      throw new IllegalArgumentException(
          "longLivedSeconds " + longLivedSeconds + " is out of 0.." + MAX_LONG_LIVED_SECONDS);
    }
    var names = policies.stream().map(PolicySpec::name).toList();
    for (var peer : peers) {
      for (var name :
          Stream.concat(peer.importPolicy().stream(), peer.exportPolicy().stream()).toList()) {
        if (!names.contains(name)) {
          throw new IllegalArgumentException("policy '" + name + "' is not known");
        }
      }
    }
  }

  /**
   * Who may connect to a reflector: {@link Reflectors#clients}, else the prefix of the VTEPs; empty
   * when neither is given.
   */
  public List<IpPrefix> reflectorClients() {
    return switch (vtep) {
      case Vtep.OfCidrs(var cidrs) when reflectors.clients().isEmpty() -> cidrs;
      case Vtep.OfCidrs _, Vtep.OfInterface _, Vtep.OfDefaultRoute _ -> reflectors.clients();
    };
  }

  /** True when nodes have VTEPs of both families. */
  public boolean isDual() {
    return families.size() == VtepFamily.values().length;
  }

  /** True when a VTEP may have the address. */
  public boolean mayBeVtep(IpAddress address) {
    return families.isEmpty() || families.stream().anyMatch(family -> family.has(address));
  }

  /** The same fabric with other neighbours. */
  public FabricSpec withPeers(List<PeerSpec> next) {
    return new FabricSpec(
        asn,
        vtep,
        families,
        reflectors,
        next,
        vniPools,
        autoRouteTarget,
        holdSeconds,
        restartSeconds,
        longLivedSeconds,
        policies,
        underlay,
        duplicates,
        services);
  }

  /** The same fabric with other reflectors. */
  public FabricSpec withReflectors(Reflectors next) {
    return new FabricSpec(
        asn,
        vtep,
        families,
        next,
        peers,
        vniPools,
        autoRouteTarget,
        holdSeconds,
        restartSeconds,
        longLivedSeconds,
        policies,
        underlay,
        duplicates,
        services);
  }

  /** The same fabric with services elsewhere. */
  public FabricSpec withServices(List<IpPrefix> next) {
    return new FabricSpec(
        asn,
        vtep,
        families,
        reflectors,
        peers,
        vniPools,
        autoRouteTarget,
        holdSeconds,
        restartSeconds,
        longLivedSeconds,
        policies,
        underlay,
        duplicates,
        next);
  }

  private static void requireServices(List<IpPrefix> services) {
    if (services.size() > MAX_SERVICES) {
      throw new IllegalArgumentException(
          services.size() + " prefixes of services are more than " + MAX_SERVICES);
    }
    for (var prefix : services) {
      if (prefix.length() == 0) {
        throw new IllegalArgumentException("services are not everywhere: " + prefix);
      }
    }
  }

  private static void requireEachOnce(List<IpAddress> addresses) {
    var seen = new HashSet<IpAddress>();
    for (var address : addresses) {
      if (!seen.add(address)) {
        throw new IllegalArgumentException("address " + address + " is given twice");
      }
    }
  }

  /**
   * When a MAC address counts as being at two places at once (RFC 7432 §15.1).
   *
   * @param moves 2..1,000: so many within {@code seconds} are too many; 5 when not given
   * @param seconds 1..86,400; 180 when not given
   * @param recoverSeconds after which a duplicate gets another chance, 1..604,800; 1,620 when not
   *     given
   */
  public record Duplicates(int moves, int seconds, int recoverSeconds) {
    public static final int MAX_MOVES = 1_000;
    public static final int MAX_SECONDS = 86_400;
    public static final int MAX_RECOVER_SECONDS = 604_800;

    /** As the RFC proposes; of recovery it says nothing. */
    public static final Duplicates DEFAULT = new Duplicates(5, 180, 1_620);
  }

  /** An IP version of VTEPs. */
  public enum VtepFamily {
    IPV4,
    IPV6;

    /** As a Fabric has it. */
    public String word() {
      return this == IPV4 ? "ipv4" : "ipv6";
    }

    /** True when the address is of this version. */
    public boolean has(IpAddress address) {
      return address.isIpv4() == (this == IPV4);
    }

    /** As people write it. */
    @Override
    public String toString() {
      return this == IPV4 ? "IPv4" : "IPv6";
    }
  }

  /**
   * Which address of a node is its VTEP, its end of every tunnel; of which family, is said aside.
   */
  public sealed interface Vtep {
    /**
     * The first global address, of each family, of an interface; the name has 1..15 characters
     * (IFNAMSIZ).
     */
    record OfInterface(String name) implements Vtep {
      public OfInterface {
        requireInterface(name);
      }
    }

    /** The node's address inside a prefix: one, or one of each family. */
    record OfCidrs(List<IpPrefix> cidrs) implements Vtep {
      public OfCidrs {
        cidrs = List.copyOf(cidrs);
        if (cidrs.isEmpty()) {
          throw new IllegalArgumentException("no prefix is given");
        }
      }
    }

    /** The address that the node's default route uses: when nothing is given. */
    record OfDefaultRoute() implements Vtep {}
  }

  /**
   * Route reflectors (RFC 4456).
   *
   * @param addresses of the reflectors that every node connects to, each once; none: full mesh
   * @param clients who may connect to a reflector; none: see {@link FabricSpec#reflectorClients}
   */
  public record Reflectors(List<IpAddress> addresses, List<IpPrefix> clients) {
    public static final Reflectors NONE = new Reflectors(List.of(), List.of());

    public Reflectors {
      addresses = List.copyOf(addresses);
      clients = List.copyOf(clients);
      addresses.forEach(FabricSpec::requireNeighbour);
      requireEachOnce(addresses);
    }
  }

  /**
   * What nodes do with the underlay's routing, over peers that speak a unicast family.
   *
   * @param announceVtep each node announces the host route of its VTEP
   * @param maximumPaths next hops of equal cost that are installed for one prefix, 1..64; 4 when
   *     not given
   */
  public record Underlay(boolean announceVtep, int maximumPaths) {
    public static final int MAX_PATHS = 64;
    public static final Underlay DEFAULT = new Underlay(false, 4);

    public Underlay {
      if (maximumPaths < 1 || maximumPaths > MAX_PATHS) {
        throw new IllegalArgumentException(
            "maximumPaths " + maximumPaths + " is out of 1.." + MAX_PATHS);
      }
    }
  }

  /**
   * VNIs given out automatically.
   *
   * @param networks 10000-99999 when not given
   * @param tenants for their L3 VNIs; 100000-199999 when not given
   */
  public record VniPools(VniRange networks, VniRange tenants) {
    public static final VniPools DEFAULT =
        new VniPools(
            new VniRange(new Vni(10_000), new Vni(99_999)),
            new VniRange(new Vni(100_000), new Vni(199_999)));
  }

  /** The form of automatic route targets on export; on import both forms are accepted. */
  public enum AutoRouteTarget {
    /** Low 16 bits of the AS : VNI, as FRR and most switches do; the default. */
    SHORT,
    /** RFC 8365 §5.1.2.1. */
    RFC8365
  }

  /** Gives the address back if a neighbour can have it. */
  static IpAddress requireNeighbour(IpAddress address) {
    if (address.isUnspecified() || address.isMulticast()) {
      throw new IllegalArgumentException(address + " is not the address of a neighbour");
    }
    return address;
  }

  static String requireInterface(String name) {
    if (!name.matches("[^/\\s:]{1,15}") || name.equals(".") || name.equals("..")) {
      throw new IllegalArgumentException("'" + name + "' is not an interface name");
    }
    return name;
  }

  static void requireHoldSeconds(int seconds) {
    if (seconds != 0 && (seconds < 3 || seconds > MAX_HOLD_SECONDS)) { // RFC 4271 §4.2
      throw new IllegalArgumentException(
          "holdSeconds " + seconds + " is neither 0 (never expires) nor in 3.." + MAX_HOLD_SECONDS);
    }
  }

  private static void requireApart(List<PeerSpec.Remote> remotes) {
    var before = new ArrayList<PeerSpec.Remote>();
    for (var remote : remotes) {
      before.add(requireApart(remote, before));
    }
  }

  /** Gives the remote back if none of those {@code before} can be the same neighbour. */
  static PeerSpec.Remote requireApart(PeerSpec.Remote remote, List<PeerSpec.Remote> before) {
    for (var other : before) {
      if (other.equals(remote)) {
        throw new IllegalArgumentException(remote + " is given twice");
      }
      if (remote instanceof PeerSpec.Remote.InRange(var one)
          && other instanceof PeerSpec.Remote.InRange(var two)
          && one.overlaps(two)) {
        throw new IllegalArgumentException(
            remote + " overlaps " + other + ": one neighbour would have two settings");
      }
    }
    return remote;
  }
}
