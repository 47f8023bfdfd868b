package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A MAC of this node, and whom we know it from.
 *
 * @param endpoint whose port it is behind
 * @param mac empty: nobody is announced behind the port, and nobody was heard yet
 * @param mode of the port: {@code announced}, {@code learned} or {@code sticky}
 * @param announced the MAC and {@code addresses} were announced by a call or a resource
 * @param addresses that were announced
 * @param learned addresses that it was heard to say of itself
 * @param silentNanos how long a learned one was not heard
 * @param here this node announces it; else another one has it meanwhile
 */
public record HostView(
    String endpoint,
    String network,
    Optional<MacAddress> mac,
    String mode,
    boolean announced,
    List<IpAddress> addresses,
    List<IpAddress> learned,
    OptionalLong silentNanos,
    boolean here) {
  public HostView {
    addresses = List.copyOf(addresses);
    learned = List.copyOf(learned);
  }
}
