package io.weft.kubernetes.resource;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import io.weft.net.VniRange;
import java.util.HashSet;
import java.util.List;

/**
 * What all nodes have in common.
 *
 * @param asn of the nodes and reflectors; 65000 when not given
 * @param peers further BGP neighbours: switches, gateways; each address once
 * @param holdSeconds proposed hold time (RFC 4271 §4.2): 0 (never expires) or 3..65535; 90 when not
 *     given
 * @param restartSeconds how long neighbours keep a restarting node's routes (RFC 4724 §3): 0..4095;
 *     120 when not given
 */
public record FabricSpec(
    AutonomousSystem asn,
    Vtep vtep,
    Reflectors reflectors,
    List<Peer> peers,
    VniPools vniPools,
    AutoRouteTarget autoRouteTarget,
    int holdSeconds,
    int restartSeconds) {
  public static final int MAX_HOLD_SECONDS = 65535;
  public static final int MAX_RESTART_SECONDS = 4095;

  /** What holds where nothing is given. */
  public static final FabricSpec DEFAULT =
      new FabricSpec(
          new AutonomousSystem(65000),
          new Vtep.OfDefaultRoute(),
          Reflectors.NONE,
          List.of(),
          VniPools.DEFAULT,
          AutoRouteTarget.SHORT,
          90,
          120);

  public FabricSpec {
    peers = List.copyOf(peers);
    requireEachOnce(peers.stream().map(Peer::address).toList());
    if (holdSeconds != 0 && (holdSeconds < 3 || holdSeconds > MAX_HOLD_SECONDS)) {
      throw new IllegalArgumentException(
          "holdSeconds " + holdSeconds + " is neither 0 nor in 3.." + MAX_HOLD_SECONDS);
    }
    if (restartSeconds < 0 || restartSeconds > MAX_RESTART_SECONDS) {
      throw new IllegalArgumentException(
          "restartSeconds " + restartSeconds + " is out of 0.." + MAX_RESTART_SECONDS);
    }
  }

  /**
   * Who may connect to a reflector: {@link Reflectors#clients}, else the prefix of the VTEPs; empty
   * when neither is given.
   */
  public List<IpPrefix> reflectorClients() {
    return switch (vtep) {
      case Vtep.OfCidr(var cidr) when reflectors.clients().isEmpty() -> List.of(cidr);
      case Vtep.OfCidr _, Vtep.OfInterface _, Vtep.OfDefaultRoute _ -> reflectors.clients();
    };
  }

  private static void requireEachOnce(List<IpAddress> addresses) {
    var seen = new HashSet<IpAddress>();
    for (var address : addresses) {
      if (!seen.add(address)) {
        throw new IllegalArgumentException("address " + address + " is given twice");
      }
    }
  }

  /** Which address of a node is its VTEP, its end of every tunnel. */
  public sealed interface Vtep {
    /** The first global address of an interface; the name has 1..15 characters (IFNAMSIZ). */
    record OfInterface(String name) implements Vtep {
      public OfInterface {
        if (!name.matches("[^/\\s:]{1,15}") || name.equals(".") || name.equals("..")) {
          throw new IllegalArgumentException("'" + name + "' is not an interface name");
        }
      }
    }

    /** The node's address inside a prefix. */
    record OfCidr(IpPrefix cidr) implements Vtep {}

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

  /** A BGP neighbour that is not a node; {@code asn} is the fabric's when not given. */
  public record Peer(IpAddress address, AutonomousSystem asn) {
    public Peer {
      requireNeighbour(address);
    }
  }

  /** VNIs given out automatically; {@code networks} is 10000-99999 when not given. */
  public record VniPools(VniRange networks) {
    public static final VniPools DEFAULT =
        new VniPools(new VniRange(new Vni(10_000), new Vni(99_999)));
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
}
