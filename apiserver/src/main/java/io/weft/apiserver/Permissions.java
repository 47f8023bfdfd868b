package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a Role or ClusterRole (rbac.authorization.k8s.io/v1) allows, and what calls need, in the
 * same words: {@code VERB RESOURCE.GROUP}, with {@code NAMESPACE/} in front within one, and {@code
 * RESOURCE/status.GROUP} for a status.
 */
public final class Permissions {
  private Permissions() {}

  /**
   * What {@code role} allows. A rule for single objects counts as one for their kind: a call does
   * not always say the name.
   */
  public static Set<String> granted(JsonNode role) {
    var granted = new TreeSet<String>();
    var namespace = role.at("/metadata/namespace").asText("");
    for (var rule : role.path("rules")) {
      for (var group : rule.path("apiGroups")) {
        for (var resource : rule.path("resources")) {
          for (var verb : rule.path("verbs")) {
            granted.add(permission(verb.asText(), namespace, resource.asText(), group.asText()));
          }
        }
      }
    }
    return granted;
  }

  /** What was needed for the calls of {@link ApiServer#calls}; everybody may ask the version. */
  public static Set<String> needed(Collection<String> calls) {
    var needed = new TreeSet<String>();
    for (var call : calls) {
      if (!call.equals("GET /version")) {
        needed.add(needed(call));
      }
    }
    return needed;
  }

  private static String needed(String call) {
    var method = call.substring(0, call.indexOf(' '));
    var words = call.substring(call.indexOf(' ') + 2).split("/", -1);
    int at = words[0].equals("api") ? 2 : 3;
    var group = words[0].equals("api") ? "" : words[1];
    var namespace = "";
    if (words[at].equals("namespaces") && words.length > at + 2) {
      namespace = words[at + 1];
      at += 2;
    }
    boolean single = words.length > at + 1;
    var resource = words[at] + (words.length > at + 2 ? "/" + words[at + 2] : "");
    return permission(verb(method, single), namespace, resource, group);
  }

  private static String verb(String method, boolean single) {
    return switch (method) {
      case "GET" -> single ? "get" : "list";
      case "WATCH" -> "watch";
      case "POST" -> "create";
      case "PUT" -> "update";
      case "PATCH" -> "patch";
      case "DELETE" -> single ? "delete" : "deletecollection";
      default -> throw new IllegalArgumentException(method);
    };
  }

  private static String permission(String verb, String namespace, String resource, String group) {
    return "%s %s%s%s"
        .formatted(
            verb,
            namespace.isEmpty() ? "" : namespace + "/",
            resource,
            group.isEmpty() ? "" : "." + group);
  }
}
