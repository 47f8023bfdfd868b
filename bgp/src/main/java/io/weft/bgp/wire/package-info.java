/**
 * BGP messages as records, each beside its layout, its decoder and its encoder (RFC 4271 §4, RFC
 * 4760, RFC 7432 §7). The decoder gives a value or a fault for any octets, never an exception.
 */
@org.jspecify.annotations.NullMarked
package io.weft.bgp.wire;
