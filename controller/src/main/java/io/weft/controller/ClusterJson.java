package io.weft.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.intent.IntentApi;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.Resource;
import io.weft.net.StableHash;
import io.weft.net.Vni;
import io.weft.overlay.cluster.Condition;
import io.weft.overlay.cluster.LeaseRecord;
import io.weft.overlay.cluster.Note;
import io.weft.overlay.cluster.VniClaim;
import io.weft.overlay.cluster.VniOwner;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What the controller reads and writes, as the API has it. */
final class ClusterJson {
  static final ApiCollection CLAIMS =
      ApiCollection.of("/apis/" + Resource.API_VERSION + "/vniclaims");

  /** Events of cluster-wide objects are in this namespace. */
  static final String EVENTS = "/api/v1/namespaces/default/events";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** metav1.MicroTime takes six digits and no others. */
  private static final DateTimeFormatter MICRO =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private ClusterJson() {}

  // ---- Claims -----------------------------------------------------------------------------

  /**
   * A claim; empty when its name is no VNI. One that says of nobody whose it is, is nobody's: its
   * VNI is taken all the same.
   */
  static Optional<VniClaim> claim(JsonNode object) {
    var name = object.at("/metadata/name").asText();
    if (!name.matches("[1-9][0-9]{0,7}") || Integer.parseInt(name) > Vni.MAX) {
      return Optional.empty();
    }
    var owner = object.at("/spec/owner");
    var released = object.at("/spec/releasedAt");
    return Optional.of(
        new VniClaim(
            new Vni(Integer.parseInt(name)),
            owner.path("kind").asText() + "/" + owner.path("name").asText(),
            owner.path("uid").asText(),
            object.at("/metadata/resourceVersion").asText(),
            released.isTextual()
                ? OptionalLong.of(time(released).getEpochSecond())
                : OptionalLong.empty()));
  }

  /** A claim that is to be made. */
  static ObjectNode newClaim(Vni vni, VniOwner owner) {
    var object = JSON.objectNode().put("apiVersion", Resource.API_VERSION).put("kind", "VniClaim");
    object.putObject("metadata").put("name", vni.toString());
    object.putObject("spec").set("owner", owner(owner));
    return object;
  }

  /** The claim becomes this owner's, and is released no more. */
  static ObjectNode adopted(VniClaim claim, VniOwner owner) {
    var patch = versioned(claim.version());
    var spec = patch.putObject("spec");
    spec.set("owner", owner(owner));
    spec.putNull("releasedAt");
    return patch;
  }

  static ObjectNode released(VniClaim claim, long since) {
    var patch = versioned(claim.version());
    patch.putObject("spec").put("releasedAt", Instant.ofEpochSecond(since).toString());
    return patch;
  }

  private static ObjectNode versioned(String version) {
    var patch = JSON.objectNode();
    patch.putObject("metadata").put("resourceVersion", version);
    return patch;
  }

  private static ObjectNode owner(VniOwner owner) {
    var words = owner.name().split("/", 2);
    return JSON.objectNode().put("kind", words[0]).put("name", words[1]).put("uid", owner.uid());
  }

  /** The path of an object by its {@code KIND/NAME}; empty when there is no such kind. */
  static Optional<String> path(String subject) {
    var words = subject.split("/", 2);
    return Optional.ofNullable(Kind.BY_LABEL.get(words[0]))
        .filter(_ -> words.length == 2 && !words[1].isEmpty())
        .map(kind -> IntentApi.collection(kind).item(words[1]));
  }

  // ---- Status -----------------------------------------------------------------------------

  static List<Condition> conditions(JsonNode object) {
    var conditions = new ArrayList<Condition>();
    for (var each : object.at("/status/conditions")) {
      conditions.add(
          new Condition(
              each.path("type").asText(),
              each.path("status").asText(),
              each.path("reason").asText(),
              each.path("message").asText(),
              time(each.path("lastTransitionTime")),
              each.path("observedGeneration").asLong()));
    }
    return conditions;
  }

  /** A patch of the status of an object that must be as it was seen. */
  static ObjectNode status(
      String uid, String version, Optional<String> field, Optional<Vni> vni, List<Condition> all) {
    var patch = versioned(version);
    patch.withObject("/metadata").put("uid", uid);
    var status = patch.putObject("status");
    field.ifPresent(name -> vni.ifPresent(value -> status.put(name, value.value())));
    var conditions = status.putArray("conditions");
    for (var each : all) {
      conditions
          .addObject()
          .put("type", each.type())
          .put("status", each.status())
          .put("reason", each.reason())
          .put("message", each.message())
          .put("lastTransitionTime", each.since().truncatedTo(ChronoUnit.SECONDS).toString())
          .put("observedGeneration", each.generation());
    }
    return patch;
  }

  // ---- Lease ------------------------------------------------------------------------------

  static LeaseRecord lease(JsonNode object) {
    var spec = object.path("spec");
    return new LeaseRecord(
        object.at("/metadata/resourceVersion").asText(),
        spec.path("holderIdentity").asText(""),
        spec.path("leaseDurationSeconds").asLong(0),
        time(spec.path("acquireTime")),
        time(spec.path("renewTime")),
        spec.path("leaseTransitions").asLong(0));
  }

  static ObjectNode lease(String name, Optional<LeaseRecord> seen, LeaseRecord next) {
    var object = JSON.objectNode();
    object.put("apiVersion", "coordination.k8s.io/v1").put("kind", "Lease");
    var metadata = object.putObject("metadata").put("name", name);
    seen.ifPresent(lease -> metadata.put("resourceVersion", lease.version()));
    var spec = object.putObject("spec");
    if (!next.holder().isEmpty()) { // an empty one is refused; nobody's has none
      spec.put("holderIdentity", next.holder());
    }
    spec.put("leaseDurationSeconds", next.seconds())
        .put("acquireTime", MICRO.format(next.acquired()))
        .put("renewTime", MICRO.format(next.renewed()))
        .put("leaseTransitions", next.transitions());
    return object;
  }

  // ---- Events -----------------------------------------------------------------------------

  /** Its name is made of what it says: to say the same of the same object again is no new event. */
  static ObjectNode event(Note note, String identity, Instant now) {
    var about = note.about();
    var object = JSON.objectNode().put("apiVersion", "v1").put("kind", "Event");
    long hash =
        StableHash.of(about.uid() + about.generation() + note.reason() + "\n" + note.message());
    object
        .putObject("metadata")
        .put("name", about.name() + "." + Long.toHexString(hash))
        .put("namespace", "default");
    object
        .putObject("involvedObject")
        .put("apiVersion", Resource.API_VERSION)
        .put("kind", about.kind())
        .put("name", about.name())
        .put("uid", about.uid())
        .put("resourceVersion", about.version());
    var time = now.truncatedTo(ChronoUnit.SECONDS).toString();
    object
        .put("type", note.warning() ? "Warning" : "Normal")
        .put("reason", note.reason())
        .put("message", note.message())
        .put("firstTimestamp", time)
        .put("lastTimestamp", time)
        .put("count", 1)
        .put("reportingComponent", "weft-controller")
        .put("reportingInstance", identity);
    object.putObject("source").put("component", "weft-controller");
    return object;
  }

  /** What nobody can read was long ago. */
  private static Instant time(JsonNode text) {
    try {
      return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text.asText(), Instant::from);
    } catch (DateTimeException _) {
      return Instant.EPOCH;
    }
  }
}
