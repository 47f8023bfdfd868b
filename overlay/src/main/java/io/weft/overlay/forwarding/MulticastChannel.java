package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import java.util.Comparator;
import java.util.Optional;

/**
 * What a host asks for: a multicast group from anywhere, (*,G), or from one source, (S,G) (RFC 4604
 * has the channel of a group and a source). Sorted by group, from anywhere first.
 *
 * @param source of the group's family
 */
public record MulticastChannel(IpAddress group, Optional<IpAddress> source)
    implements Comparable<MulticastChannel> {
  private static final Comparator<MulticastChannel> ORDER =
      Comparator.comparing(MulticastChannel::group)
          .thenComparing(channel -> channel.source().isPresent())
          .thenComparing(channel -> channel.source().orElse(channel.group()));

  /** Of a group, whoever sends to it. */
  public static MulticastChannel of(IpAddress group) {
    return new MulticastChannel(group, Optional.empty());
  }

  /** The same group, whoever sends to it. */
  public MulticastChannel fromAnywhere() {
    return source.isEmpty() ? this : of(group);
  }

  @Override
  public int compareTo(MulticastChannel other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return group + source.map(from -> " from " + from).orElse("");
  }
}
