package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.ResourceReader;
import io.weft.kubernetes.resource.ResourceReading;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlReading;
import java.util.List;

/**
 * One file with all that was made of it.
 *
 * @param readings one for each document; none when the file cannot be read
 * @param problems of the file as a whole
 */
record IntentFile(String name, List<ResourceReading> readings, List<Problem> problems) {
  IntentFile {
    readings = List.copyOf(readings);
    problems = List.copyOf(problems);
  }

  /** Never throws, whatever the octets. */
  static IntentFile read(String name, byte[] octets) {
    return switch (YamlDocument.parse(name, octets)) {
      case YamlReading.Documents(var documents) ->
          new IntentFile(name, documents.stream().map(ResourceReader::read).toList(), List.of());
      case YamlReading.Unreadable(var problem) -> new IntentFile(name, List.of(), List.of(problem));
    };
  }

  static IntentFile refused(String name, String reason) {
    return new IntentFile(name, List.of(), List.of(new Problem(Place.of(name), "", reason)));
  }

  /**
   * True when every resource that the file declares is known by name. When not, a resource that
   * seems to have gone from the file may be in the part that nobody can read.
   */
  boolean isComplete() {
    return problems.isEmpty() && readings.stream().allMatch(reading -> reading.key().isPresent());
  }
}
