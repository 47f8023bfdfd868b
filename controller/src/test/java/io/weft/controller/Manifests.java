package io.weft.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The manifests of {@code deploy/}. */
final class Manifests {
  static final Path DIRECTORY = Path.of("..", "deploy");
  private static final ObjectMapper JSON = new ObjectMapper();

  private Manifests() {}

  /** The objects of a file below {@code deploy/}. */
  static List<JsonNode> read(String file) throws IOException {
    return objects(Files.readString(DIRECTORY.resolve(file)));
  }

  static List<JsonNode> objects(String yaml) {
    var objects = new ArrayList<JsonNode>();
    for (var document : new Load(LoadSettings.builder().build()).loadAllFromString(yaml)) {
      objects.add(JSON.valueToTree(document));
    }
    return objects;
  }
}
