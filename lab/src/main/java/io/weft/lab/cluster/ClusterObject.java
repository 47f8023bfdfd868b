package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.schema.KindSchema;
import io.weft.kubernetes.schema.ResourceSchemas;

/**
 * An object of the Kubernetes API.
 *
 * @param namespace empty for kinds that are in none
 * @param document as it is sent
 */
record ClusterObject(String kind, String namespace, String name, ObjectNode document) {
  static final String NAMESPACE = "Namespace";
  static final String POD = "Pod";
  static final String NODE = "Node";

  static ClusterObject of(ObjectNode document) {
    var metadata = document.path("metadata");
    return new ClusterObject(
        document.path("kind").asText(),
        metadata.path("namespace").asText(""),
        metadata.path("name").asText(),
        document);
  }

  /** Items of a list do not say their kind. */
  ClusterObject withKind(String of) {
    return new ClusterObject(of, namespace, name, document);
  }

  /** True for the kinds of Weft. */
  boolean isOurs() {
    return ResourceSchemas.all().stream().anyMatch(schema -> schema.label().equals(kind));
  }

  String path() {
    return collection() + "/" + name;
  }

  String collection() {
    return collection(kind, namespace);
  }

  /** Where the objects of a kind are: of Weft's, and of those of Kubernetes that a lab has. */
  static String collection(String kind, String namespace) {
    return switch (kind) {
      case NAMESPACE -> "/api/v1/namespaces";
      case NODE -> "/api/v1/nodes";
      case POD -> "/api/v1/namespaces/" + namespace + "/pods";
      default ->
          "/apis/"
              + Resource.API_VERSION
              + "/"
              + ResourceSchemas.all().stream()
                  .filter(schema -> schema.label().equals(kind))
                  .map(KindSchema::plural)
                  .findFirst()
                  .orElseThrow(() -> new IllegalArgumentException("no such kind: " + kind));
    };
  }

  @Override
  public String toString() {
    return kind + " " + (namespace.isEmpty() ? "" : namespace + "/") + name;
  }
}
