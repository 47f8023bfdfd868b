package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What the server demands of every object, and of those kinds of Kubernetes itself that Weft
 * writes: names, labels, owners; leases, events, taints and conditions of nodes. As the API
 * reference of Kubernetes 1.36 has it; what Weft never writes is not looked at.
 */
final class Demands {
  private static final String WORD = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  private static final Pattern LABEL = Pattern.compile(WORD);
  private static final Pattern SUBDOMAIN = Pattern.compile(WORD + "(\\." + WORD + ")*");
  private static final Pattern LABEL_VALUE =
      Pattern.compile("([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?");
  private static final Pattern QUALIFIED =
      Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?");

  /** RFC 3339; metav1.Time takes any fraction of a second. */
  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)");

  /** metav1.MicroTime takes six digits and no others. */
  private static final Pattern MICRO_TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}(Z|[+-]\\d\\d:\\d\\d)");

  private static final int LONGEST_LABEL = 63;
  private static final int LONGEST_NAME = 253;
  private static final int MOST_ANNOTATIONS = 256 << 10;

  /** Of etcd, less what is around an object. */
  private static final int LARGEST = 1_500_000;

  private final List<String> problems = new ArrayList<>();

  private Demands() {}

  /**
   * Looks at an object as it would be stored.
   *
   * @throws Refusal 400 for what cannot be decoded, 422 for what may not be
   */
  static void require(ResourceType type, ObjectNode object) throws Refusal {
    var name = object.at("/metadata/name").asText();
    if (object.toString().length() > LARGEST) {
      throw new Refusal(413, "RequestEntityTooLarge", type.named(name) + " is too large");
    }
    var demands = new Demands();
    demands.metadata(type, object.path("metadata"));
    switch (type.kind()) {
      case "Lease" -> demands.lease(object.path("spec"));
      case "Event" -> demands.event(object);
      case "Node" -> demands.node(object);
      default -> {}
    }
    if (!demands.problems.isEmpty()) {
      throw Refusal.invalid(type.named(name), String.join(", ", demands.problems));
    }
  }

  private void demand(boolean holds, String path, JsonNode value, String why) {
    if (!holds) {
      problems.add(path + ": Invalid value: " + value + ": " + why);
    }
  }

  // ---- every object -------------------------------------------------------------------------

  private void metadata(ResourceType type, JsonNode metadata) {
    var name = metadata.path("name");
    boolean isWord = type.kind().equals("Namespace");
    demand(
        matches(isWord ? LABEL : SUBDOMAIN, name.asText(), isWord ? LONGEST_LABEL : LONGEST_NAME),
        "metadata.name",
        name,
        "must be a lower case RFC 1123 " + (isWord ? "label" : "subdomain"));
    metadata
        .path("labels")
        .properties()
        .forEach(
            label -> {
              qualified("metadata.labels", label.getKey());
              demand(
                  label.getValue().isTextual()
                      && matches(LABEL_VALUE, label.getValue().asText(), LONGEST_LABEL),
                  "metadata.labels",
                  label.getValue(),
                  "must be a label of 63 characters at most");
            });
    int octets = 0;
    for (var annotation : metadata.path("annotations").properties()) {
      qualified("metadata.annotations", annotation.getKey());
      demand(
          annotation.getValue().isTextual(),
          "metadata.annotations",
          annotation.getValue(),
          "must be a string");
      octets += annotation.getKey().length() + annotation.getValue().asText().length();
    }
    demand(
        octets <= MOST_ANNOTATIONS, "metadata.annotations", metadata.path("name"), "are too long");
    int controllers = 0;
    for (var owner : metadata.path("ownerReferences")) {
      for (var field : List.of("apiVersion", "kind", "name", "uid")) {
        demand(
            !owner.path(field).asText().isEmpty(),
            "metadata.ownerReferences",
            owner,
            field + " must not be empty");
      }
      controllers += owner.path("controller").asBoolean() ? 1 : 0;
    }
    demand(
        controllers <= 1,
        "metadata.ownerReferences",
        metadata.path("ownerReferences"),
        "only one reference can have controller set to true");
    for (var finalizer : metadata.path("finalizers")) {
      qualified("metadata.finalizers", finalizer.asText());
    }
  }

  private static boolean matches(Pattern pattern, String text, int longest) {
    return text.length() <= longest && pattern.matcher(text).matches();
  }

  /** {@code NAME} or {@code PREFIX/NAME}. */
  private void qualified(String path, String key) {
    int slash = key.indexOf('/');
    boolean holds =
        matches(QUALIFIED, key.substring(slash + 1), LONGEST_LABEL)
            && (slash < 0 || matches(SUBDOMAIN, key.substring(0, slash), LONGEST_NAME));
    if (!holds) {
      problems.add(path + ": Invalid value: \"" + key + "\": must be a qualified name");
    }
  }

  // ---- kinds of Kubernetes ------------------------------------------------------------------

  private static void decode(Pattern pattern, String path, JsonNode time) throws Refusal {
    if (!time.isMissingNode()
        && !time.isNull()
        && (!time.isTextual() || !pattern.matcher(time.asText()).matches())) {
      throw Refusal.bad(path + ": parsing time " + time + ": cannot parse it");
    }
  }

  private void lease(JsonNode spec) throws Refusal {
    decode(MICRO_TIME, "spec.acquireTime", spec.path("acquireTime"));
    decode(MICRO_TIME, "spec.renewTime", spec.path("renewTime"));
    demand(
        spec.path("leaseDurationSeconds").asLong(1) > 0,
        "spec.leaseDurationSeconds",
        spec.path("leaseDurationSeconds"),
        "must be greater than 0");
    demand(
        spec.path("leaseTransitions").asLong(0) >= 0,
        "spec.leaseTransitions",
        spec.path("leaseTransitions"),
        "must be greater than or equal to 0");
    demand(
        !spec.path("holderIdentity").asText("-").isEmpty(),
        "spec.holderIdentity",
        spec.path("holderIdentity"),
        "must not be empty");
  }

  /** Of core/v1, of an object in no namespace: the Event is in the namespace {@code default}. */
  private void event(JsonNode event) throws Refusal {
    decode(TIME, "firstTimestamp", event.path("firstTimestamp"));
    decode(TIME, "lastTimestamp", event.path("lastTimestamp"));
    decode(MICRO_TIME, "eventTime", event.path("eventTime"));
    var about = event.at("/involvedObject/namespace").asText("");
    demand(
        event.at("/metadata/namespace").asText().equals(about.isEmpty() ? "default" : about),
        "involvedObject.namespace",
        event.path("involvedObject"),
        "does not match event.namespace");
    if (event.has("eventTime")) {
      for (var field : List.of("reportingComponent", "reportingInstance", "action", "reason")) {
        int length = event.path(field).asText().length();
        demand(length > 0 && length <= 128, field, event.path(field), "has 1 to 128 characters");
      }
      demand(
          event.path("message").asText().length() <= 1024,
          "message",
          event.path("message"),
          "can have at most 1024 characters");
    }
  }

  private void node(JsonNode node) throws Refusal {
    var taints = new TreeSet<String>();
    for (var taint : node.at("/spec/taints")) {
      qualified("spec.taints", taint.path("key").asText());
      var effect = taint.path("effect").asText();
      demand(
          List.of("NoSchedule", "PreferNoSchedule", "NoExecute").contains(effect),
          "spec.taints.effect",
          taint,
          "is not supported");
      demand(
          taints.add(taint.path("key").asText() + ":" + effect),
          "spec.taints",
          taint,
          "taints must be unique by key and effect pair");
    }
    for (var condition : node.at("/status/conditions")) {
      decode(TIME, "lastHeartbeatTime", condition.path("lastHeartbeatTime"));
      decode(TIME, "lastTransitionTime", condition.path("lastTransitionTime"));
    }
  }
}
