package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.LabelSelector;
import io.weft.kubernetes.resource.NamespaceSelection;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.Spelling;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Which network a pod belongs to: the one that its annotation names, else that of its namespace's
 * annotation, else the only one that selects the namespace, else the default one. Each network says
 * which namespaces may be in it, and an annotation never brings a pod into another. A namespace
 * that two networks select has none: which of them was meant must not depend on an order, and a pod
 * in the wrong one would be another tenant's.
 */
public final class NamespaceResolution {
  /** Of a Namespace or a Pod: the Network of its pods. */
  public static final String ANNOTATION = "weft.io/network";

  private NamespaceResolution() {}

  /**
   * What is known of a namespace.
   *
   * @param labels empty where nobody tells them: without the API
   * @param annotation which network it names
   */
  public record Namespace(
      String name, Optional<Map<String, String>> labels, Optional<String> annotation) {
    public Namespace {
      labels = labels.map(Map::copyOf);
    }

    /** One of which nothing but the name is known. */
    public static Namespace of(String name) {
      return new Namespace(name, Optional.empty(), Optional.empty());
    }
  }

  /** What came of it. */
  public sealed interface Choice {
    /** The pod belongs to it. */
    record Chosen(String network) implements Choice {}

    /** No network is meant. */
    record NoNetwork(String why) implements Choice {}

    /** The pod gets no interface until someone changes something. */
    record Refused(String why) implements Choice {}
  }

  /**
   * Chooses the network of a pod. Those that are not in force are among them: a pod must wait for
   * its own, and not begin without its interface or in another.
   *
   * @param annotation of the pod
   */
  public static Choice choose(
      IntentReading reading, Namespace namespace, Optional<String> annotation) {
    var named = annotation.or(namespace::annotation);
    if (named.isPresent()) {
      var whose = annotation.isPresent() ? "the pod" : "namespace '" + namespace.name() + "'";
      return named(reading, namespace, named.get(), whose);
    }
    var networks = networks(reading, namespace);
    return switch (networks.size()) {
      case 0 ->
          new Choice.NoNetwork(
              "no Network selects namespace '%s' in spec.namespaces".formatted(namespace.name()));
      case 1 -> new Choice.Chosen(networks.getFirst());
      default ->
          new Choice.Refused(
              "namespace '%s' is selected by the networks %s: keep it in one of them, or name one in the annotation %s"
                  .formatted(namespace.name(), String.join(", ", networks), ANNOTATION));
    };
  }

  /**
   * The choice where neither labels nor an annotation can make another one that is allowed: the
   * networks go by names, and one at most lets the namespace in. Empty where they can.
   */
  public static Optional<Choice> chooseByName(IntentReading reading, String namespace) {
    var known = Namespace.of(namespace);
    boolean byNames =
        all(reading)
            .flatMap(each -> each.spec().namespaces().selector().stream())
            .allMatch(LabelSelector::isOfNamesOnly);
    long letting = all(reading).filter(each -> lets(reading, each, known)).count();
    return byNames && letting == networks(reading, known).size() && letting <= 1
        ? Optional.of(choose(reading, known, Optional.empty()))
        : Optional.empty();
  }

  private static Choice named(
      IntentReading reading, Namespace namespace, String network, String whose) {
    var found = all(reading).filter(each -> each.name().equals(network)).findFirst();
    if (found.isEmpty()) {
      var known = new TreeSet<String>();
      all(reading)
          .filter(each -> lets(reading, each, namespace))
          .forEach(each -> known.add(each.name()));
      return new Choice.Refused(
          "the annotation %s of %s names '%s', and there is no such Network%s"
              .formatted(ANNOTATION, whose, network, Spelling.hint(network, known)));
    }
    return lets(reading, found.get(), namespace)
        ? new Choice.Chosen(network)
        : new Choice.Refused(
            "the annotation %s of %s names Network '%s', which does not let namespace '%s' in: its spec.namespaces says who may"
                .formatted(ANNOTATION, whose, network, namespace.name()));
  }

