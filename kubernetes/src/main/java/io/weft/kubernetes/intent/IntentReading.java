package io.weft.kubernetes.intent;

import io.weft.kubernetes.yaml.Problem;
import java.util.List;

/**
 * What is in force, and what is wrong with what was asked for.
 *
 * @param intent without anything that has a problem; where such a thing was in force before in a
 *     good version, that version is still in it
 * @param problems in the order of their places
 */
public record IntentReading(Intent intent, List<Problem> problems) {
  public IntentReading {
    problems = problems.stream().sorted().distinct().toList();
  }
}
