/**
 * A BGP-4 speaker with EVPN, sans-IO: messages ({@code wire}), the session machine ({@code
 * session}), tables and best path ({@code rib}), and the whole ({@code speaker}), which is also a
 * route reflector. Pure: no clock, thread, socket, file, log or random; events in, effects out, so
 * the same classes run in the agent, in a reflector and in a simulation.
 */
@org.jspecify.annotations.NullMarked
package io.weft.bgp;
