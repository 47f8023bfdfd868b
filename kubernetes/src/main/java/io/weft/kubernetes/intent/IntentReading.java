package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.yaml.Problem;
import java.util.List;

/**
 * What is in force, and what is wrong with what was asked for.
 *
 * @param intent without anything that has a problem; where such a thing was in force before in a
 *     good version, that version is still in it
 * @param problems in the order of their places
 * @param absent networks that are declared, and not in force: they have a problem, or wait for
 *     their VNI
 */
public record IntentReading(Intent intent, List<Problem> problems, List<Network> absent) {
  public IntentReading {
    problems = problems.stream().sorted().distinct().toList();
    absent = List.copyOf(absent);
  }

  /**
   * Why the Fabric in force is the default one although another may be declared: what is wrong with
   * the one that is, or with files whose contents nobody can name. Empty when there is a good one,
   * or none at all. Whoever starts with nothing better must not take the default for what was
   * wanted: it has no peers.
   */
  public List<Problem> fabricProblems() {
    if (!intent.fabric().equals(Fabric.DEFAULT)) {
      return List.of();
    }
    var label = Kind.FABRIC.label();
    return problems.stream()
        .filter(
            problem ->
                problem.object().isEmpty()
                    || problem.object().equals(label)
                    || problem.object().startsWith(label + " "))
        .toList();
  }
}
