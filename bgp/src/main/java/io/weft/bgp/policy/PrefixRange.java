package io.weft.bgp.policy;

import io.weft.net.IpPrefix;

/**
 * Prefixes inside another one.
 *
 * @param ge the shortest length that matches
 * @param le the longest length that matches
 */
public record PrefixRange(IpPrefix prefix, int ge, int le) {
  public PrefixRange {
    if (ge < prefix.length() || le < ge || le > prefix.address().bits()) {
      throw new IllegalArgumentException(
          prefix
              + " ge "
              + ge
              + " le "
              + le
              + " matches nothing: the lengths go up from "
              + prefix.length()
              + " to "
              + prefix.address().bits());
    }
  }

  /** The prefix itself and no other. */
  public static PrefixRange exactly(IpPrefix prefix) {
    return new PrefixRange(prefix, prefix.length(), prefix.length());
  }

  public boolean matches(IpPrefix candidate) {
    return candidate.length() >= ge
        && candidate.length() <= le
        && prefix.contains(candidate.address());
  }
}
