package io.weft.kubernetes.yaml;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Guesses what a misspelt word was meant to be. */
public final class Spelling {
  private static final int LONGEST = 60;

  private Spelling() {}

  /**
   * For the end of a message about an unknown word: {@code ; did you mean 'vni'?} when one known
   * word is near, else the list of the known ones.
   */
  public static String hint(String word, Collection<String> known) {
    return nearest(word, known)
        .map(guess -> "; did you mean '" + guess + "'?")
        .orElseGet(
            () ->
                known.isEmpty() ? "; none is known here" : "; known: " + String.join(", ", known));
  }

  /**
   * The known word with the fewest edits, the first of equals; at most one edit in three letters.
   */
  public static Optional<String> nearest(String word, Collection<String> known) {
    if (word.length() > LONGEST) {
      return Optional.empty();
    }
    Optional<String> best = Optional.empty();
    int fewest = Math.min(word.length(), Math.max(1, word.length() / 3) + 1);
    for (var candidate : known) {
      int edits = edits(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
      if (edits < fewest) {
        fewest = edits;
        best = Optional.of(candidate);
      }
    }
    return best;
  }

  /** Levenshtein's distance, two neighbours exchanged counting as one edit. */
  static int edits(String from, String to) {
    var rows = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        rows[i][j] = i == 0 || j == 0 ? i + j : step(from, to, rows, i, j);
      }
    }
    return rows[from.length()][to.length()];
  }

  private static int step(String from, String to, int[][] rows, int i, int j) {
    int exchange = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
    int least =
        Math.min(Math.min(rows[i - 1][j], rows[i][j - 1]) + 1, rows[i - 1][j - 1] + exchange);
    boolean crossed =
        i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1);
    return crossed ? Math.min(least, rows[i - 2][j - 2] + 1) : least;
  }

  /** Keeps a message readable whatever the user wrote. */
  public static String shortened(String text) {
    return shortened(text, LONGEST);
  }

  static String shortened(String text, int most) {
    var line = text.replaceAll("\\p{Cntrl}", " ");
    return line.codePointCount(0, line.length()) <= most
        ? line
        : line.substring(0, line.offsetByCodePoints(0, most)) + "...";
  }
}
