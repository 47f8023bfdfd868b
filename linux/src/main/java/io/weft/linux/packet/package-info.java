/**
 * Packets for proofs: capture on an interface, and ICMP echo, from inside any network namespace.
 */
@org.jspecify.annotations.NullMarked
package io.weft.linux.packet;
