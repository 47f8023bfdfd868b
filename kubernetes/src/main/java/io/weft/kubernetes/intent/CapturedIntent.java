package io.weft.kubernetes.intent;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.nodes.SpeakerNode;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.resource.ResourceKey;
import io.weft.kubernetes.resource.ResourceReader;
import io.weft.kubernetes.resource.ResourceReading;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlNode;
import io.weft.kubernetes.yaml.YamlNode.Entry;
import io.weft.kubernetes.yaml.YamlNode.Mapping;
import io.weft.kubernetes.yaml.YamlReading;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a cluster was read to have at one time, for questions about it: what is in force, and what
 * would be with other objects over it. It is read, and never written to.
 *
 * <p>A network or tenant has the VNI that the controller has written into its status; one that has
 * none gets what a directory of files would give it. Limits: those of {@link IntentDirectory}, and
 * of {@link CapturedFiles}.
 */
public final class CapturedIntent {
  private final TreeMap<ResourceKey, ApiItem> items = new TreeMap<>();
  private final TreeMap<String, List<IpAddress>> nodes = new TreeMap<>();
  private final List<Problem> problems = new ArrayList<>();

  private CapturedIntent() {}

  /**
   * Lists all kinds of Weft, and the nodes.
   *
   * @throws ApiFailure when the server does not answer, or not to us: {@code list} of the kinds and
   *     of nodes is what it takes. A kind that the server does not know has no objects.
   */
  public static CapturedIntent of(ApiClient client) throws ApiFailure, InterruptedException {
    var captured = new CapturedIntent();
    for (var kind : Kind.values()) {
      try {
        client.list(IntentApi.collection(kind), object -> captured.add(kind, object));
      } catch (ApiFailure failure) {
        if (!failure.isNotFound()) {
          throw failure;
        }
      }
    }
    client.list(ApiCollection.of("/api/v1/nodes"), captured::addNode);
    return captured;
  }

  /**
   * Reads the files of a directory, YAML or JSON, as {@code kubectl get ... -o yaml} writes them.
   * Objects of other kinds play no part, but for the names and addresses of nodes.
   *
   * @throws IOException when the directory is not there or cannot be read; what is wrong with a
   *     file is a problem of the {@link #reading}
   */
  public static CapturedIntent of(Path directory) throws IOException {
    var captured = new CapturedIntent();
    CapturedFiles.read(directory, captured::add, captured.problems::add);
    return captured;
  }

  private void add(JsonNode object) {
    var kind = Optional.ofNullable(Kind.BY_LABEL.get(object.path("kind").asText()));
    var version = object.path("apiVersion").asText();
    if (kind.isPresent() && version.equals(Resource.API_VERSION)) {
      add(kind.get(), object);
    } else if (object.path("kind").asText().equals("Node") && version.equals("v1")) {
      addNode(object);
    }
  }

  private void addNode(JsonNode object) {
    var node = SpeakerNode.of(object);
    nodes.put(node.name(), Stream.concat(node.vtep().stream(), node.addresses().stream()).toList());
  }

  private void add(Kind kind, JsonNode object) {
    var item = ApiItem.of(kind, object);
    items.put(item.key(), item);
  }

  /**
   * The cluster's nodes by name, each with its addresses: what is annotated, then internal ones.
   */
  public SortedMap<String, List<IpAddress>> nodes() {
    return Collections.unmodifiableSortedMap(nodes);
  }

  /** What there is. */
  public SortedSet<ResourceKey> keys() {
    return Collections.unmodifiableSortedSet(items.navigableKeySet());
  }

  /** What is in force. */
  public IntentReading reading() {
    return withProblems(merged());
  }

