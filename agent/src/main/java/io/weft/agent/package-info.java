/**
 * The shells around the brains: the node daemon and the reflector daemon. BGP over TCP ({@code
 * bgp}), the kernel ({@code kernel}), the Unix socket ({@code control}), configuration from a
 * directory ({@code intent}); {@code loop} is the one thread that owns a brain.
 */
@org.jspecify.annotations.NullMarked
package io.weft.agent;
