package io.weft.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.checks.broken.AddressUtil;
import io.weft.checks.broken.HashOrdered;
import io.weft.checks.broken.Impure;
import io.weft.checks.broken.Pure;
import io.weft.net.broken.ReachesUp;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule finds the fixture that breaks it: none passes because it is blind. */
class RulesTest {
  static Stream<Class<?>> impure() {
    return Stream.of(Impure.class.getDeclaredClasses());
  }

  static Stream<Class<?>> hashOrdered() {
    return Stream.of(HashOrdered.class.getDeclaredClasses());
  }

  @ParameterizedTest
  @MethodSource("impure")
  void purityFindsEveryImpureClass(Class<?> fixture) {
    assertThat(PurityRule.check(compiled(fixture))).isNotEmpty();
  }

  @ParameterizedTest
  @MethodSource("hashOrdered")
  void hashOrderFindsEveryHashOrderedClass(Class<?> fixture) {
    assertThat(HashOrderRule.check(compiled(fixture))).isNotEmpty();
  }

  @Test
  void bothLetOrdinaryCodePass() {
    for (Class<?> fixture :
        List.of(
            Pure.class, Pure.class.getDeclaredClasses()[0], Pure.class.getDeclaredClasses()[1])) {
      assertThat(PurityRule.check(compiled(fixture))).isEmpty();
      assertThat(HashOrderRule.check(compiled(fixture))).isEmpty();
    }
  }

  @Test
  void aViolationNamesRuleClassMethodAndReason() {
    assertThat(PurityRule.check(compiled(Impure.ReadsTheClock.class)))
        .extracting(Violation::toString)
        .containsExactly(
            "purity: io.weft.checks.broken.Impure$ReadsTheClock.now:"
                + " java.time.Instant.now is not for a pure module");
  }

  @Test
  void arrowsFindAnUpwardReference() {
    assertThat(ArrowRule.check(compiled(ReachesUp.class)))
        .extracting(Violation::toString)
        .contains(
            "arrows: io.weft.net.broken.ReachesUp.first:"
                + " module net must not know io.weft.bgp.wire.Family");
  }

  @Test
  void arrowsFindAModuleWithoutARow() {
    assertThat(ArrowRule.knows("attic")).isFalse();
  }

  @Test
  void namesFindEmptyWordsOnly() {
    assertThat(NameRule.check(compiled(AddressUtil.class))).hasSize(1);
    assertThat(NameRule.check(compiled(AddressUtil.PeerInfo.class))).hasSize(2);
    assertThat(NameRule.check(compiled(AddressUtil.Database.class))).hasSize(1); // the outer one
  }

  @Test
  void lengthFindsALongFile(@TempDir Path directory) throws IOException {
    Path right =
        Files.writeString(directory.resolve("Right.java"), "\n".repeat(SourceRules.MOST_LINES));
    Path wrong =
        Files.writeString(directory.resolve("Long.java"), "\n".repeat(SourceRules.MOST_LINES + 1));
    assertThat(SourceRules.lengths(List.of(right, wrong)))
        .singleElement()
        .asString()
        .contains("Long.java", "501 lines");
  }

  @Test
  void packagesFindAMissingOrSilentPackageInfo(@TempDir Path directory) throws IOException {
    Path source = Files.writeString(directory.resolve("A.java"), "class A {}");
    Path description = directory.resolve("package-info.java");
    assertThat(SourceRules.packages(List.of(source)))
        .singleElement()
        .asString()
        .contains("package-info.java", "missing");

    Files.writeString(description, "package a;\n");
    assertThat(SourceRules.packages(List.of(source))).hasSize(2);

    Files.writeString(description, "/** */\n@NullMarked\npackage a;\n");
    assertThat(SourceRules.packages(List.of(source))).hasSize(1);

    Files.writeString(description, "/** What it is for. */\n@NullMarked\npackage a;\n");
    assertThat(SourceRules.packages(List.of(source))).isEmpty();
  }

  private static ClassModel compiled(Class<?> fixture) {
    String file = "/" + fixture.getName().replace('.', '/') + ".class";
    try (InputStream in = fixture.getResourceAsStream(file)) {
      return ClassFile.of().parse(in.readAllBytes());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
