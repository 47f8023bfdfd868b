/**
 * A fabric in virtual time: the brains of production on simulated links and kernels, the same run
 * for the same seed. Begin with {@link io.weft.simulation.World}.
 */
@org.jspecify.annotations.NullMarked
package io.weft.simulation;
