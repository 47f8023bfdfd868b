package io.weft.bfd;

import io.weft.net.IpAddress;
import java.util.Comparator;
import java.util.Optional;

/**
 * Names a session. Two sessions with one peer differ in hops or interface.
 *
 * @param interfaceName the interface that packets leave and come in by; empty: the routing table
 *     decides
 */
public record SessionKey(IpAddress peer, boolean multihop, Optional<String> interfaceName)
    implements Comparable<SessionKey> {
  private static final Comparator<SessionKey> ORDER =
      Comparator.comparing(SessionKey::peer)
          .thenComparing(SessionKey::multihop)
          .thenComparing(key -> key.interfaceName().orElse(""));

  @Override
  public int compareTo(SessionKey other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return peer
        + (multihop ? " (multihop)" : "")
        + interfaceName.map(name -> " on " + name).orElse("");
  }
}
