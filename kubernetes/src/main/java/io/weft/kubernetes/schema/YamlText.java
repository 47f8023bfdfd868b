package io.weft.kubernetes.schema;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Writes maps, lists, text, numbers and truth values as YAML, in the order that they have. */
final class YamlText {
  /** Text that needs no quotes, whatever the version of YAML. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z][A-Za-z0-9 ._/-]*[A-Za-z0-9.]");

  private static final List<String> WORDS =
      List.of("true", "false", "null", "yes", "no", "on", "off");

  private final StringBuilder out = new StringBuilder();

  private YamlText() {}

  static String of(Map<String, ?> document) {
    var text = new YamlText();
    text.mapping(document, 0);
    return text.out.toString();
  }

  private void mapping(Map<?, ?> map, int indent) {
    boolean first = true;
    for (var entry : map.entrySet()) {
      if (!first) {
        out.append(" ".repeat(indent));
      }
      first = false;
      out.append(scalar(entry.getKey())).append(':');
      below(entry.getValue(), indent);
    }
  }

  private void below(Object value, int indent) {
    switch (value) {
      case Map<?, ?> map when map.isEmpty() -> out.append(" {}\n");
      case Map<?, ?> map -> {
        out.append('\n').append(" ".repeat(indent + 2));
        mapping(map, indent + 2);
      }
      case List<?> list when list.isEmpty() -> out.append(" []\n");
      case List<?> list -> {
        out.append('\n');
        for (var item : list) {
          out.append(" ".repeat(indent)).append("- ");
          if (item instanceof Map<?, ?> map) {
            mapping(map, indent + 2);
          } else {
            out.append(scalar(item)).append('\n');
          }
        }
      }
      default -> out.append(' ').append(scalar(value)).append('\n');
    }
  }

  private static String scalar(Object value) {
    if (!(value instanceof String text)) {
      return String.valueOf(value);
    }
    return PLAIN.matcher(text).matches() && !WORDS.contains(text.toLowerCase(java.util.Locale.ROOT))
        ? text
        : "'" + text.replace("'", "''") + "'";
  }
}
