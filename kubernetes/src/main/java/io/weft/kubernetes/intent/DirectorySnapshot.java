package io.weft.kubernetes.intent;

import io.weft.kubernetes.yaml.YamlDocument;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The YAML files of a directory as they are at one time, to be compared with another time. Files
 * are those whose name ends in {@code .yaml} or {@code .yml} and does not begin with a dot; links
 * are followed, subdirectories are not.
 */
record DirectorySnapshot(SortedMap<String, Content> files) {
  static final int MAX_FILES = 1000;
  static final int MAX_OCTETS = 8 << 20;

  sealed interface Content {
    record Octets(ByteBuffer octets) implements Content {}

    /** It is there, but cannot be used; {@code reason} is for the user. */
    record Refused(String reason) implements Content {}
  }

  DirectorySnapshot {
    files = Collections.unmodifiableSortedMap(files);
  }

  /** Throws IOException when the directory itself cannot be read. */
  static DirectorySnapshot take(Path directory) throws IOException {
    var names = new TreeSet<String>();
    try (var entries = Files.newDirectoryStream(directory, DirectorySnapshot::isYaml)) {
      entries.forEach(entry -> names.add(entry.getFileName().toString()));
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    var files = new TreeMap<String, Content>();
    int room = MAX_OCTETS;
    for (var name : names) {
      try {
        var content = files.size() < MAX_FILES ? read(directory.resolve(name), room) : tooMany();
        room -= content instanceof Content.Octets(var octets) ? octets.remaining() : 0;
        files.put(name, content);
      } catch (NoSuchFileException e) {
        if (Files.isSymbolicLink(directory.resolve(name))) {
          files.put(name, new Content.Refused("is a link to a file that is not there"));
        } // else it was removed just now
      } catch (IOException e) {
        files.put(name, new Content.Refused("cannot be read: " + e));
      }
    }
    return new DirectorySnapshot(files);
  }

  List<IntentFile> parse() {
    var parsed = new ArrayList<IntentFile>();
    files.forEach(
        (name, content) ->
            parsed.add(
                switch (content) {
                  case Content.Octets(var octets) -> IntentFile.read(name, copy(octets));
                  case Content.Refused(var reason) -> IntentFile.refused(name, reason);
                }));
    return parsed;
  }

  /** What is still to be read of them. */
  static byte[] copy(ByteBuffer octets) {
    var copy = new byte[octets.remaining()];
    octets.get(octets.position(), copy);
    return copy;
  }

  private static boolean isYaml(Path path) {
    var name = path.getFileName().toString();
    return (name.endsWith(".yaml") || name.endsWith(".yml")) && !name.startsWith(".");
  }

  private static Content read(Path path, int room) throws IOException {
    var real = path.toRealPath();
    if (!Files.isRegularFile(real)) { // opening a pipe would wait for its writer
      return new Content.Refused("is not a regular file");
    }
    try (var in = Files.newInputStream(real)) {
      var octets = in.readNBytes(YamlDocument.MAX_FILE_OCTETS + 1); // one more shows the excess
      return octets.length > room
          ? new Content.Refused("is not used: the files together have more than 8 MiB")
          : new Content.Octets(ByteBuffer.wrap(octets));
    }
  }

  private static Content tooMany() {
    return new Content.Refused("is not used: there are more than " + MAX_FILES + " files");
  }
}
