package io.weft.kubernetes.resource;

import io.weft.kubernetes.resource.PolicySpec.PrefixMatch;
import io.weft.net.AutonomousSystem;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What endpoints of a network may say by BGP, {@code bgp} of a Network.
 *
 * @param asn our number towards them; empty: the fabric's. Theirs is any other
 * @param prefixes what they may say is behind them, at most {@link #MAX_PREFIXES}; none: nothing
 * @param maximumPrefixes that one endpoint may say, refused ones among them, 1..1000; with more its
 *     session is closed
 * @param advertise what they hear
 * @param passwordFile with the secret of TCP-MD5, the same for all of them; empty: none
 */
public record EndpointBgpSpec(
    Optional<AutonomousSystem> asn,
    List<PrefixMatch> prefixes,
    int maximumPrefixes,
    Advertise advertise,
    Optional<Path> passwordFile) {
  public static final int MAX_PREFIXES = 64;
  public static final int MAX_MAXIMUM = 1000;
  public static final int DEFAULT_MAXIMUM = 100;

  /** What endpoints hear. */
  public enum Advertise {
    /** Nothing: an endpoint has its default route when it is attached. */
    NONE,
    /** A default route, by the gateway. */
    DEFAULT
  }

  public EndpointBgpSpec {
    prefixes = List.copyOf(prefixes);
    if (prefixes.size() > MAX_PREFIXES) {
      throw new IllegalArgumentException("bgp.prefixes are at most " + MAX_PREFIXES);
    }
  }
}
