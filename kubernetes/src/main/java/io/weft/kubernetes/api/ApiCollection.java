package io.weft.kubernetes.api;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Objects of one kind that are listed and watched together.
 *
 * @param path such as {@code /apis/weft.io/v1alpha1/networks}
 * @param selectors {@code fieldSelector} and {@code labelSelector}
 * @param metadataOnly the server leaves everything but the metadata out (PartialObjectMetadata)
 */
public record ApiCollection(
    String path, SortedMap<String, String> selectors, boolean metadataOnly) {
  public ApiCollection {
    selectors = Collections.unmodifiableSortedMap(new TreeMap<>(selectors));
  }

  /** All objects at the path. */
  public static ApiCollection of(String path) {
    return new ApiCollection(path, new TreeMap<>(), false);
  }

  /** All objects at the path, of which only names, labels and annotations are of interest. */
  public static ApiCollection metadataOf(String path) {
    return new ApiCollection(path, new TreeMap<>(), true);
  }

  /** Those whose field has the value, such as {@code spec.nodeName}. */
  public ApiCollection where(String field, String value) {
    var next = new TreeMap<>(selectors);
    next.merge("fieldSelector", field + "=" + value, (one, two) -> one + "," + two);
    return new ApiCollection(path, next, metadataOnly);
  }

  /** True when a field selects them. */
  boolean isOfField() {
    return selectors.containsKey("fieldSelector");
  }

  /** Those whose label has the value. */
  public ApiCollection labelled(String label, String value) {
    var next = new TreeMap<>(selectors);
    next.merge("labelSelector", label + "=" + value, (one, two) -> one + "," + two);
    return new ApiCollection(path, next, metadataOnly);
  }

  /** The path of one object; of a cluster-wide kind, or of a path with the namespace in it. */
  public String item(String name) {
    return path + "/" + name;
  }

  /** The path with the selectors and further parameters. */
  String query(Map<String, String> parameters) {
    var all = new TreeMap<>(selectors);
    all.putAll(parameters);
    var text = new StringBuilder(path);
    char separator = '?';
    for (var each : all.entrySet()) {
      text.append(separator)
          .append(each.getKey())
          .append('=')
          .append(URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8));
      separator = '&';
    }
    return text.toString();
  }
}
