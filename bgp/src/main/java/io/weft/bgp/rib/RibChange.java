package io.weft.bgp.rib;

import io.weft.bgp.wire.Route;
import java.util.Optional;

/** The best path of a key before and after; the two differ. */
public record RibChange(Route key, Optional<Candidate> before, Optional<Candidate> after) {}
