/** BGP over TCP: connections, framing, encoding and decoding at the edge. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.bgp;
