/**
 * A load of EVPN routes on a route reflector, and what it makes of it. Knows nothing of Weft: it
 * has octets of its own, so that a fault of Weft's codec cannot hide here.
 */
@org.jspecify.annotations.NullMarked
package io.weft.bench.load;
