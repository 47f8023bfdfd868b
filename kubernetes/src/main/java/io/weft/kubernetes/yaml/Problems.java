package io.weft.kubernetes.yaml;

import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with one object, so that a user sees all of it at once. */
public final class Problems {
  private final String object;
  private final List<Problem> found = new ArrayList<>();

  /** {@code object} as in {@link Problem#object}. */
  public Problems(String object) {
    this.object = object;
  }

  public void report(Place place, String message) {
    found.add(new Problem(place, object, message));
  }

  public int count() {
    return found.size();
  }

  /** In the order of their places, each once. */
  public List<Problem> list() {
    return found.stream().sorted().distinct().toList();
  }
}
