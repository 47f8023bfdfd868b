/**
 * Tables of routes, pure: what each peer said, which path is best (RFC 4271 §9.1, RFC 4456 §9), and
 * what may be passed to whom. Every change comes out as a value.
 */
@org.jspecify.annotations.NullMarked
package io.weft.bgp.rib;
