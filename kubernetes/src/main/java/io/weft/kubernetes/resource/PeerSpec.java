package io.weft.kubernetes.resource;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A BGP neighbour that is not a node: a switch, a gateway, another fabric's reflector.
 *
 * @param remote where it is
 * @param as its number; the fabric's when not given
 * @param families what is spoken; L2VPN EVPN alone when not given; each once
 * @param holdSeconds proposed to it (RFC 4271 §4.2): 0 or 3..65535; the fabric's when not given
 * @param passwordFile holds the secret of TCP-MD5 (RFC 2385); the agent reads it
 * @param ttlSecurity the neighbour is at most so many hops away, 1..254 (RFC 5082 §3)
 * @param multihop an external neighbour may be so many hops away, 1..255; 1 when not given
 * @param allowAsIn how often our own AS may stand in an AS_PATH, 0..10; 0: RFC 4271 §9.1.2's loop
 *     check as it stands
 * @param nextHop what is announced as next hop; empty: as RFC 4271 §5.1.3 says
 * @param maximumPrefixes what to do about too many routes
 * @param bfd watches the path to the neighbour (RFC 5882)
 * @param shutdown the session is kept down, and the neighbour told this text (RFC 9003): at most
 *     255 octets of UTF-8
 * @param importPolicy name of the policy for what it says; empty: all is accepted
 * @param exportPolicy name of the policy for what it is told; empty: all is accepted
 * @param addPath whether several paths to one route are exchanged (RFC 7911)
 */
public record PeerSpec(
    Remote remote,
    PeerAs as,
    List<PeerFamily> families,
    OptionalInt holdSeconds,
    Optional<Path> passwordFile,
    OptionalInt ttlSecurity,
    OptionalInt multihop,
    int allowAsIn,
    Optional<NextHop> nextHop,
    Optional<MaximumPrefixes> maximumPrefixes,
    Optional<BfdSpec> bfd,
    Optional<String> shutdown,
    Optional<String> importPolicy,
    Optional<String> exportPolicy,
    AddPath addPath) {
  public static final int MAX_TTL_SECURITY = 254;
  public static final int MAX_MULTIHOP = 255;
  public static final int MAX_ALLOW_AS_IN = 10;
  public static final int MAX_SHUTDOWN_OCTETS = 255;

  public PeerSpec {
    families = List.copyOf(families);
    if (families.isEmpty() || families.stream().distinct().count() != families.size()) {
      throw new IllegalArgumentException("families are at least one, and each once");
    }
    holdSeconds.ifPresent(FabricSpec::requireHoldSeconds);
    if (remote instanceof Remote.OnInterface && multihop.isPresent()) {
      throw new IllegalArgumentException(
          "'multihop' does not go with 'interface', whose neighbour is on the link; remove one");
    }
    if (ttlSecurity.isPresent() && multihop.isPresent()) {
      throw new IllegalArgumentException(
          "'multihop' does not go with 'ttlSecurity', which says the hops already; remove one");
    }
    if (remote instanceof Remote.OnInterface && bfd.filter(BfdSpec::multihop).isPresent()) {
      throw new IllegalArgumentException(
          "bfd 'multihop' does not go with 'interface', whose neighbour is on the link");
    }
    shutdown.ifPresent(PeerSpec::requireShutdown);
  }

  /** A neighbour with nothing but where it is and its number. */
  public static PeerSpec of(Remote remote, PeerAs as) {
    return new PeerSpec(
        remote,
        as,
        List.of(PeerFamily.L2VPN_EVPN),
        OptionalInt.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        0,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        AddPath.NONE);
  }

  /** The same neighbour elsewhere. */
  public PeerSpec at(Remote next) {
    return new PeerSpec(
        next,
        as,
        families,
        holdSeconds,
        passwordFile,
        ttlSecurity,
        multihop,
        allowAsIn,
        nextHop,
        maximumPrefixes,
        bfd,
        shutdown,
        importPolicy,
        exportPolicy,
        addPath);
  }

  static String requireShutdown(String text) {
    int octets = text.getBytes(StandardCharsets.UTF_8).length;
    if (octets > MAX_SHUTDOWN_OCTETS) { // RFC 9003 §2
      throw new IllegalArgumentException(
          "the text has " + octets + " octets; " + MAX_SHUTDOWN_OCTETS + " fit in a NOTIFICATION");
    }
    return text;
  }

  /** Where a neighbour is; its identity in the fabric. */
  public sealed interface Remote {
    /** At an address. */
    record AtAddress(IpAddress address) implements Remote {
      public AtAddress {
        FabricSpec.requireNeighbour(address);
      }

      @Override
      public String toString() {
        return "address " + address;
      }
    }

    /**
     * At the far end of an interface, found by its router advertisements and spoken to over IPv6
     * link-local addresses ("unnumbered").
     */
    record OnInterface(String name) implements Remote {
      public OnInterface {
        FabricSpec.requireInterface(name);
      }

      @Override
      public String toString() {
        return "interface " + name;
      }
    }

    /** Whoever connects out of a prefix. */
    record InRange(IpPrefix prefix) implements Remote {
      @Override
      public String toString() {
        return "range " + prefix;
      }
    }
  }

  /** Which number a neighbour has to have. */
  public sealed interface PeerAs {
    /** This one. */
    record Exact(AutonomousSystem as) implements PeerAs {}

    /** Any but ours. */
    record External() implements PeerAs {}

    /** Ours. */
    record Internal() implements PeerAs {}
  }

  /** What is spoken with a neighbour. */
  public enum PeerFamily {
    IPV4_UNICAST,
    IPV6_UNICAST,
    L2VPN_EVPN
  }

  /** Which next hop a neighbour is told. */
  public enum NextHop {
    /** Our own address, whatever was received. */
    SELF,
    /** What was received, also towards external neighbours: for EVPN through a switch. */
    UNCHANGED
  }

  /** Which way several paths to one route are exchanged (RFC 7911 §4). */
  public enum AddPath {
    NONE,
    SEND,
    RECEIVE,
    BOTH
  }

  /**
   * What to do about too many routes of a neighbour.
   *
   * @param limit of routes, all families together, 1..4,000,000
   * @param warnPercent of the limit, 1..100: from here on there is a warning; 75 when not given
   * @param restartSeconds after which a closed session is tried again, 0..86400, 0: never; only
   *     with {@link Action#CLOSE}; 60 when not given
   */
  public record MaximumPrefixes(int limit, int warnPercent, Action action, int restartSeconds) {
    public static final int MAX_LIMIT = 4_000_000;
    public static final int MAX_RESTART_SECONDS = 86_400;
    static final int DEFAULT_WARN_PERCENT = 75;
    static final int DEFAULT_RESTART_SECONDS = 60;

    /** At the limit. */
    public enum Action {
      /** Warn only. */
      WARN,
      /** Close the session with Cease (RFC 4486 §4); the default. */
      CLOSE
    }
  }

  /**
   * Bidirectional forwarding detection (RFC 5880).
   *
   * @param intervalMillis between packets, sent and received, 50..60000; 100 when not given
   * @param multiplier so many may be lost, 2..255; 3 when not given
   * @param multihop the neighbour is behind routers (RFC 5883)
   */
  public record BfdSpec(int intervalMillis, int multiplier, boolean multihop) {
    public static final int MIN_INTERVAL_MILLIS = 50;
    public static final int MAX_INTERVAL_MILLIS = 60_000;
    public static final int MIN_MULTIPLIER = 2;
    public static final int MAX_MULTIPLIER = 255;
    public static final BfdSpec DEFAULT = new BfdSpec(100, 3, false);
  }
}
