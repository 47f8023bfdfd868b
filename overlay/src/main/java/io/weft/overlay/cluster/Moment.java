package io.weft.overlay.cluster;

import java.time.Instant;

/**
 * When something happens, on two clocks.
 *
 * @param nanos on a clock that never jumps: for waiting
 * @param wall what other processes and people read
 */
public record Moment(long nanos, Instant wall) {}
