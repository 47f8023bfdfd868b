/**
 * {@code make bench-bgp}: Weft's reflector beside that of the distribution's FRR, on one machine in
 * one run.
 */
@org.jspecify.annotations.NullMarked
package io.weft.bench;
