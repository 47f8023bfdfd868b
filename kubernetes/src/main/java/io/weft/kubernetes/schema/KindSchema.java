package io.weft.kubernetes.schema;

import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.schema.Schema.Fields;
import java.util.List;
import java.util.Locale;

/**
 * A kind, as the API server is told of it. All kinds are cluster-wide.
 *
 * @param shortNames for {@code kubectl get}
 * @param specRequired an object without a spec means nothing
 * @param status what is written back; every kind has conditions
 * @param columns of {@code kubectl get}, besides name and age
 */
public record KindSchema(
    Kind kind,
    List<String> shortNames,
    String description,
    Fields spec,
    boolean specRequired,
    Fields status,
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
    return kind.label().toLowerCase(Locale.ROOT);
  }

  public String plural() {
    return singular() + "s";
  }
}
