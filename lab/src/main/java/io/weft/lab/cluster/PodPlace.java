package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.intent.NamespaceResolution;
import java.util.Map;
import java.util.Optional;

/**
 * A pod of the file.
 *
 * @param node where it runs: its {@code nodeName}, or what the lab has chosen in its place
 * @param object as it is sent, with that node
 */
public record PodPlace(String namespace, String name, String node, ObjectNode object) {
  /** What the lab calls it, among its endpoints. */
  public String thing() {
    return namespace + "." + name;
  }

  /** Which Network it asks for. */
  Optional<String> annotation() {
    return Optional.ofNullable(annotations().get(NamespaceResolution.ANNOTATION));
  }

  Map<String, String> annotations() {
    return ClusterFile.texts(object.at("/metadata/annotations"));
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
