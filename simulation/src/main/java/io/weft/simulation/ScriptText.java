package io.weft.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The text of scripts: a line that says of what they are, then one for each act, the virtual time
 * in milliseconds and the act. Empty lines, and those that begin with {@code #}, are for people.
 */
final class ScriptText {
  private ScriptText() {}

  /**
   * Reads a script.
   *
   * @param kind the first word of its first line
   * @param first makes a script without acts of the words of the first line
   * @param line makes a line of its time and the words of its act
   * @param with the script with these lines
   * @throws IllegalArgumentException with the number of the line, from 1, and what is wrong with it
   */
  static <S, L> S parse(
      List<String> text,
      String kind,
      Function<List<String>, S> first,
      BiFunction<Long, List<String>, L> line,
      BiFunction<S, List<L>, S> with) {
    Optional<S> script = Optional.empty();
    var lines = new ArrayList<L>();
    for (int i = 0; i < text.size(); i++) {
      var words = List.of(text.get(i).strip().split("\\s+"));
      try {
        if (words.getFirst().isEmpty() || words.getFirst().startsWith("#")) {
          continue;
        }
        if (script.isEmpty()) {
          script = Optional.of(first.apply(words));
        } else {
          lines.add(line(words, line));
        }
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("line " + (i + 1) + ": " + e.getMessage(), e);
      }
    }
    return with.apply(
        script.orElseThrow(
            () -> new IllegalArgumentException("there is no line '" + kind + " ...'")),
        lines);
  }

  private static <L> L line(List<String> words, BiFunction<Long, List<String>, L> line) {
    if (words.size() < 2) {
      throw new IllegalArgumentException("a time in milliseconds and an act are wanted");
    }
    return line.apply(Long.parseLong(words.getFirst()), words.subList(1, words.size()));
  }
}
