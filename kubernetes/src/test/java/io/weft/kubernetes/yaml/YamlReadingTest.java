package io.weft.kubernetes.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YamlReadingTest {
  private static String unreadable(String text) {
    return YamlDocument.parse("f.yaml", text) instanceof YamlReading.Unreadable(var problem)
        ? problem.toString()
        : "readable";
  }

  private static List<YamlDocument> documents(String text) {
    return ((YamlReading.Documents) YamlDocument.parse("f.yaml", text)).documents();
  }

  private static <T> Optional<T> read(
      String text, Problems problems, Function<YamlObject, Optional<T>> read) {
    return documents(text).getFirst().read(problems, read);
  }

  private static String problemOf(String text, Function<YamlObject, Optional<?>> read) {
    var problems = new Problems("");
    read(text, problems, object -> read.apply(object).map(Object.class::cast));
    assertThat(problems.list()).hasSize(1);
    return problems.list().getFirst().toString();
  }

  @Test
  void anEmptyFileHasNoDocuments() {
    assertThat(documents("")).isEmpty();
    assertThat(documents("# nothing\n---\n---\n...\n")).isEmpty();
    assertThat(documents("---\na: 1\n---\nb: 2\n---\n")).hasSize(2);
  }

  @Test
  void syntaxErrorsHaveTheirPlace() {
    assertThat(unreadable("a: 1\nb: [1, 2\nc: 3\n")).startsWith("f.yaml:3:2: is not YAML: ");
    assertThat(unreadable("a:\n\tb: 1\n")).startsWith("f.yaml:2:1: is not YAML: ").contains("TAB");
    assertThat(unreadable("a: 1\nb: \u0001\n"))
        .isEqualTo("f.yaml:2:4: is not YAML: the character U+0001 is not allowed; remove it");
    assertThat(unreadable("a: *b\n"))
        .isEqualTo(
            "f.yaml:1:4: the alias '*b' has no complete anchor before it in this document;"
                + " write '&b' at what it stands for");
  }

  @Test
  void anAnchorHoldsInItsDocumentOnly() {
    assertThat(unreadable("a: &b 1\n---\na: *b\n")).startsWith("f.yaml:3:4: the alias '*b'");
    assertThat(unreadable("a: &b [*b]\n")).startsWith("f.yaml:1:8: the alias '*b'");
  }

  @Test
  void limitsHold() {
    assertThat(unreadable("a: " + "[".repeat(31) + "]".repeat(31))).isEqualTo("readable");
    assertThat(unreadable("a: " + "[".repeat(100_000)))
        .isEqualTo("f.yaml:1:35: is nested deeper than 32 levels");
    assertThat(unreadable("a: " + "x".repeat(1 << 20)))
        .isEqualTo("f.yaml: is larger than 1 MiB; split it into several files");
    var laughs = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++) {
      laughs.append(
          "a%d: &a%d [%s]\n"
              .formatted(i, i, "*a" + (i - 1) + ", *a".repeat(8).replace("*a", "*a" + (i - 1))));
    }
    assertThat(unreadable(laughs.toString()))
        .startsWith("f.yaml:5:")
        .endsWith("aliases stand for more than 10000 nodes; write them out");
  }

  @Test
  void octetsAreUtf8() {
    var octets = "a: 1\nb: \u00e4x".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(YamlDocument.parse("f.yaml", octets))
        .isEqualTo(
            new YamlReading.Unreadable(
                new Problem(
                    new Place("f.yaml", 2, 4), "", "is not UTF-8; save the file as UTF-8")));
    var marked = "\ufeffa: 1".getBytes(StandardCharsets.UTF_8);
    assertThat(YamlDocument.parse("f.yaml", marked)).isInstanceOf(YamlReading.Documents.class);
    var cut = "a: \u00e4".getBytes(StandardCharsets.UTF_8);
    assertThat(YamlDocument.parse("f.yaml", java.util.Arrays.copyOf(cut, cut.length - 1)))
        .isInstanceOf(YamlReading.Unreadable.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a: x          | f.yaml:1:4: a must be a whole number, not the text 'x'
          a: '5'        | f.yaml:1:4: a must be a whole number, not the text '5'
          a: 1.5        | f.yaml:1:4: a must be a whole number, not the number 1.5
          a: [5]        | f.yaml:1:4: a must be a whole number, not a list
          a: {b: 5}     | f.yaml:1:4: a must be a whole number, not an object
          a:            | f.yaml:1:3: a must be a whole number, not empty
          a: true       | f.yaml:1:4: a must be a whole number, not the truth value true
          a: 010        | f.yaml:1:4: a 010 must be written without plus sign and leading zeros
          a: 0          | f.yaml:1:4: a 0 is out of 1..9
          a: -3         | f.yaml:1:4: a -3 is out of 1..9
          a: 99999999999999999999 | f.yaml:1:4: a 99999999999999999999 is out of 1..9
          b: 1          | f.yaml:1:1: 'a' is missing; it is required
          """)
  void integers(String text, String problem) {
    var problems = new Problems("");
    read(text, problems, o -> o.required("a").integer(1, 9));
    assertThat(problems.list().getFirst()).hasToString(problem);
  }

  @Test
  void otherTypes() {
    assertThat(problemOf("a: 100", o -> o.optional("a").text()))
        .isEqualTo("f.yaml:1:4: a must be text, not the number 100; put it in quotes");
    assertThat(problemOf("a: yes", o -> o.optional("a").truth()))
        .isEqualTo("f.yaml:1:4: a must be true or false, not the text 'yes'");
    assertThat(problemOf("a: 1", o -> Optional.of(o.optional("a").each())))
        .isEqualTo("f.yaml:1:4: a must be a list, not the number 1");
    assertThat(problemOf("a: [1]", o -> o.optional("a").object(_ -> Optional.of(1))))
        .isEqualTo("f.yaml:1:4: a must be an object, not a list");
    assertThat(problemOf("a: rde", o -> o.optional("a").choice(Map.of("red", 1))))
        .isEqualTo("f.yaml:1:4: a 'rde' is not known; did you mean 'red'?");
    assertThat(problemOf("- a", o -> Optional.of(1)))
        .isEqualTo("f.yaml:1:1: the document must be an object, not a list");
  }

  @Test
  void unknownKeysAreGuessed() {
    Function<YamlObject, Optional<?>> vni =
        o -> {
          o.optional("vni");
          return o.optional("subnets").text();
        };
    assertThat(problemOf("vin: 5", vni))
        .isEqualTo("f.yaml:1:1: unknown key 'vin'; did you mean 'vni'?");
    assertThat(problemOf("Subnet: 5", vni))
        .isEqualTo("f.yaml:1:1: unknown key 'Subnet'; did you mean 'subnets'?");
    assertThat(problemOf("colour: 5", vni))
        .isEqualTo("f.yaml:1:1: unknown key 'colour'; known: vni, subnets");
  }

  @Test
  void wellFormedYamlThatIsRefused() {
    assertThat(
            problemOf(
                "a: 1\nb: 2\na: 3",
                o -> {
                  o.optional("b");
                  return o.optional("a").integer(1, 9);
                }))
        .isEqualTo("f.yaml:3:1: key 'a' is already given at line 1");
    assertThat(problemOf("a: !date x", o -> o.optional("a").text()))
        .isEqualTo("f.yaml:1:4: the tag '!date' has no meaning here; remove it");
    assertThat(problemOf("? [a]\n: 1", o -> Optional.of(1)))
        .isEqualTo("f.yaml:1:3: a key must be text, not a list");
  }

  @Test
  void aWordThatARecordRefusesIsAProblemOfTheObject() {
    assertThat(
            problemOf(
                "a:\n  b: 1",
                o ->
                    o.optional("a")
                        .object(
                            inner -> {
                              inner.optional("b");
                              throw new IllegalArgumentException("does not go together");
                            })))
        .isEqualTo("f.yaml:2:3: a: does not go together");
  }

  @Test
  void everythingWrongIsReportedAtOnce() {
    var problems = new Problems("Thing x");
    var thing =
        read(
            "a: x\nb: [1, z, 99]\nc: 1\n",
            problems,
            o -> {
              o.optional("a").integer(0, 1);
              return Optional.of(o.optional("b").each(v -> v.integer(0, 9)));
            });
    assertThat(thing).isEmpty();
    assertThat(problems.list())
        .extracting(Problem::toString)
        .containsExactly(
            "f.yaml:1:4: Thing x: a must be a whole number, not the text 'x'",
            "f.yaml:2:8: Thing x: b must be a whole number, not the text 'z'",
            "f.yaml:2:11: Thing x: b 99 is out of 0..9",
            "f.yaml:3:1: Thing x: unknown key 'c'; known: a, b");
  }

  @Test
  void aliasesAndQuotesRead() {
    var problems = new Problems("");
    var words =
        read(
            "a: &x '10'\nb: [*x, \"y\", !!str 7]",
            problems,
            o -> {
              o.optional("a");
              return Optional.of(o.optional("b").each(YamlValue::text));
            });
    assertThat(problems.list()).isEmpty();
    assertThat(words.orElseThrow()).containsExactly("10", "y", "7");
  }
}
