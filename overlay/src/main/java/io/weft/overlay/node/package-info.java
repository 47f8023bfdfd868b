/**
 * The brain of one node: {@link io.weft.overlay.node.Node}. Events in, effects out; it owns the
 * speaker, the attachments and the plan for the kernel.
 */
@org.jspecify.annotations.NullMarked
package io.weft.overlay.node;
