package io.weft.kubernetes.resource;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which objects are meant, by their labels, as Kubernetes says it (LabelSelector of
 * meta.k8s.io/v1): all of it must hold; with nothing in it, it means all objects.
 */
public record LabelSelector(
    SortedMap<String, String> matchLabels, List<Requirement> matchExpressions) {
  /** Labels and expressions at most, together. */
  public static final int MAX_REQUIREMENTS = 64;

  /** Values of one expression at most. */
  public static final int MAX_VALUES = 256;

  /** The label that the API server gives each namespace: its name. */
  public static final String NAME_LABEL = "kubernetes.io/metadata.name";

  /** What is asked of one label. */
  public enum Operator {
    IN("In"),
    NOT_IN("NotIn"),
    EXISTS("Exists"),
    DOES_NOT_EXIST("DoesNotExist");

    /** As they are written. */
    static final SortedMap<String, Operator> BY_LABEL = byLabel();

    private final String label;

    Operator(String label) {
      this.label = label;
    }

    private static SortedMap<String, Operator> byLabel() {
      var operators = new TreeMap<String, Operator>();
      for (var operator : values()) {
        operators.put(operator.label, operator);
      }
      return Collections.unmodifiableSortedMap(operators);
    }

    boolean hasValues() {
      return this == IN || this == NOT_IN;
    }
  }

  /**
   * One requirement.
   *
   * @param values one or more for {@code In} and {@code NotIn}, else none
   */
  public record Requirement(String key, Operator operator, List<String> values) {
    public Requirement {
      values = List.copyOf(values);
      if (operator.hasValues() == values.isEmpty()) {
        throw new IllegalArgumentException(
            values.isEmpty()
                ? "operator %s needs values".formatted(operator.label)
                : "operator %s has no values".formatted(operator.label));
      }
    }

    /** As Kubernetes has it: {@code NotIn} also holds where the label is missing. */
    boolean matches(Map<String, String> labels) {
      var value = labels.get(key);
      return switch (operator) {
        case IN -> value != null && values.contains(value);
        case NOT_IN -> value == null || !values.contains(value);
        case EXISTS -> value != null;
        case DOES_NOT_EXIST -> value == null;
      };
    }
  }

  public LabelSelector {
    matchLabels = Collections.unmodifiableSortedMap(new TreeMap<>(matchLabels));
    matchExpressions = List.copyOf(matchExpressions);
  }

  /** True for an object with these labels. */
  public boolean matches(Map<String, String> labels) {
    return matchLabels.entrySet().stream()
            .allMatch(each -> each.getValue().equals(labels.get(each.getKey())))
        && matchExpressions.stream().allMatch(each -> each.matches(labels));
  }

  /** True when it asks for the name of a namespace only, or for nothing. */
  public boolean isOfNamesOnly() {
    return matchLabels.keySet().stream().allMatch(NAME_LABEL::equals)
        && matchExpressions.stream().allMatch(each -> each.key().equals(NAME_LABEL));
  }
}
