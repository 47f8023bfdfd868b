package io.weft.overlay.node;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.List;
import java.util.Optional;

/**
 * How an endpoint stands with its network by BGP.
 *
 * @param endpoint its name
 * @param as what it said that its number is
 * @param state RFC 4271 §8.2.2
 * @param sinceNanos when the state was entered, on the clock of {@link Node#step}; empty: there is
 *     no session any more
 * @param accepted prefixes that are taken from it
 * @param refused what it says and is not taken, the first {@link #MAX_REFUSED}
 * @param moreRefused how many more
 * @param lastReason why a session last ended
 */
public record EndpointSessionView(
    String network,
    String endpoint,
    IpAddress address,
    Optional<AutonomousSystem> as,
    String state,
    Optional<Long> sinceNanos,
    int accepted,
    List<Refused> refused,
    int moreRefused,
    Optional<String> lastReason) {
  /** Refused prefixes of one session that are told with the reason. */
  public static final int MAX_REFUSED = 100;

  public EndpointSessionView {
    refused = List.copyOf(refused);
  }

  /** A prefix that is not taken, and why. */
  public record Refused(IpPrefix prefix, String reason) {}
}
