package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.Optional;

/**
 * Somebody was heard behind a port that learns.
 *
 * @param namespace of the tenant on this node
 * @param port name of the port of the bridge
 * @param ip that it says of itself by ARP or neighbour discovery; empty: any frame
 * @param fresh a frame came in where the MAC was not known to be; false: it goes on being where the
 *     kernel was told that it is
 * @param heardNanos when the last frame of the MAC came in, on the clock of {@link Node#step}
 */
public record Sighting(
    String namespace,
    String port,
    MacAddress mac,
    Optional<IpAddress> ip,
    boolean fresh,
    long heardNanos) {}
