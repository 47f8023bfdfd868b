package io.weft.overlay.ipam;

/** What the nodes' common store holds, each under a name that is unique within its kind. */
public sealed interface AddressRecord permits AddressBlock, AddressClaim {
  /** Of letters, digits, '-' and '.'; a file name, and the name of an object of Kubernetes. */
  String name();

  /** The network that it is about. */
  String network();
}
