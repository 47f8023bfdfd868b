/**
 * What the kernel of one node shall hold, object by object, and the plan that leads there: desired
 * minus realized.
 */
@org.jspecify.annotations.NullMarked
package io.weft.overlay.forwarding;
