package io.weft.overlay.ipam;

/** What a person may ask of the store of addresses, beside attaching and detaching. */
public sealed interface AddressRequest {
  /** The claim's addresses are anybody's again; refused while an endpoint has them. */
  record DeleteClaim(String claim) implements AddressRequest {}

  /** Frames go to this holder of the claim from now on. */
  record ActivateClaim(String claim, String node) implements AddressRequest {}

  /** A node is gone for good: its blocks are anybody's, and it holds no claim. */
  record ReleaseNode(String node) implements AddressRequest {}
}
