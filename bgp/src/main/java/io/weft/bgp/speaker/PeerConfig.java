package io.weft.bgp.speaker;

import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;

/**
 * A neighbour that is configured by address.
 *
 * @param address where it is reached; also its identity
 * @param as its number; equal to ours: iBGP
 * @param client true when we reflect to it (RFC 4456 §4)
 * @param passive true when only the peer connects
 */
public record PeerConfig(IpAddress address, AutonomousSystem as, boolean client, boolean passive) {}
