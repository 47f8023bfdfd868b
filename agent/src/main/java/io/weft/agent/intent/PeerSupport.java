package io.weft.agent.intent;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.AddPath;
import io.weft.kubernetes.resource.PeerSpec.PeerAs;
import io.weft.kubernetes.resource.PeerSpec.PeerFamily;
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
      var missing = preventing(peer);
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
    if (fabric.longLivedSeconds() != 0) {
      gaps.add(
          "Fabric: this version does not carry out longLivedSeconds; routes go with restartSeconds");
    }
    if (!fabric.underlay().equals(FabricSpec.Underlay.DEFAULT)) {
      gaps.add("Fabric: this version does not carry out underlay; the VTEP is not announced");
    }
    return gaps;
  }

  /** True when nothing is asked for without which a session would be less than was meant. */
  static boolean mayStart(PeerSpec peer) {
    return preventing(peer).isEmpty();
  }

  private static List<String> preventing(PeerSpec peer) {
    var missing = new ArrayList<String>();
    addIf(peer.remote() instanceof Remote.OnInterface, "interface", missing);
    addIf(peer.remote() instanceof Remote.InRange, "range", missing);
    addIf(peer.as() instanceof PeerAs.External, "asn: external", missing);
    addIf(!peer.families().contains(PeerFamily.L2VPN_EVPN), "families without l2vpn-evpn", missing);
    addIf(peer.maximumPrefixes().isPresent(), "maximumPrefixes", missing);
    addIf(peer.shutdown().isPresent(), "the text of shutdown", missing);
    addIf(peer.importPolicy().isPresent(), "import", missing);
    addIf(peer.exportPolicy().isPresent(), "export", missing);
    return missing;
  }

  private static List<String> ignored(PeerSpec peer) {
    var missing = new ArrayList<String>();
    addIf(
        peer.families().contains(PeerFamily.L2VPN_EVPN) && peer.families().size() > 1,
        "families beside l2vpn-evpn",
        missing);
    addIf(peer.holdSeconds().isPresent(), "holdSeconds of one peer", missing);
    addIf(peer.allowAsIn() != 0, "allowAsIn", missing);
    addIf(peer.nextHop().isPresent(), "nextHop", missing);
    addIf(peer.addPath() != AddPath.NONE, "addPath", missing);
    return missing;
  }

  private static void addIf(boolean asked, String setting, List<String> missing) {
    if (asked) {
      missing.add(setting);
    }
  }
}
