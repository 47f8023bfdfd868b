package io.weft.kubernetes.yaml;

import java.util.Comparator;

/**
 * A place in a file.
 *
 * @param file the name as the user knows it
 * @param line 1 is the first; 0 when the whole file is meant
 * @param column in code points, 1 is the first; 0 when the whole file is meant
 */
public record Place(String file, int line, int column) implements Comparable<Place> {
  private static final Comparator<Place> ORDER =
      Comparator.comparing(Place::file)
          .thenComparingInt(Place::line)
          .thenComparingInt(Place::column);

  /** The file as a whole. */
  public static Place of(String file) {
    return new Place(file, 0, 0);
  }

  @Override
  public int compareTo(Place other) {
    return ORDER.compare(this, other);
  }

  /** {@code fabric.yaml:12:7}, or {@code fabric.yaml} for the whole file. */
  @Override
  public String toString() {
    return line == 0 ? file : file + ":" + line + ":" + column;
  }
}
