package io.weft.kubernetes.schema;

import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.Rule;
import java.util.List;
import java.util.Locale;

/**
 * A kind, as the API server is told of it. All kinds are cluster-wide.
 *
 * @param label its name: {@code Network}
 * @param shortNames for {@code kubectl get}
 * @param specRequired an object without a spec means nothing
 * @param status what is written back; without fields: nothing
 * @param nameRule what the names of objects must be
 * @param columns of {@code kubectl get}, besides name and age
 */
public record KindSchema(
    String label,
    List<String> shortNames,
    String description,
    Fields spec,
    boolean specRequired,
    Fields status,
    Rule nameRule,
    List<Column> columns) {
  public KindSchema {
    shortNames = List.copyOf(shortNames);
    columns = List.copyOf(columns);
  }

  /**
   * A column of {@code kubectl get}.
   *
   * @param type string or integer
   * @param path in the object, of JSONPath
   */
  public record Column(String name, String type, String path) {}

  public String singular() {
    return label.toLowerCase(Locale.ROOT);
  }

  public String plural() {
    return singular() + "s";
  }
}
