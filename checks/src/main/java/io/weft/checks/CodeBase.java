package io.weft.checks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The repository as the checks see it: its modules, their compiled main classes and their main
 * sources.
 *
 * @param root the directory of the topmost {@code pom.xml}
 */
public record CodeBase(Path root) {
  private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");

  /** The repository that {@code inside} is a directory of. */
  public static CodeBase around(Path inside) {
    for (Path at = inside.toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.exists(at.resolve("pom.xml")) && Files.isDirectory(at.resolve("net"))) {
        return new CodeBase(at);
      }
    }
    throw new IllegalStateException("no repository around " + inside.toAbsolutePath());
  }

  /** The modules that the topmost {@code pom.xml} lists, in its order. */
  public List<String> modules() {
    return MODULE
        .matcher(read(root.resolve("pom.xml")))
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  /** The compiled main classes of a module. Empty when it has not been compiled. */
  public List<ClassModel> classes(String module) {
    return files(root.resolve(module).resolve("target/classes"), ".class").stream()
        .map(CodeBase::parse)
        .toList();
  }

  /** The main sources of all modules. */
  public List<Path> sources() {
    return sources("src/main/java");
  }

  /** The sources of the tests of all modules. */
  public List<Path> testSources() {
    return sources("src/test/java");
  }

  private List<Path> sources(String under) {
    return modules().stream()
        .flatMap(module -> files(root.resolve(module).resolve(under), ".java").stream())
        .toList();
  }

  /** The files under a directory whose names end so, sorted; none where there is no directory. */
  static List<Path> files(Path directory, String suffix) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ClassModel parse(Path file) {
    try {
      return ClassFile.of().parse(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
