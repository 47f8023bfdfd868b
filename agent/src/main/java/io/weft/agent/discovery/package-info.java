/**
 * Finds the neighbour at the other end of a link by router discovery (RFC 4861 §6), for BGP over
 * link-local addresses. {@link io.weft.agent.discovery.RouterDiscovery} decides, pure; {@link
 * io.weft.agent.discovery.LinkNeighbours} has the sockets.
 */
@org.jspecify.annotations.NullMarked
package io.weft.agent.discovery;
