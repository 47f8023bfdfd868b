package io.weft.checks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What can only be seen in source files: how long they are, and how a package presents itself. */
public final class SourceRules {
  /** The most lines that a file of Java may have. */
  public static final int MOST_LINES = 500;

  private static final Pattern JAVADOC_SENTENCE =
      Pattern.compile("/\\*\\*[^.]*\\w[^.]*\\..*?\\*/", Pattern.DOTALL);
  private static final Pattern NULL_MARKED =
      Pattern.compile("^@(org\\.jspecify\\.annotations\\.)?NullMarked\\b", Pattern.MULTILINE);

  private SourceRules() {}

  /** The files that are too long to be read at one sitting. */
  public static List<Violation> lengths(List<Path> sources) {
    var violations = new ArrayList<Violation>();
    for (Path source : sources) {
      long lines = CodeBase.read(source).lines().count();
      if (lines > MOST_LINES) {
        violations.add(
            new Violation(
                "length",
                source.toString(),
                lines + " lines, at most " + MOST_LINES + ": split it"));
      }
    }
    return violations;
  }

  /**
   * The packages with a class in them whose {@code package-info.java} is missing, says no sentence
   * of purpose, or does not make null an error.
   */
  public static List<Violation> packages(List<Path> sources) {
    var directories = new TreeSet<Path>();
    for (Path source : sources) {
      if (!source.endsWith("package-info.java")) {
        directories.add(source.resolveSibling("package-info.java"));
      }
    }
    var violations = new ArrayList<Violation>();
    for (Path file : directories) {
      String text = Files.exists(file) ? CodeBase.read(file) : "";
      if (text.isEmpty()) {
        violations.add(new Violation("package", file.toString(), "is missing"));
        continue;
      }
      if (!JAVADOC_SENTENCE.matcher(text).find()) {
        violations.add(
            new Violation("package", file.toString(), "has no Javadoc sentence of purpose"));
      }
      if (!NULL_MARKED.matcher(text).find()) {
        violations.add(new Violation("package", file.toString(), "is not @NullMarked"));
      }
    }
    return violations;
  }
}
