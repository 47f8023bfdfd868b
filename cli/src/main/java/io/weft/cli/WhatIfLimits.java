package io.weft.cli;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a what-if leaves out of an answer, where it matters for the question. */
final class WhatIfLimits {
  private WhatIfLimits() {}

  /** In words; empty: nothing. */
  static List<String> of(FabricSpec before, FabricSpec after) {
    var left = new ArrayList<String>();
    if (!before.peers().isEmpty() || !after.peers().isEmpty()) {
      left.add("what neighbours in 'peers' of the Fabric announce, which no intent says");
    }
    var ranges =
        Stream.concat(before.peers().stream(), after.peers().stream())
            .map(PeerSpec::remote)
            .filter(Remote.InRange.class::isInstance)
            .map(Remote::toString)
            .distinct()
            .collect(Collectors.joining(", "));
    if (!ranges.isEmpty()) {
      left.add("neighbours that come by themselves (" + ranges + "), and their sessions");
    }
    if (before.peers().stream().anyMatch(peer -> isReachedOtherwise(peer, after))) {
      left.add(
          "passwords, TTLs and BFD of neighbours in 'peers': another password or TTL ends the"
              + " session");
    }
    return left;
  }

  private static boolean isReachedOtherwise(PeerSpec peer, FabricSpec after) {
    return after.peers().stream()
        .filter(next -> next.remote().equals(peer.remote()))
        .anyMatch(
            next ->
                !next.passwordFile().equals(peer.passwordFile())
                    || !next.ttlSecurity().equals(peer.ttlSecurity())
                    || !next.multihop().equals(peer.multihop())
                    || !next.bfd().equals(peer.bfd()));
  }
}
