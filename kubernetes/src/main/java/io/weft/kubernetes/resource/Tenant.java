package io.weft.kubernetes.resource;

/** Networks that belong together and may route to each other; apart from every other tenant. */
public record Tenant(Metadata metadata, TenantSpec spec) implements Resource {

  /** Nothing to say about a tenant yet but that it exists. */
  public record TenantSpec() {}

  @Override
  public Kind kind() {
    return Kind.TENANT;
  }
}
