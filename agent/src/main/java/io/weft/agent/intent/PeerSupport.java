package io.weft.agent.intent;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import java.util.ArrayList;
import java.util.List;

/**
 * What a Fabric may say of its BGP neighbours and this version does not carry out. It is told, not
 * passed over; and a neighbour whose protection or filter could not be applied gets no session.
 */
public final class PeerSupport {
  private PeerSupport() {}

  /** One sentence for each thing that is asked for and not done, for the log and the status. */
  public static List<String> gaps(FabricSpec fabric) {
    var gaps = new ArrayList<String>();
    for (var peer : fabric.peers()) {
      var missing = preventing(peer, fabric);
      if (!missing.isEmpty()) {
        gaps.add(
            "Fabric peer "
                + peer.remote()
                + ": no session, because this version does not carry out "
                + String.join(", ", missing)
                + "; remove the setting to have a session without it");
      }
      var ignored = ignored(peer);
      if (!ignored.isEmpty()) {
        gaps.add(
            "Fabric peer "
                + peer.remote()
                + ": this version does not carry out "
                + String.join(", ", ignored)
                + "; the session goes on without");
      }
    }
    return gaps;
  }

  /** True when nothing is asked for without which a session would be less than was meant. */
  static boolean mayStart(PeerSpec peer, FabricSpec fabric) {
    return preventing(peer, fabric).isEmpty();
  }

  private static List<String> preventing(PeerSpec peer, FabricSpec fabric) {
    var missing = new ArrayList<String>();
    for (var policy : List.of(peer.importPolicy(), peer.exportPolicy())) {
      addIf(
          PolicyWords.usesLargeCommunities(fabric, policy),
          "large communities, which policy " + policy.orElse("") + " has",
          missing);
    }
    return missing;
  }

  private static List<String> ignored(PeerSpec peer) {
    var missing = new ArrayList<String>();
    addIf(peer.bfd().isPresent() && !hasKnownAddress(peer), "bfd", missing);
    return missing;
  }

  private static boolean hasKnownAddress(PeerSpec peer) {
    return peer.remote() instanceof Remote.AtAddress(var address) && !address.isLinkLocal();
  }

  private static void addIf(boolean asked, String setting, List<String> missing) {
    if (asked) {
      missing.add(setting);
    }
  }
}
