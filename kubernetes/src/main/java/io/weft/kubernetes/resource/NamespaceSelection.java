package io.weft.kubernetes.resource;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The namespaces whose pods may be in a network: nobody else's pods ever are, whatever they ask
 * for.
 *
 * @param names each once; at most {@link NetworkSpec#MAX_NAMESPACES}
 * @param selector further ones, by their labels
 * @param byAnnotation their pods are in it only where they, or their namespace, name it
 * @param byDefault besides, those that no other network selects: it is the cluster's default one
 */
public record NamespaceSelection(
    List<String> names, Optional<LabelSelector> selector, boolean byAnnotation, boolean byDefault) {
  /** No namespace's. */
  public static final NamespaceSelection NONE =
      new NamespaceSelection(List.of(), Optional.empty(), false, false);

  public NamespaceSelection {
    names = List.copyOf(names);
    names.forEach(Metadata::requireLabel);
  }

  /**
   * True when pods of the namespace may be in the network, whatever other networks select.
   *
   * @param labels empty where they are not known: then only a selector that needs none counts
   */
  public boolean lets(String namespace, Optional<Map<String, String>> labels) {
    return names.contains(namespace)
        || selector
            .filter(
                asked ->
                    labels
                        .map(asked::matches)
                        .orElseGet(
                            () ->
                                asked.isOfNamesOnly()
                                    && asked.matches(Map.of(LabelSelector.NAME_LABEL, namespace))))
            .isPresent();
  }
}
