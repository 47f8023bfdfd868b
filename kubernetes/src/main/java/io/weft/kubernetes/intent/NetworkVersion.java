package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Declared;
import io.weft.kubernetes.resource.NetworkSpec;
import io.weft.net.IpPrefix;

/** One version of a network: as declared, and as it would be. */
record NetworkVersion(Declared declared, ResolvedNetwork resolved) {
  String name() {
    return resolved.name();
  }

  NetworkSpec spec() {
    return resolved.network().spec();
  }

  /** True when not both can be in force. */
  boolean clashesWith(NetworkVersion other) {
    return resolved.vni().equals(other.resolved.vni())
        || (spec().tenant().isPresent()
            && spec().tenant().equals(other.spec().tenant())
            && spec().subnets().stream().anyMatch(other::overlaps));
  }

  private boolean overlaps(IpPrefix subnet) {
    return spec().subnets().stream().anyMatch(subnet::overlaps);
  }
}
