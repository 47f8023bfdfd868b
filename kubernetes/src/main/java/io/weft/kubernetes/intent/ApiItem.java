package io.weft.kubernetes.intent;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.resource.ResourceKey;
import io.weft.kubernetes.yaml.Problem;
import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;

/** What is kept of an object of the API. */
public final class ApiItem {
  private final Kind kind;
  private final String name;
  private final String uid;
  private final String version;
  private final long generation;
  private final String precedence;
  private final Optional<Vni> given;
  private final Optional<Vni> status;
  private final IntentFile file;
  private final Optional<Network> namespacesAlone;

  private ApiItem(Kind kind, JsonNode object) {
    var metadata = object.path("metadata");
    this.kind = kind;
    this.name = metadata.path("name").asText();
    this.uid = metadata.path("uid").asText();
    this.version = metadata.path("resourceVersion").asText();
    this.generation = metadata.path("generation").asLong();
    this.precedence =
        (isReady(object) ? "in force, " : "new, ") + metadata.path("creationTimestamp").asText();
    this.given = vni(kind, object.path("spec"));
    this.status = vni(kind, object.path("status"));
    this.file = ApiObject.read(kind, object);
    this.namespacesAlone =
        resource().isPresent() ? Optional.empty() : ApiObject.namespacesAlone(kind, object);
  }

  /** Never throws, whatever the object. */
  public static ApiItem of(Kind kind, JsonNode object) {
    return new ApiItem(kind, object);
  }

  /**
   * The VNI of a network or the L3 VNI of a tenant, where there is one.
   *
   * @param part spec or status
   */
  public static Optional<Vni> vni(Kind kind, JsonNode part) {
    return ApiObject.allocated(kind)
        .map(part::path)
        .filter(JsonNode::canConvertToInt)
        .map(JsonNode::asInt)
        .filter(value -> value >= 1 && value <= Vni.MAX)
        .map(Vni::new);
  }

  public Kind kind() {
    return kind;
  }

  public String name() {
    return name;
  }

  /** {@code metadata.uid}. */
  public String uid() {
    return uid;
  }

  /** {@code metadata.resourceVersion}. */
  public String version() {
    return version;
  }

  /** {@code metadata.generation}. */
  public long generation() {
    return generation;
  }

  /** What sorts first wins where two clash: what is in force as it is, then what is older. */
  String precedence() {
    return precedence;
  }

  /** The controller has seen it in force as it is now. */
  private static boolean isReady(JsonNode object) {
    for (var each : object.at("/status/conditions")) {
      if (each.path("type").asText().equals("Ready")) {
        return each.path("status").asText().equals("True")
            && each.path("observedGeneration").asLong(-1)
                == object.at("/metadata/generation").asLong();
      }
    }
    return false;
  }

  /** The VNI that its spec gives. */
  public Optional<Vni> given() {
    return given;
  }

  /** The VNI in its status. */
  public Optional<Vni> status() {
    return status;
  }

  /** Where it is read, what it says; empty when it cannot be read. */
  public Optional<Resource> resource() {
    return file.readings().stream()
        .flatMap(reading -> reading.declared().stream())
        .map(declared -> declared.resource())
        .findFirst();
  }

  /**
   * Of a network that cannot be read: one of its name of which nothing is known but whose it is.
   * Pods of its namespaces wait for it, and do not begin without.
   */
  Optional<Network> namespacesAlone() {
    return namespacesAlone;
  }

  /** What is wrong with it, whatever others there are. */
  public List<Problem> problems() {
    return file.readings().stream().flatMap(reading -> reading.problems().stream()).toList();
  }

  ResourceKey key() {
    return new ResourceKey(kind, name);
  }

  IntentFile file() {
    return file;
  }
}
