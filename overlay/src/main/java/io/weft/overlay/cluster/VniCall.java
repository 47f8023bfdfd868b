package io.weft.overlay.cluster;

import io.weft.net.Vni;

/**
 * A call of the API that the controller wants made. Each is refused by the server when what it was
 * decided on is no longer so; then nothing has happened, and what is seen next decides again.
 */
public sealed interface VniCall {
  /** What it is about; one call for each at a time. */
  String subject();

  /** Make a claim; refused when there is one of that VNI. */
  record MakeClaim(Vni vni, VniOwner owner) implements VniCall {
    @Override
    public String subject() {
      return owner.name();
    }
  }

  /** Give a released claim to the object that is there now under its owner's name. */
  record AdoptClaim(VniClaim claim, VniOwner owner) implements VniCall {
    @Override
    public String subject() {
      return owner.name();
    }
  }

  /** Write the VNI into the owner's status, if the owner is as it was seen. */
  record SetStatus(VniOwner owner, Vni vni) implements VniCall {
    @Override
    public String subject() {
      return owner.name();
    }
  }

  /** Write into the claim that it is released since then, if the claim is as it was seen. */
  record Release(VniClaim claim, long since) implements VniCall {
    @Override
    public String subject() {
      return "VNI " + claim.vni();
    }
  }

  /** Remove a claim that was released long ago, if it is as it was seen. */
  record RemoveClaim(VniClaim claim) implements VniCall {
    @Override
    public String subject() {
      return "VNI " + claim.vni();
    }
  }
}
