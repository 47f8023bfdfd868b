package io.weft.overlay.cluster;

import io.weft.net.Vni;
import java.util.OptionalLong;

/**
 * An object of the API whose name is a VNI and that says whose it is. The server gives a name once:
 * that is what makes a VNI nobody else's, whatever controllers there are and wherever they crash.
 *
 * @param owner name of the owner
 * @param uid of the owner
 * @param version of the claim
 * @param released when its owner had gone, or had another VNI: seconds since 1970; empty: it is
 *     held
 */
public record VniClaim(Vni vni, String owner, String uid, String version, OptionalLong released) {
  /** True when the claim is this very object's. */
  boolean isOf(VniOwner other) {
    return owner.equals(other.name()) && uid.equals(other.uid());
  }
}
