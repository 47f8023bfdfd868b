package io.weft.kubernetes.yaml;

import java.util.List;
import java.util.Optional;

/** What stands in a document, with places, before anyone says what it should be. */
public sealed interface YamlNode {
  /** Where it begins; for what an alias stands for, where the anchor is. */
  Place place();

  /** What a scalar is by the core schema of YAML 1.2 (§10.3.2). */
  enum Form {
    TEXT,
    INTEGER,
    OTHER_NUMBER,
    TRUTH,
    NOTHING
  }

  /** A scalar; {@code text} is without quotes. */
  record Scalar(Place place, Form form, String text) implements YamlNode {}

  record Sequence(Place place, List<YamlNode> items) implements YamlNode {
    public Sequence {
      items = List.copyOf(items);
    }
  }

  /** Entries in the order of the file, each key once. */
  record Mapping(Place place, List<Entry> entries) implements YamlNode {
    public Mapping {
      entries = List.copyOf(entries);
    }

    public Optional<Entry> find(String key) {
      return entries.stream().filter(entry -> entry.key().equals(key)).findFirst();
    }
  }

  record Entry(String key, Place keyPlace, YamlNode value) {}

  /** For messages: what the user wrote instead of what was wanted. */
  default String description() {
    return switch (this) {
      case Mapping _ -> "an object";
      case Sequence _ -> "a list";
      case Scalar(_, var form, var text) ->
          switch (form) {
            case TEXT -> "the text '" + Spelling.shortened(text) + "'";
            case INTEGER, OTHER_NUMBER -> "the number " + Spelling.shortened(text);
            case TRUTH -> "the truth value " + text;
            case NOTHING -> "empty";
          };
    };
  }
}
