package io.weft.kubernetes.resource;

import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problem;
import java.util.List;
import java.util.Optional;

/**
 * What came of one document.
 *
 * @param key which resource it is; empty when kind or name cannot be made out
 * @param place of its name, or of the document
 * @param declared the resource; present when there are no problems
 */
public record ResourceReading(
    Optional<ResourceKey> key, Place place, Optional<Declared> declared, List<Problem> problems) {
  public ResourceReading {
    problems = List.copyOf(problems);
    if (declared.isPresent() != problems.isEmpty()) {
      throw new IllegalArgumentException("a resource is either declared or has problems");
    }
  }
}
