package io.weft.linux.packet;

import io.weft.net.Octets;

/**
 * An Ethernet frame as an interface had it.
 *
 * @param outgoing true when this host sent it there, false when it came in
 * @param octets from the destination MAC on, without the frame check sequence
 */
public record Frame(boolean outgoing, Octets octets) {}
