package io.weft.kubernetes.intent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlNode;
import io.weft.kubernetes.yaml.YamlReading;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Objects of a Kubernetes API in files: {@code kubectl get ... -o yaml}, or {@code -o json}.
 *
 * <p>Limits: a file of YAML those of {@link YamlDocument} (1 MiB), one of JSON 64 MiB. One that has
 * more, or cannot be read, is a problem and not used.
 */
final class CapturedFiles {
  static final int MAX_JSON_OCTETS = 64 << 20;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Consumer<JsonNode> objects;
  private final Consumer<Problem> problems;

  private CapturedFiles(Consumer<JsonNode> objects, Consumer<Problem> problems) {
    this.objects = objects;
    this.problems = problems;
  }

  /** Throws IOException when the directory itself cannot be read. */
  static void read(Path directory, Consumer<JsonNode> objects, Consumer<Problem> problems)
      throws IOException {
    var files = new CapturedFiles(objects, problems);
    var paths = new TreeSet<Path>();
    try (var entries = Files.newDirectoryStream(directory, "*.{yaml,yml,json}")) {
      entries.forEach(paths::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    for (var path : paths) {
      files.read(path);
    }
  }

  private void read(Path path) {
    var name = String.valueOf(path.getFileName());
    boolean json = name.endsWith(".json");
    int most = json ? MAX_JSON_OCTETS : YamlDocument.MAX_FILE_OCTETS;
    try (var in = Files.newInputStream(path)) {
      var octets = in.readNBytes(most + 1);
      if (octets.length > most) {
        problem(
            name,
            "is not used: it has more than %d MiB; %s"
                .formatted(most >> 20, json ? "write each kind into a file" : "take -o json"));
      } else if (json) {
        collect(new ObjectMapper().readTree(octets));
      } else {
        yaml(name, octets);
      }
    } catch (IOException e) {
      problem(name, "cannot be read: " + e.getMessage());
    }
  }

  private void yaml(String name, byte[] octets) {
    switch (YamlDocument.parse(name, octets)) {
      case YamlReading.Unreadable(var problem) -> problems.accept(problem);
      case YamlReading.Documents(var documents) ->
          documents.forEach(document -> collect(json(document.root())));
    }
  }

  private void problem(String file, String message) {
    problems.accept(new Problem(Place.of(file), "", message));
  }

  /** An object, or a list of them. */
  private void collect(JsonNode node) {
    if (node.path("items").isArray()) {
      node.path("items").forEach(objects);
    } else {
      objects.accept(node);
    }
  }

  private static JsonNode json(YamlNode node) {
    return switch (node) {
      case YamlNode.Mapping(_, var entries) -> {
        var object = JSON.objectNode();
        entries.forEach(entry -> object.set(entry.key(), json(entry.value())));
        yield object;
      }
      case YamlNode.Sequence(_, var items) -> {
        var array = JSON.arrayNode();
        items.forEach(item -> array.add(json(item)));
        yield array;
      }
      case YamlNode.Scalar(_, var form, var text) ->
          switch (form) {
            case TEXT -> JSON.textNode(text);
            case INTEGER -> integer(text);
            case OTHER_NUMBER -> JSON.textNode(text);
            case TRUTH -> JSON.booleanNode(text.equals("true"));
            case NOTHING -> JSON.nullNode();
          };
    };
  }

  private static JsonNode integer(String text) {
    var value = new BigInteger(text);
    return value.bitLength() < Long.SIZE ? JSON.numberNode(value.longValue()) : JSON.textNode(text);
  }
}
