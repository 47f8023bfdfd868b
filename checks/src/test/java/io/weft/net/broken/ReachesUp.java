package io.weft.net.broken;

import io.weft.bgp.wire.Family;
import java.util.List;

/** Breaks the rule on arrows: net must not know bgp. */
public final class ReachesUp {
  List<Family> families = List.of();

  Object first() {
    return Family.class;
  }
}
