package io.weft.kubernetes.resource;

/** What can be asked for; a closed set. */
public sealed interface Resource permits Fabric, Tenant, Network, TenantConnection, Endpoint {
  String GROUP = "weft.io";
  String VERSION = "v1alpha1";
  String API_VERSION = GROUP + "/" + VERSION;

  Metadata metadata();

  Kind kind();

  default String name() {
    return metadata().name();
  }

  default ResourceKey key() {
    return new ResourceKey(kind(), name());
  }
}
