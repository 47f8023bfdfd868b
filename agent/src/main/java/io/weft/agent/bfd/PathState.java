package io.weft.agent.bfd;

import io.weft.net.IpAddress;

/**
 * What is known of the path to a peer.
 *
 * @param up whether packets go both ways
 * @param administrative down because the peer's operator says so, which is no failure of the path
 *     (RFC 5882 §3.2)
 * @param text why, for people
 */
public record PathState(IpAddress peer, boolean up, boolean administrative, String text) {}
