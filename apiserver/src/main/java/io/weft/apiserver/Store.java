package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * All objects, each in its last version, and the changes that led there, as far as they are
 * remembered. One number counts the changes of all objects; it is every object's resource version.
 */
final class Store {
  private static final int MOST_CHANGES = 20_000;

  /** An object that is made later is younger. */
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  /**
   * A change of one object.
   *
   * @param type ADDED, MODIFIED or DELETED
   * @param object as it is then, or was last; {@code before}: as it was before, if it was
   */
  record Change(
      long version, String type, ResourceType of, ObjectNode object, Optional<ObjectNode> before) {}

  private final TreeMap<String, ObjectNode> objects = new TreeMap<>();
  private final Deque<Change> changes = new ArrayDeque<>();
  private long version = 1;

  /** Changes up to this one are forgotten. */
  private long forgotten = 1;

  private static String key(ResourceType type, String namespace, String name) {
    return type.prefix() + "/" + type.plural() + "/" + namespace + "/" + name;
  }

  synchronized long version() {
    return version;
  }

  synchronized Optional<ObjectNode> find(ResourceType type, String namespace, String name) {
    return Optional.ofNullable(objects.get(key(type, namespace, name))).map(ObjectNode::deepCopy);
  }

  /** In the order of their names; {@code namespace} may be empty for all. */
  synchronized List<ObjectNode> list(ResourceType type, String namespace) {
    var from =
        type.prefix() + "/" + type.plural() + "/" + (namespace.isEmpty() ? "" : namespace + "/");
    return new ArrayList<>(objects.subMap(from, from + Character.MAX_VALUE).values());
  }

  synchronized ObjectNode create(ResourceType type, String namespace, ObjectNode object)
      throws Refusal {
    var metadata = object.withObject("/metadata");
    if (!metadata.has("name") && metadata.has("generateName")) {
      metadata.put("name", metadata.get("generateName").asText() + Long.toString(version, 36));
    }
    var name = metadata.path("name").asText();
    if (objects.containsKey(key(type, namespace, name))) {
      throw Refusal.alreadyExists(type.named(name));
    }
    var stored = object.deepCopy();
    stored.put("apiVersion", type.apiVersion()).put("kind", type.kind());
    if (type.hasStatus()) {
      stored.remove("status");
    }
    var inside = stored.withObject("/metadata");
    inside.remove("resourceVersion");
    if (type.namespaced()) {
      inside.put("namespace", namespace);
    }
    inside.put("uid", UUID.randomUUID().toString());
    if (!ResourceType.BUILT_IN.contains(type)) {
      inside.put("generation", 1);
    }
    inside.put("creationTimestamp", BEGIN.plusSeconds(version).toString());
    require(type, name, stored);
    return put(type, namespace, stored, Optional.empty());
  }

  /** Replaces an object, or only its status, or all but its status. */
  synchronized ObjectNode replace(
      ResourceType type, String namespace, String name, boolean status, ObjectNode next)
      throws Refusal {
    var before = find(type, namespace, name).orElseThrow(() -> Refusal.notFound(type.named(name)));
    var version = next.at("/metadata/resourceVersion").asText("");
    if (!version.isEmpty() && !version.equals(before.at("/metadata/resourceVersion").asText())) {
      throw Refusal.conflict(
          type.named(name),
          "the object has been modified; please apply your changes to the latest");
    }
    var uid = next.at("/metadata/uid").asText("");
    if (!uid.isEmpty() && !uid.equals(before.at("/metadata/uid").asText())) {
      throw Refusal.conflict(type.named(name), "the UID in the object is another");
    }
    var after = merged(type, before, next, status);
    require(type, name, after);
    if (withoutVersion(after).equals(withoutVersion(before))) {
      return before; // what changes nothing is no new version
    }
    return put(type, namespace, after, Optional.of(before));
  }

  private static ObjectNode merged(
      ResourceType type, ObjectNode before, ObjectNode next, boolean status) {
    if (status) {
      var after = before.deepCopy();
      after.remove("status");
      Optional.ofNullable(next.get("status")).ifPresent(value -> after.set("status", value));
      return after;
    }
    var after = next.deepCopy();
    after.put("apiVersion", type.apiVersion()).put("kind", type.kind());
    if (type.hasStatus()) {
      after.remove("status");
      Optional.ofNullable(before.get("status")).ifPresent(value -> after.set("status", value));
    }
    var metadata = after.withObject("/metadata");
    for (var kept : List.of("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp")) {
      Optional.ofNullable(before.path("metadata").get(kept))
          .ifPresent(value -> metadata.set(kept, value));
    }
    if (!ResourceType.BUILT_IN.contains(type)) {
      long generation = before.at("/metadata/generation").asLong();
      boolean same = after.path("spec").equals(before.path("spec"));
      metadata.put("generation", same ? generation : generation + 1);
    }
    return after;
  }

