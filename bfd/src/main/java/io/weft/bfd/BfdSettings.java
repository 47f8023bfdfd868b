package io.weft.bfd;

import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.Optional;

/**
 * A session that somebody wants.
 *
 * @param local the address that packets carry as source
 * @param desiredMinTx how often we want to send once up; 50 ms to 60 s
 * @param requiredMinRx how often we can bear to receive; 50 ms to 60 s
 * @param multiplier how many of our intervals may be lost before the peer gives us up; 2..255
 * @param minimumTtl a multihop packet that comes with less is discarded (RFC 5883 §5); 1..255. Over
 *     a single hop it is 255 always.
 */
public record BfdSettings(
    SessionKey key,
    IpAddress local,
    Duration desiredMinTx,
    Duration requiredMinRx,
    int multiplier,
    int minimumTtl) {
  public static final Duration LEAST_INTERVAL = Duration.ofMillis(50);
  public static final Duration GREATEST_INTERVAL = Duration.ofSeconds(60);

  public BfdSettings {
    interval(desiredMinTx, "desired min tx");
    interval(requiredMinRx, "required min rx");
    require(multiplier >= 2 && multiplier <= 255, "multiplier " + multiplier + " is out of 2..255");
    require(minimumTtl >= 1 && minimumTtl <= 255, "TTL " + minimumTtl + " is out of 1..255");
    require(
        local.bits() == key.peer().bits(), local + " and " + key.peer() + " are of two families");
  }

  /** A session with a neighbour on the same link, the same interval both ways. */
  public static BfdSettings singleHop(
      IpAddress peer, IpAddress local, Duration interval, int multiplier) {
    return new BfdSettings(
        new SessionKey(peer, false, Optional.empty()), local, interval, interval, multiplier, 255);
  }

  /** The same over this interface alone (RFC 5881 §3). */
  public BfdSettings on(String interfaceName) {
    return new BfdSettings(
        new SessionKey(key.peer(), key.multihop(), Optional.of(interfaceName)),
        local,
        desiredMinTx,
        requiredMinRx,
        multiplier,
        minimumTtl);
  }

  /** A session across routers, the same interval both ways. */
  public static BfdSettings multihop(
      IpAddress peer, IpAddress local, Duration interval, int multiplier, int minimumTtl) {
    return new BfdSettings(
        new SessionKey(peer, true, Optional.empty()),
        local,
        interval,
        interval,
        multiplier,
        minimumTtl);
  }

  /** Least TTL that a packet of this session may come with. */
  public int requiredTtl() {
    return key.multihop() ? minimumTtl : 255; // RFC 5881 §5
  }

  private static void interval(Duration interval, String name) {
    require(
        interval.compareTo(LEAST_INTERVAL) >= 0 && interval.compareTo(GREATEST_INTERVAL) <= 0,
        name + " interval of " + interval.toMillis() + " ms is out of 50..60000 ms");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException("BFD: " + otherwise);
    }
  }
}