  /**
   * What would be in force with the objects of a directory over it: one of a kind and name that is
   * there replaces it, whole; what is wrong leaves what was in force, as in the cluster.
   *
   * @param directory of YAML files; empty: nothing is replaced
   * @param removed what would be deleted before
   * @throws IOException when the directory is not there or cannot be read
   */
  public IntentReading changed(Optional<Path> directory, SortedSet<ResourceKey> removed)
      throws IOException {
    var changes = new ArrayList<IntentFile>();
    var replaced = new TreeSet<>(removed);
    var contents =
        directory.isPresent() ? DirectorySnapshot.take(directory.get()).files() : noFiles();
    for (var file : contents.entrySet()) {
      var change = change(file.getKey(), file.getValue());
      change.readings().forEach(reading -> reading.key().ifPresent(replaced::add));
      changes.add(change);
    }
    var files = new ArrayList<IntentFile>();
    items.forEach(
        (key, item) -> {
          if (!replaced.contains(key)) {
            files.add(item.file());
          }
        });
    files.addAll(changes);
    return withProblems(merged().next(files, precedence()));
  }

  private static SortedMap<String, DirectorySnapshot.Content> noFiles() {
    return Collections.emptySortedMap();
  }

  private IntentMerge merged() {
    return IntentMerge.EMPTY.next(
        items.values().stream().map(ApiItem::file).toList(), precedence());
  }

  private SortedMap<String, String> precedence() {
    var precedence = new TreeMap<String, String>();
    items.values().stream()
        .filter(item -> item.kind() == Kind.NETWORK)
        .forEach(item -> precedence.put(item.name(), item.precedence()));
    return precedence;
  }

  /** And what is wrong with the files that were captured. */
  private IntentReading withProblems(IntentMerge merge) {
    var all = new ArrayList<>(merge.reading().problems());
    all.addAll(problems);
    return new IntentReading(merge.reading().intent(), all, merge.reading().absent());
  }

  private IntentFile change(String name, DirectorySnapshot.Content content) {
    return switch (content) {
      case DirectorySnapshot.Content.Refused(var reason) -> IntentFile.refused(name, reason);
      case DirectorySnapshot.Content.Octets(ByteBuffer octets) ->
          switch (YamlDocument.parse(name, DirectorySnapshot.copy(octets))) {
            case YamlReading.Unreadable(var problem) ->
                new IntentFile(name, List.of(), List.of(problem));
            case YamlReading.Documents(var documents) ->
                new IntentFile(name, documents.stream().map(this::read).toList(), List.of());
          };
    };
  }

  /** One that gives no VNI keeps that of its status. */
  private ResourceReading read(YamlDocument document) {
    var reading = ResourceReader.read(document);
    return reading
        .key()
        .flatMap(key -> Optional.ofNullable(items.get(key)))
        .flatMap(item -> item.status().flatMap(vni -> withVni(document, item.kind(), vni)))
        .map(ResourceReader::read)
        .orElse(reading);
  }

  private static Optional<YamlDocument> withVni(YamlDocument document, Kind kind, Vni vni) {
    var field = ApiObject.allocated(kind).orElseThrow();
    if (!(document.root() instanceof Mapping root)) {
      return Optional.empty();
    }
    var spec = root.find("spec").map(Entry::value);
    var old = spec.filter(Mapping.class::isInstance).map(Mapping.class::cast);
    if (spec.isPresent() && old.isEmpty() || old.flatMap(each -> each.find(field)).isPresent()) {
      return Optional.empty();
    }
    var place = spec.map(YamlNode::place).orElse(root.place());
    var fields = new ArrayList<>(old.map(Mapping::entries).orElse(List.of()));
    fields.add(entry(field, place, new YamlNode.Scalar(place, YamlNode.Form.INTEGER, "" + vni)));
    var entries = new ArrayList<>(root.entries());
    entries.removeIf(entry -> entry.key().equals("spec"));
    entries.add(entry("spec", place, new Mapping(place, fields)));
    return Optional.of(new YamlDocument(new Mapping(root.place(), entries), document.flaws()));
  }

  private static Entry entry(String key, Place place, YamlNode value) {
    return new Entry(key, place, value);
  }
}
