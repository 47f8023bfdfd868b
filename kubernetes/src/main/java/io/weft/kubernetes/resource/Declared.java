package io.weft.kubernetes.resource;

import io.weft.kubernetes.yaml.Place;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A resource and where it was declared.
 *
 * @param place of its name
 * @param fields places of what may clash with other resources: {@code tenant}, {@code vni}, {@code
 *     subnets[0]} and so on
 */
public record Declared(Resource resource, Place place, SortedMap<String, Place> fields) {
  public Declared {
    fields = Collections.unmodifiableSortedMap(new TreeMap<>(fields));
  }

  /** The place of a field; of the name where the field was not given. */
  public Place placeOf(String field) {
    return fields.getOrDefault(field, place);
  }
}
