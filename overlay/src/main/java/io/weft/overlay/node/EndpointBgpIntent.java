package io.weft.overlay.node;

import io.weft.bgp.policy.PrefixRange;
import io.weft.net.AutonomousSystem;
import java.util.List;

/**
 * What endpoints of a network may say by BGP of what is behind them.
 *
 * @param as our number towards them; theirs is any other
 * @param prefixes what they may say; all else is refused
 * @param maximumPrefixes that one endpoint may say, refused ones among them
 * @param saysDefault we say a default route to them, else nothing
 */
public record EndpointBgpIntent(
    AutonomousSystem as, List<PrefixRange> prefixes, int maximumPrefixes, boolean saysDefault) {
  public EndpointBgpIntent {
    prefixes = List.copyOf(prefixes);
  }
}
