package io.weft.agent.cni;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The configuration that the runtime would use if Weft had none: the first by name (libcni {@code
 * ConfFiles}). Left out are Multus, which takes Weft's file as that of its default network by the
 * same rule, and those of the loopback interface alone.
 */
sealed interface ForeignConfiguration {
  /** There is none. */
  record None() implements ForeignConfiguration {}

  /** One that Weft can go behind, as a list. */
  record Usable(String file, ObjectNode list) implements ForeignConfiguration {}

  /** One in which somebody has put Weft already. */
  record HasWeft(String file) implements ForeignConfiguration {}

  /** One that cannot be used. */
  record Broken(String file, String why) implements ForeignConfiguration {}

  /** A longer one is not read. */
  int MAX_OCTETS = 1 << 20;

  /** Cluster networks have names before this; those that distributions bring come behind it. */
  String USUAL = "10-weft";

  /**
   * Looks for it.
   *
   * @param own name of the file that is Weft's
   * @param clustersOnly not those that come with a runtime, such as {@code 87-podman.conflist}
   * @throws IOException when the directory cannot be read
   */
  static ForeignConfiguration look(Path directory, String own, boolean clustersOnly)
      throws IOException {
    for (var file : names(directory)) {
      if (file.equals(own)
          || file.startsWith("00-multus")
          || clustersOnly && file.compareTo(USUAL) > 0) {
        continue;
      }
      var read = read(directory.resolve(file), file);
      if (!(read instanceof None)) {
        return read;
      }
    }
    return new None();
  }

  private static SortedSet<String> names(Path directory) throws IOException {
    var names = new TreeSet<String>();
    try (var files = Files.newDirectoryStream(directory, "*.{conf,conflist,json}")) {
      for (var file : files) {
        if (Files.isRegularFile(file)) {
          names.add(String.valueOf(file.getFileName()));
        }
      }
    } catch (NoSuchFileException _) {
      return names;
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return names;
  }

  /** {@link None} when it is none that counts, or has gone meanwhile. */
  private static ForeignConfiguration read(Path path, String file) {
    try {
      if (Files.size(path) > MAX_OCTETS) {
        return new Broken(file, "it is longer than " + MAX_OCTETS + " octets");
      }
      JsonNode document = new ObjectMapper().readTree(Files.readAllBytes(path));
      if (!(document instanceof ObjectNode object)) {
        return new Broken(file, "it is no JSON object");
      }
      return understand(file, file.endsWith(".conflist") ? object : asList(object));
    } catch (NoSuchFileException _) {
      return new None();
    } catch (JsonProcessingException e) {
      var place = e.getLocation();
      return new Broken(
          file,
          place == null
              ? "it is not JSON"
              : "it is not JSON at line %d, column %d"
                  .formatted(place.getLineNr(), place.getColumnNr()));
    } catch (IOException e) {
      return new Broken(file, "it cannot be read: " + e.getMessage());
    }
  }

  /** One plugin as the list that it means (libcni {@code ConfListFromConf}). */
  private static ObjectNode asList(ObjectNode plugin) {
    var list = JsonNodeFactory.instance.objectNode();
    list.set("cniVersion", plugin.path("cniVersion"));
    list.set("name", plugin.path("name"));
    list.putArray("plugins").add(plugin);
    return list;
  }

  private static ForeignConfiguration understand(String file, ObjectNode list) {
    if (!(list.get("plugins") instanceof ArrayNode plugins) || plugins.isEmpty()) {
      return new Broken(file, "it has no plugins");
    }
    var types = new TreeSet<String>();
    plugins.forEach(plugin -> types.add(plugin.path("type").asText()));
    var first = plugins.path(0).path("type").asText();
    if (first.isEmpty() || list.path("name").asText().isEmpty()) {
      return new Broken(file, "'name', or the 'type' of its first plugin, is missing");
    }
    if (first.startsWith("multus") || plugins.size() == 1 && first.equals("loopback")) {
      return new None();
    }
    if (types.contains(PluginWish.PROGRAM)) {
      return new HasWeft(file);
    }
    var version = list.path("cniVersion").asText();
    if (CniVersion.parse(version).isEmpty()) {
      return new Broken(
          file,
          "its cniVersion is '%s'; Weft knows %s"
              .formatted(version, String.join(", ", CniVersion.texts())));
    }
    // A runtime would take the newest of these that it knows (CNI 1.1.0), and ask Weft in it.
    if (list.get("cniVersions") instanceof ArrayNode versions) {
      versions.removeIf(each -> CniVersion.parse(each.asText()).isEmpty());
    }
    return new Usable(file, list);
  }
}
