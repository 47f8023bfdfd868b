package io.weft.kubernetes.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.ResourceReader;
import io.weft.kubernetes.schema.Schema.Choice;
import io.weft.kubernetes.schema.Schema.Either;
import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.Labels;
import io.weft.kubernetes.schema.Schema.ListOf;
import io.weft.kubernetes.schema.Schema.Text;
import io.weft.kubernetes.schema.Schema.Truth;
import io.weft.kubernetes.schema.Schema.Whole;
import io.weft.kubernetes.schema.Schema.WholeOrWord;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlReading;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The tables say what the readers say. Each field is given a value that is wrong in every way, and
 * the reader's complaint tells what it would have taken: its keys, words and bounds.
 */
final class SchemaAndReaderTest {
  private static final String WRONG = "z".repeat(50);

  @ParameterizedTest
  @EnumSource
  void theTableOfAKindSaysWhatItsReaderSays(Kind kind) {
    compare(kind, "", ResourceSchemas.of(kind).spec(), "%s");
  }

  /** {@code around}: the spec in flow style, with {@code %s} for the value in question. */
  private void compare(Kind kind, String path, Schema schema, String around) {
    switch (schema) {
      case Fields(var fields, _) -> {
        var names = new TreeSet<String>();
        fields.forEach(field -> names.add(field.name()));
        assertThat(known(complaint(kind, around, "{" + WRONG + ": 1}", "unknown key '" + WRONG)))
            .as("fields of %s at spec%s: reader and io.weft.kubernetes.schema differ", kind, path)
            .isEqualTo(names);
        var missing =
            fields.stream().filter(Schema.Field::required).map(Schema.Field::name).toList();
        assertThat(
                complaints(kind, around.formatted("{}")).stream()
                    .map(Problem::message)
                    .filter(message -> message.endsWith("is missing; it is required"))
                    .map(message -> message.split("'", -1)[1])
                    .filter(names::contains)) // else it is of the object around
            .as("required fields of %s at spec%s", kind, path)
            .containsExactlyInAnyOrderElementsOf(missing);
        for (var field : fields) {
          compare(
              kind,
              path + "." + field.name(),
              field.schema(),
              around.formatted("{" + field.name() + ": %s}"));
        }
      }
      case ListOf(var item, _) -> {
        complaint(kind, around, WRONG, "must be a list");
        compare(kind, path + "[]", item, around.formatted("[%s]"));
      }
      case Whole(var least, var most) ->
          assertThat(complaint(kind, around, "99999999999999", "is out of"))
              .as("bounds of %s at spec%s", kind, path)
              .contains("is out of " + least + ".." + most);
      case Choice(var words) ->
          assertThat(known(complaint(kind, around, WRONG, "is not known")))
              .as("words of %s at spec%s", kind, path)
              .containsExactlyInAnyOrderElementsOf(words);
      case WholeOrWord(var number, var word) -> {
        compare(kind, path, number, around);
        compare(kind, path, word, around);
      }
      case Text _ -> complaint(kind, around, "{}", "must be text");
      case Truth _ -> complaint(kind, around, WRONG, "must be true or false");
      case Labels _ -> complaint(kind, around, WRONG, "must be an object");
      case Either(Truth _, var other) -> compare(kind, path, other, around);
      case Either(var one, var other) -> {
        complaint(kind, around, "[]", one instanceof Text ? "must be text" : "must be");
        compare(kind, path, other, around);
      }
    }
  }

  private static String complaint(Kind kind, String around, String value, String expected) {
    var text = around.formatted(value);
    var found = complaints(kind, text);
    assertThat(found)
        .as("the reader of %s on spec: %s", kind, text)
        .anyMatch(problem -> problem.message().contains(expected));
    return found.stream()
        .map(Problem::message)
        .filter(message -> message.contains(expected))
        .findFirst()
        .orElseThrow();
  }

  private static List<Problem> complaints(Kind kind, String spec) {
    var text = "{kind: %s, metadata: {name: default}, spec: %s}".formatted(kind.label(), spec);
    if (YamlDocument.parse("t", text) instanceof YamlReading.Documents(var documents)) {
      return ResourceReader.read(documents.getFirst()).problems();
    }
    throw new AssertionError(text);
  }

  /** The list at the end of a complaint. */
  private static TreeSet<String> known(String message) {
    var marker = "; known: ";
    int at = message.indexOf(marker);
    return at < 0
        ? new TreeSet<>()
        : new TreeSet<>(List.of(message.substring(at + marker.length()).split(", ", -1)));
  }
}
