package io.weft.linux.netlink;

import java.time.Duration;

/**
 * How long a MAC of a bridge was silent (NDA_CACHEINFO, linux/neighbour.h).
 *
 * @param silent since its last frame came in by the port of the row, or since the row was made; in
 *     steps of 10 ms
 */
public record FdbAge(FdbEntry row, Duration silent) {}
