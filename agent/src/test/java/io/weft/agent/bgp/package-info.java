/** BGP over real sockets on loopback. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.bgp;
