/** A small contest, and how its table reads. */
@org.jspecify.annotations.NullMarked
package io.weft.bench.contest;
