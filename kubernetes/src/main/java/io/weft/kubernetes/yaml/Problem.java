package io.weft.kubernetes.yaml;

import java.util.Comparator;

/**
 * Something the user must mend in a file.
 *
 * @param object whose it is, such as {@code Network red-web}; empty when that is not known
 * @param message what is wrong, why, and what to do; one line without a full stop
 */
public record Problem(Place place, String object, String message) implements Comparable<Problem> {
  private static final Comparator<Problem> ORDER =
      Comparator.comparing(Problem::place)
          .thenComparing(Problem::object)
          .thenComparing(Problem::message);

  public String file() {
    return place.file();
  }

  public int line() {
    return place.line();
  }

  public int column() {
    return place.column();
  }

  @Override
  public int compareTo(Problem other) {
    return ORDER.compare(this, other);
  }

  /** {@code fabric.yaml:12:7: Network red-web: vni 16777216 is out of 1..16777215}. */
  @Override
  public String toString() {
    return place + ": " + (object.isEmpty() ? "" : object + ": ") + message;
  }
}
