package io.weft.checks;

import java.lang.classfile.ClassModel;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Names say what a thing is. The words that say nothing are refused in packages and class names,
 * there as a word of the camel case: {@code AddressUtil}, not {@code Utility} or {@code Database}.
 */
public final class NameRule {
  private static final String NAME = "names";

  private static final Set<String> EMPTY_WORDS =
      Set.of("util", "utils", "common", "helper", "helpers", "manager", "impl", "data", "info");

  private static final Pattern WORD = Pattern.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+");

  private NameRule() {}

  /** The empty words in the name of {@code model}. */
  public static List<Violation> check(ClassModel model) {
    String name = References.name(model);
    if (name.endsWith(".package-info")) {
      name = name.substring(0, name.lastIndexOf('.')); // the package counts, this word is Java's
    }
    String place = name;
    return Stream.of(name.split("[.$]", -1))
        .flatMap(part -> WORD.matcher(part).results().map(MatchResult::group))
        .filter(word -> EMPTY_WORDS.contains(word.toLowerCase(Locale.ROOT)))
        .map(word -> new Violation(NAME, place, "\"" + word + "\" says nothing: name the thing"))
        .toList();
  }
}