  /**
   * The choice where the configuration of the CNI plugin names the network. Such a configuration
   * may be the work of who uses a namespace (a NetworkAttachmentDefinition), so a network that says
   * whose it is lets in nobody else; one that says nothing is open to every configuration.
   */
  public static Choice choose(IntentReading reading, Namespace namespace, String configured) {
    var refused =
        all(reading)
            .filter(each -> each.name().equals(configured))
            .anyMatch(
                each ->
                    !each.spec().namespaces().equals(NamespaceSelection.NONE)
                        && !lets(reading, each, namespace));
    return refused
        ? new Choice.Refused(
            "the configuration of the CNI plugin names Network '%s', which does not let namespace '%s' in: its spec.namespaces says who may"
                .formatted(configured, namespace.name()))
        : new Choice.Chosen(configured);
  }

  /** The default network lets nobody in who has one of his own. */
  private static boolean lets(IntentReading reading, Network network, Namespace namespace) {
    return selects(network, namespace)
        || network.spec().namespaces().byDefault() && selecting(reading, namespace).isEmpty();
  }

  private static boolean selects(Network network, Namespace namespace) {
    return network.spec().namespaces().lets(namespace.name(), namespace.labels());
  }

  private static Stream<Network> all(IntentReading reading) {
    return Stream.concat(
        reading.intent().networks().values().stream().map(ResolvedNetwork::network),
        reading.absent().stream());
  }

  /** The networks that select the namespace without being named; it has one where they are one. */
  public static List<String> networks(IntentReading reading, Namespace namespace) {
    var selecting = selecting(reading, namespace);
    return selecting.isEmpty() ? defaults(reading) : selecting;
  }

  /** The cluster's default network; several are none, for who has none of his own. */
  public static List<String> defaults(IntentReading reading) {
    return all(reading)
        .filter(each -> each.spec().namespaces().byDefault())
        .map(Network::name)
        .distinct()
        .sorted()
        .toList();
  }

  private static List<String> selecting(IntentReading reading, Namespace namespace) {
    return all(reading)
        .filter(each -> !each.spec().namespaces().byAnnotation())
        .filter(each -> selects(each, namespace))
        .map(Network::name)
        .distinct()
        .sorted()
        .toList();
  }

  /**
   * What is wrong with namespaces as the API has them, in words: those that several networks select
   * and that name none, and those whose annotation cannot be followed.
   */
  public static List<String> problems(IntentReading reading, Collection<Namespace> namespaces) {
    var problems = new ArrayList<String>();
    for (var namespace : namespaces) {
      if (choose(reading, namespace, Optional.empty()) instanceof Choice.Refused(var why)) {
        problems.add(
            "Namespace %s: %s; its new pods get no interface".formatted(namespace.name(), why));
      }
    }
    return problems;
  }

  /**
   * A namespace that several networks name is a problem of each, and so is a second default; they
   * stand all the same.
   */
  static void report(Collection<NetworkVersion> versions, List<Problem> problems) {
    reportDefaults(versions, problems);
    var named = new TreeMap<String, List<NetworkVersion>>();
    for (var version : versions) {
      if (!version.spec().namespaces().byAnnotation()) {
        for (var namespace : version.spec().namespaces().names()) {
          named.computeIfAbsent(namespace, _ -> new ArrayList<>()).add(version);
        }
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

  private static void reportDefaults(Collection<NetworkVersion> versions, List<Problem> problems) {
    var defaults =
        versions.stream().filter(version -> version.spec().namespaces().byDefault()).toList();
    for (var version : defaults.size() > 1 ? defaults : List.<NetworkVersion>of()) {
      problems.add(
          new Problem(
              version.declared().placeOf("namespaces.default"),
              version.declared().resource().key().toString(),
              "%d networks are the default one, so pods of namespaces that none selects get no interface; keep 'default' in one of them"
                  .formatted(defaults.size())));
    }
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
