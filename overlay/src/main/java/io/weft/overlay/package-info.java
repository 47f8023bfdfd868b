/**
 * Everything that Weft decides: attachments and addresses, what goes into the kernel's tables, what
 * is said to and taken from BGP. Pure: no clock, thread, socket, file, log or random, so the same
 * classes run in the agent and in a simulation. Start at {@link io.weft.overlay.node.Node}.
 */
@org.jspecify.annotations.NullMarked
package io.weft.overlay;
