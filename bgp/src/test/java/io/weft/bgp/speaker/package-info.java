/** Whole speakers, wired to each other in memory on a virtual clock. */
@org.jspecify.annotations.NullMarked
package io.weft.bgp.speaker;
