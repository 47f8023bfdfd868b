package io.weft.agent.intent;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import java.util.List;

/** What a Fabric may say of its BGP neighbours and is not carried out: told, not passed over. */
public final class PeerSupport {
  private PeerSupport() {}

  /** One sentence for each thing that is asked for and not done, for the log and the status. */
  public static List<String> gaps(FabricSpec fabric) {
    return fabric.peers().stream()
        .filter(peer -> peer.bfd().isPresent() && peer.remote() instanceof Remote.InRange)
        .map(
            peer ->
                "Fabric peer "
                    + peer.remote()
                    + ": bfd is not carried out for a range; the session goes on without")
        .toList();
  }

  /** The same of neighbours on interfaces, where a reflector looks for nobody. */
  public static List<String> gapsOfReflector(FabricSpec fabric) {
    return fabric.peers().stream()
        .map(PeerSpec::remote)
        .filter(Remote.OnInterface.class::isInstance)
        .map(
            remote ->
                "Fabric peer "
                    + remote
                    + ": no session, because a reflector looks for no neighbours on interfaces;"
                    + " give its address instead")
        .toList();
  }
}