  private static ObjectNode withoutVersion(ObjectNode object) {
    var copy = object.deepCopy();
    copy.withObject("/metadata").remove("resourceVersion");
    return copy;
  }

  private static void require(ResourceType type, String name, ObjectNode object) throws Refusal {
    Demands.require(type, object);
    if (type.schema().isObject()) {
      var problems = SchemaCheck.check(type.schema(), object);
      if (!problems.isEmpty()) {
        throw Refusal.invalid(type.named(name), String.join(", ", problems));
      }
    }
  }

  /** An object with finalizers is only marked, until the last of them has gone. */
  synchronized ObjectNode delete(
      ResourceType type, String namespace, String name, String uid, String resourceVersion)
      throws Refusal {
    var before = find(type, namespace, name).orElseThrow(() -> Refusal.notFound(type.named(name)));
    var metadata = before.withObject("/metadata");
    if (!uid.isEmpty() && !uid.equals(metadata.path("uid").asText())) {
      throw Refusal.conflict(type.named(name), "Precondition failed: UID");
    }
    if (!resourceVersion.isEmpty()
        && !resourceVersion.equals(metadata.path("resourceVersion").asText())) {
      throw Refusal.conflict(type.named(name), "Precondition failed: ResourceVersion");
    }
    if (metadata.path("finalizers").isEmpty()) {
      return remove(type, namespace, before);
    }
    var after = before.deepCopy();
    after.withObject("/metadata").put("deletionTimestamp", "2026-01-01T00:00:00Z");
    return put(type, namespace, after, Optional.of(before));
  }

  private ObjectNode remove(ResourceType type, String namespace, ObjectNode last) {
    var gone = last.deepCopy();
    gone.withObject("/metadata").put("resourceVersion", String.valueOf(++version));
    objects.remove(key(type, namespace, gone.at("/metadata/name").asText()));
    remember(new Change(version, "DELETED", type, gone, Optional.of(last)));
    return gone;
  }

  private ObjectNode put(
      ResourceType type, String namespace, ObjectNode next, Optional<ObjectNode> before) {
    var metadata = next.withObject("/metadata");
    if (metadata.has("deletionTimestamp") && metadata.path("finalizers").isEmpty()) {
      return remove(type, namespace, next);
    }
    metadata.put("resourceVersion", String.valueOf(++version));
    objects.put(key(type, namespace, metadata.path("name").asText()), next);
    remember(new Change(version, before.isPresent() ? "MODIFIED" : "ADDED", type, next, before));
    return next.deepCopy();
  }

  private void remember(Change change) {
    changes.add(change);
    if (changes.size() > MOST_CHANGES) {
      forgotten = changes.remove().version();
    }
    notifyAll();
  }

  /** Forgets all changes, as etcd does after some minutes. */
  synchronized void compact() {
    changes.clear();
    forgotten = version;
    notifyAll();
  }

  /**
   * The changes after a version; waits for one, a while.
   *
   * @throws Refusal 410 when they are forgotten
   */
  synchronized List<Change> after(long seen, long millis) throws Refusal, InterruptedException {
    if (seen < forgotten) {
      throw Refusal.gone("too old resource version: " + seen);
    }
    if (version <= seen) {
      TimeUnit.MILLISECONDS.timedWait(this, millis);
    }
    if (seen < forgotten) {
      throw Refusal.gone("too old resource version: " + seen);
    }
    var later = new ArrayList<Change>();
    for (var each = changes.descendingIterator(); each.hasNext(); ) {
      var change = each.next();
      if (change.version() <= seen) {
        break;
      }
      later.addFirst(change);
    }
    return later;
  }

  /** An object without anything but its metadata (PartialObjectMetadata). */
  static ObjectNode metadataOf(JsonNode object) {
    var partial = JsonNodeFactory.instance.objectNode();
    partial.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
    partial.set("metadata", object.path("metadata"));
    return partial;
  }
}
