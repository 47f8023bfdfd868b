/** Who is measured, in which scenes, and the table that comes of it. */
@org.jspecify.annotations.NullMarked
package io.weft.bench.contest;
