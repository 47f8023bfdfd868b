package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.yaml.Problem;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Which network a namespace's pods belong to. A namespace that two networks name has none: which of
 * them was meant must not depend on an order, and a pod in the wrong one would be another tenant's.
 */
public final class NamespaceResolution {
  private NamespaceResolution() {}

  /**
   * The networks that name the namespace; it has one where they are one. Those that are not in
   * force are among them: a pod must wait for them, and not begin without its interface.
   */
  public static List<String> networks(IntentReading reading, String namespace) {
    return Stream.concat(
            reading.intent().networks().values().stream().map(ResolvedNetwork::network),
            reading.absent().stream())
        .filter(each -> each.spec().namespaces().contains(namespace))
        .map(Network::name)
        .sorted()
        .toList();
  }

  /** A namespace that several networks name is a problem of each; they stand all the same. */
  static void report(Collection<NetworkVersion> versions, List<Problem> problems) {
    var named = new TreeMap<String, List<NetworkVersion>>();
    for (var version : versions) {
      for (var namespace : version.spec().namespaces()) {
        named.computeIfAbsent(namespace, _ -> new ArrayList<>()).add(version);
      }
    }
    named.forEach(
        (namespace, claimants) -> {
          for (var version : claimants) {
            claimants.stream()
                .filter(other -> !other.equals(version))
                .findFirst()
                .ifPresent(other -> problems.add(problem(namespace, version, other)));
          }
        });
  }

  private static Problem problem(String namespace, NetworkVersion one, NetworkVersion other) {
    var field = "namespaces." + namespace;
    return new Problem(
        one.declared().placeOf(field),
        one.declared().resource().key().toString(),
        "namespace '"
            + namespace
            + "' is also that of "
            + other.declared().resource().key()
            + " ("
            + other.declared().placeOf(field)
            + "), so its new pods get no interface; keep one of them");
  }
}
