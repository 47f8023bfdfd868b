package io.weft.kubernetes.resource;

import io.weft.net.Vni;
import java.util.Optional;

/** Networks that belong together and may route to each other; apart from every other tenant. */
public record Tenant(Metadata metadata, TenantSpec spec) implements Resource {

  /**
   * What a tenant is to be.
   *
   * @param l3vni what its routed packets travel in; empty: automatic once one of its networks has a
   *     gateway, see the fabric's {@code vniPools}
   */
  public record TenantSpec(Optional<Vni> l3vni) {
    /** Nothing given. */
    public static final TenantSpec DEFAULT = new TenantSpec(Optional.empty());
  }

  @Override
  public Kind kind() {
    return Kind.TENANT;
  }
}
