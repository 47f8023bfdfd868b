package io.weft.simulation;

import io.weft.overlay.forwarding.Sharing;

/**
 * What all machines of a world have in common.
 *
 * @param sharing what they hold that is equal
 * @param hearsay what a stranger has said
 */
record Surroundings(
    Timeline timeline, Trace trace, Links links, Sharing sharing, Hearsay hearsay) {}
