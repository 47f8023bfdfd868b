package io.weft.overlay.forwarding;

/**
 * A segment in a tenant's namespace.
 *
 * @param vni 0: what belongs to no segment, the namespace itself among it
 */
public record Segment(String namespace, int vni) {}
