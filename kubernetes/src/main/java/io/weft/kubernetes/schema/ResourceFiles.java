package io.weft.kubernetes.schema;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/** Writes the files that are made of the tables; {@code make resources} does it. */
public final class ResourceFiles {
  private ResourceFiles() {}

  /** What is in each file, by its name below the repository's root. */
  static SortedMap<String, String> all() {
    var files = new TreeMap<String, String>();
    for (var kind : ResourceSchemas.all()) {
      files.put("deploy/crds/" + Definition.fileName(kind), Definition.yaml(kind));
    }
    files.put("docs/resources.md", Reference.markdown(ResourceSchemas.all()));
    return files;
  }

  /** {@code arguments}: the repository's root. */
  public static void main(String[] arguments) throws IOException {
    var root = Path.of(arguments[0]);
    for (var file : all().entrySet()) {
      var path = root.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
  }
}
