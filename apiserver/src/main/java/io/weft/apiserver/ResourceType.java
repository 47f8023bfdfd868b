package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.List;

/**
 * A kind of object that the server keeps.
 *
 * @param prefix of its paths: {@code /api/v1} or {@code /apis/GROUP/VERSION}
 * @param namespaced objects are in namespaces
 * @param hasStatus the status is written at {@code /status} only
 * @param schema OpenAPI schema that objects must follow; missing: anything is taken
 */
record ResourceType(
    String prefix,
    String plural,
    String kind,
    boolean namespaced,
    boolean hasStatus,
    JsonNode schema) {

  /** What Weft uses of Kubernetes itself. */
  static final List<ResourceType> BUILT_IN =
      List.of(
          builtIn("/api/v1", "namespaces", "Namespace", false, true),
          builtIn("/api/v1", "nodes", "Node", false, true),
          builtIn("/api/v1", "pods", "Pod", true, true),
          builtIn("/api/v1", "events", "Event", true, false),
          builtIn("/apis/coordination.k8s.io/v1", "leases", "Lease", true, false),
          builtIn("/apis/networking.k8s.io/v1", "servicecidrs", "ServiceCIDR", false, true));

  private static ResourceType builtIn(
      String prefix, String plural, String kind, boolean namespaced, boolean hasStatus) {
    return new ResourceType(prefix, plural, kind, namespaced, hasStatus, MissingNode.getInstance());
  }

  /** Of the stored version of a CustomResourceDefinition (apiextensions.k8s.io/v1). */
  static ResourceType of(JsonNode definition) {
    var spec = definition.path("spec");
    for (var version : spec.path("versions")) {
      if (version.path("storage").asBoolean()) {
        SchemaCheck.requireRules(version.path("schema"));
        return new ResourceType(
            "/apis/" + spec.path("group").asText() + "/" + version.path("name").asText(),
            spec.at("/names/plural").asText(),
            spec.at("/names/kind").asText(),
            spec.path("scope").asText().equals("Namespaced"),
            version.at("/subresources/status").isObject(),
            version.at("/schema/openAPIV3Schema"));
      }
    }
    throw new IllegalArgumentException(
        definition.at("/metadata/name").asText() + " has no stored version");
  }

  /** True where an object may be replaced whatever its version is by now. */
  boolean replacesBlindly() {
    return prefix.equals("/api/v1");
  }

  String apiVersion() {
    return prefix.substring(prefix.startsWith("/apis/") ? 6 : 5);
  }

  /** For messages: {@code networks.weft.io "red-web"}. */
  String named(String name) {
    var group = prefix.startsWith("/apis/") ? "." + prefix.split("/", -1)[2] : "";
    return plural + group + " \"" + name + "\"";
  }
}
