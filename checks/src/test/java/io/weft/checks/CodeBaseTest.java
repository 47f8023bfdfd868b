package io.weft.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.ClassModel;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every rule over every module, as compiled. */
class CodeBaseTest {
  private static final CodeBase CODE = CodeBase.around(Path.of(""));

  static List<String> modules() {
    return CODE.modules();
  }

  @ParameterizedTest
  @ValueSource(strings = {"net", "bgp", "bfd", "overlay", "simulation"})
  void aPureModuleHasNoClockThreadOrOtherWorld(String module) {
    assertThat(classes(module)).flatMap(PurityRule::check).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"net", "bgp", "bfd", "overlay", "simulation"})
  void aPureModuleNeverGoesInTheOrderOfHashes(String module) {
    assertThat(classes(module)).flatMap(HashOrderRule::check).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void dependenciesPointInward(String module) {
    assertThat(ArrowRule.knows(module)).isTrue();
    assertThat(classes(module)).flatMap(ArrowRule::check).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void everyClassLivesInThePackageOfItsModule(String module) {
    assertThat(classes(module))
        .allMatch(m -> References.name(m).startsWith("io.weft." + module + "."));
  }

  @ParameterizedTest
  @MethodSource("modules")
  void namesSayWhatAThingIs(String module) {
    assertThat(classes(module)).flatMap(NameRule::check).isEmpty();
  }

  @Test
  void everyPackageSaysItsPurposeAndRefusesNull() {
    assertThat(SourceRules.packages(CODE.sources())).isEmpty();
  }

  @Test
  void noFileIsTooLong() {
    assertThat(CODE.sources()).isNotEmpty();
    assertThat(SourceRules.lengths(CODE.sources())).isEmpty();
    assertThat(CODE.testSources()).isNotEmpty();
    assertThat(SourceRules.lengths(CODE.testSources())).isEmpty();
  }

  /** Never empty: package-info compiles to a class, so a module without any was not compiled. */
  private static List<ClassModel> classes(String module) {
    var classes = CODE.classes(module);
    assertThat(classes).as("compiled classes of " + module).isNotEmpty();
    return classes;
  }
}
