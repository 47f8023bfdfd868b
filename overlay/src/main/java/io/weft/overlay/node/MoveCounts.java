package io.weft.overlay.node;

/**
 * Endpoints that move from or to this node.
 *
 * @param moves of MACs and IP addresses since the start
 * @param frozen MACs and IP addresses that two places claim (RFC 7432 §15.1), now
 */
public record MoveCounts(long moves, int frozen) {}
