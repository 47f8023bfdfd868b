package io.weft.overlay.cluster;

import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;

/**
 * An object of the API that has a status, as it was seen.
 *
 * @param kind {@code Network}
 * @param uid of this object; another of the same name, made later, has another
 * @param version what is written to it is refused when it has another by then
 * @param generation counts the changes of its spec
 * @param owner what there is to know for its VNI; empty: it needs none
 * @param conditions as its status has them
 */
public record ClusterObject(
    String kind,
    String name,
    String uid,
    String version,
    long generation,
    Optional<VniOwner> owner,
    Verdict verdict,
    List<Condition> conditions) {
  public ClusterObject {
    conditions = List.copyOf(conditions);
  }

  /** {@code Network/red-web}; unique. */
  public String subject() {
    return kind + "/" + name;
  }

  /** The VNI that nodes use. */
  Optional<Vni> vni() {
    return owner.flatMap(VniOwner::status);
  }
}
