package io.weft.kubernetes.schema;

import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.schema.Schema.Choice;
import io.weft.kubernetes.schema.Schema.Either;
import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.Labels;
import io.weft.kubernetes.schema.Schema.ListOf;
import io.weft.kubernetes.schema.Schema.Text;
import io.weft.kubernetes.schema.Schema.Truth;
import io.weft.kubernetes.schema.Schema.Whole;
import io.weft.kubernetes.schema.Schema.WholeOrWord;
import java.util.List;
import java.util.stream.Collectors;

/** The reference of all resources for users, as Markdown. */
public final class Reference {
  private final StringBuilder out = new StringBuilder();

  private Reference() {}

  public static String markdown(List<KindSchema> kinds) {
    var reference = new Reference();
    reference.line("# Resources: every field");
    reference.line("");
    reference.line(
        "<!-- Made of io.weft.kubernetes.schema; do not edit (make resources writes it again)."
            + " -->");
    reference.line("");
    reference.line(
        "Group `%s`, version `%s`; all kinds are cluster-wide. The same objects are read from a directory of YAML files and from the"
            .formatted(Resource.GROUP, Resource.VERSION));
    reference.line(
        "Kubernetes API. `kubectl explain networks.spec` says the same as this page. A star marks a"
            + " field that must be there.");
    for (var kind : kinds) {
      reference.kind(kind);
    }
    return reference.out.toString();
  }

  private void kind(KindSchema kind) {
    line("");
    line("## " + kind.label());
    line(kind.description());
    if (!kind.shortNames().isEmpty()) {
      line(
          "Short: "
              + kind.shortNames().stream().map(n -> "`" + n + "`").collect(Collectors.joining(", "))
              + ".");
    }
    line("");
    line("| field | value | meaning |");
    line("| --- | --- | --- |");
    rows("spec", kind.spec());
    rows("status", kind.status());
    var rules = new java.util.TreeSet<String>();
    rules(kind.spec(), rules);
    if (!rules.isEmpty()) {
      line("");
      line("The API server refuses what breaks one of these rules:");
      rules.forEach(rule -> line("- " + rule));
    }
  }

  private static void rules(Schema schema, java.util.SortedSet<String> into) {
    switch (schema) {
      case Fields(var fields, var rules) -> {
        rules.forEach(rule -> into.add(rule.message()));
        fields.forEach(field -> rules(field.schema(), into));
      }
      case ListOf(var item, _) -> rules(item, into);
      case Text _, Choice _, Whole _, WholeOrWord _, Truth _, Labels _, Either _ -> {}
    }
  }

  private void rows(String path, Fields fields) {
    for (var field : fields.fields()) {
      var name = path + "." + field.name();
      line(
          "| `%s`%s | %s | %s |"
              .formatted(
                  name, field.required() ? " *" : "", value(field.schema()), field.description()));
      inside(name, field.schema());
    }
  }

  private void inside(String name, Schema schema) {
    switch (schema) {
      case Fields fields -> rows(name, fields);
      case ListOf(var item, _) -> inside(name + "[]", item);
      case Either(_, var other) -> inside(name, other);
      case Text _, Choice _, Whole _, WholeOrWord _, Truth _, Labels _ -> {}
    }
  }

  private static String value(Schema schema) {
    return switch (schema) {
      case Text(_, _, var form) -> form;
      case Choice(var words) ->
          words.stream().map(w -> "`" + w + "`").collect(Collectors.joining(", "));
      case Whole(var least, var most) -> most == Long.MAX_VALUE ? "number" : least + ".." + most;
      case WholeOrWord(var number, var word) -> value(number) + ", " + value(word);
      case Truth _ -> "`true`, `false`";
      case Labels _ -> "labels";
      case ListOf(var item, var most) -> "list of " + value(item) + "; at most " + most;
      case Fields _ -> "object";
      case Either(var one, var other) -> value(one) + ", or " + value(other);
    };
  }

  private void line(String text) {
    out.append(text).append('\n');
  }
}
