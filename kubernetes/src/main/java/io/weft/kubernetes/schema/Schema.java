package io.weft.kubernetes.schema;

import java.util.ArrayList;
import java.util.List;

/** What a value may be, as far as the API server can be told. */
public sealed interface Schema {
  /**
   * Text.
   *
   * @param pattern that all of it must match, of RE2; empty: any
   * @param most characters
   * @param form for people: {@code PREFIX}
   */
  record Text(String pattern, int most, String form) implements Schema {}

  /** One of the words. */
  record Choice(List<String> words) implements Schema {
    public Choice {
      words = List.copyOf(words);
    }
  }

  /** A whole number. */
  record Whole(long least, long most) implements Schema {}

  /** A whole number, or one of the words. */
  record WholeOrWord(Whole number, Choice word) implements Schema {}

  record Truth() implements Schema {}

  /** A list; {@code most} items. */
  record ListOf(Schema item, int most) implements Schema {}

  /** Any names with text each: labels. */
  record Labels() implements Schema {}

  /** An object. */
  record Fields(List<Field> fields, List<Rule> rules) implements Schema {
    public Fields {
      fields = List.copyOf(fields);
      rules = List.copyOf(rules);
    }

    static Fields of(Field... fields) {
      return new Fields(List.of(fields), List.of());
    }

    /** The same with one more rule, in CEL; {@code message} is for the user. */
    Fields where(String expression, String message) {
      var next = new ArrayList<>(rules);
      next.add(new Rule(expression, message));
      return new Fields(fields, next);
    }
  }

  /**
   * One or the other. A structural schema cannot say that, so the server takes anything here, and
   * the reader tells what is wrong.
   */
  record Either(Schema one, Schema other) implements Schema {}

  /**
   * A field of an object.
   *
   * @param description in one sentence, with the default
   */
  record Field(String name, Schema schema, boolean required, String description) {
    static Field optional(String name, Schema schema, String description) {
      return new Field(name, schema, false, description);
    }

    static Field required(String name, Schema schema, String description) {
      return new Field(name, schema, true, description);
    }
  }

  /** What the server checks besides, in CEL. */
  record Rule(String expression, String message) {}
}
