package io.weft.kubernetes.yaml;

import io.weft.kubernetes.yaml.YamlNode.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A value that may be absent, to be read as a type. Each reading method answers empty when the
 * value is absent, or when it is not of the type: then it also reports a problem at its place. So
 * {@code orElse(default)} is right after every one: an object with a problem is not used anyway.
 */
public final class YamlValue {
  private final String name;
  private final Place place;
  private final Optional<YamlNode> node;
  private final Problems problems;

  private YamlValue(String name, Place place, Optional<YamlNode> node, Problems problems) {
    this.name = name;
    this.place = place;
    this.node = node;
    this.problems = problems;
  }

  static YamlValue present(String name, YamlNode node, Problems problems) {
    return new YamlValue(name, node.place(), Optional.of(node), problems);
  }

  static YamlValue absent(String name, Place place, Problems problems) {
    return new YamlValue(name, place, Optional.empty(), problems);
  }

  /** True also when the key is there and nothing follows it. */
  public boolean isPresent() {
    return node.isPresent();
  }

  /** True for a number; for values that are a number or a word. */
  public boolean isNumber() {
    return node.filter(n -> n instanceof YamlNode.Scalar(_, var form, _) && form == Form.INTEGER)
        .isPresent();
  }

  /** True for {@code true} and {@code false}; for values that are one of these or a list. */
  public boolean isTruth() {
    return node.filter(n -> n instanceof YamlNode.Scalar(_, var form, _) && form == Form.TRUTH)
        .isPresent();
  }

  /** True for an object; for values that are one or a word. */
  public boolean isMapping() {
    return node.filter(YamlNode.Mapping.class::isInstance).isPresent();
  }

  /** Where the value begins; where it is absent, the object in which it was looked for. */
  public Place place() {
    return place;
  }

  /** Reports a problem at this value. */
  public void report(String message) {
    problems.report(place, message);
  }

  /** Text; a number or a truth value must be in quotes, as on the Kubernetes API. */
  public Optional<String> text() {
    return scalar(Form.TEXT, "text").map(YamlNode.Scalar::text);
  }

  /** A decimal integer without leading zeros (in YAML 1.1 they meant octal), in the bounds. */
  public Optional<Long> integer(long least, long most) {
    return scalar(Form.INTEGER, "a whole number").flatMap(s -> inBounds(s.text(), least, most));
  }

  private Optional<Long> inBounds(String text, long least, long most) {
    if (!text.matches("-?(0|[1-9][0-9]*)")) {
      report(
          name
              + " "
              + Spelling.shortened(text)
              + " must be written without plus sign and leading zeros");
      return Optional.empty();
    }
    boolean good =
        text.length() <= 18 && Long.parseLong(text) >= least && Long.parseLong(text) <= most;
    if (!good) {
      report(name + " " + Spelling.shortened(text) + " is out of " + least + ".." + most);
    }
    return good ? Optional.of(Long.parseLong(text)) : Optional.empty();
  }

  public Optional<Boolean> truth() {
    return scalar(Form.TRUTH, "true or false")
        .map(s -> s.text().toLowerCase(Locale.ROOT).equals("true"));
  }

  /**
   * Text that {@code parse} makes a word of the domain of.
   *
   * @param parse throws IllegalArgumentException with a message for the user
   */
  public <T> Optional<T> word(Function<String, T> parse) {
    return text().flatMap(text -> attempt(() -> Optional.of(parse.apply(text))));
  }

  /** Text that is one of the keys of {@code choices}. */
  public <T> Optional<T> choice(Map<String, T> choices) {
    var text = text();
    var choice = text.map(choices::get);
    if (text.isPresent() && choice.isEmpty()) {
      report(
          name
              + " '"
              + Spelling.shortened(text.get())
              + "' is not known"
              + Spelling.hint(text.get(), choices.keySet()));
    }
    return choice;
  }

  /**
   * An object; a key with nothing behind it is an object without keys. Keys that {@code read} does
   * not ask for are problems, and so is an IllegalArgumentException that it throws, such as a
   * record's constructor does whose fields do not go together.
   *
   * @return empty also when there is a problem anywhere in the object
   */
  public <T> Optional<T> object(Function<YamlObject, Optional<T>> read) {
    int before = problems.count();
    return node.flatMap(this::mapping)
        .flatMap(
            mapping -> {
              var object = new YamlObject(mapping, problems);
              var result = attempt(() -> read.apply(object));
              object.reportUnknownKeys();
              return problems.count() == before ? result : Optional.empty();
            });
  }

  /** The items of a list; none when it is absent or nothing follows its key. */
  public List<YamlValue> each() {
    var values = new ArrayList<YamlValue>();
    node.ifPresent(
        present -> {
          switch (present) {
            case YamlNode.Sequence(_, var items) ->
                items.forEach(item -> values.add(present(name, item, problems)));
            case YamlNode.Scalar(_, var form, _) when form == Form.NOTHING -> {}
            case YamlNode.Scalar _, YamlNode.Mapping _ -> mustBe("a list", present);
          }
        });
    return values;
  }

  /** The items that {@code read} can read. */
  public <T> List<T> each(Function<YamlValue, Optional<T>> read) {
    return each().stream().flatMap(item -> read.apply(item).stream()).toList();
  }

  private <T> Optional<T> attempt(Supplier<Optional<T>> reading) {
    int before = problems.count();
    try {
      return reading.get();
    } catch (IllegalArgumentException e) {
      if (problems.count() == before) { // else it only follows from what is reported already
        report(name + ": " + Spelling.shortened(String.valueOf(e.getMessage()), 300));
      }
      return Optional.empty();
    }
  }

  private Optional<YamlNode.Mapping> mapping(YamlNode present) {
    return switch (present) {
      case YamlNode.Mapping mapping -> Optional.of(mapping);
      case YamlNode.Scalar(var at, var form, _) when form == Form.NOTHING ->
          Optional.of(new YamlNode.Mapping(at, List.of()));
      case YamlNode.Scalar _, YamlNode.Sequence _ -> {
        mustBe("an object", present);
        yield Optional.empty();
      }
    };
  }

  private Optional<YamlNode.Scalar> scalar(Form form, String wanted) {
    return node.flatMap(
        present -> {
          if (present instanceof YamlNode.Scalar scalar && scalar.form() == form) {
            return Optional.of(scalar);
          }
          mustBe(wanted, present);
          return Optional.empty();
        });
  }

  private void mustBe(String wanted, YamlNode present) {
    boolean unquoted =
        wanted.equals("text")
            && present instanceof YamlNode.Scalar(_, var form, _)
            && form != Form.NOTHING;
    report(
        name
            + " must be "
            + wanted
            + ", not "
            + present.description()
            + (unquoted ? "; put it in quotes" : ""));
  }
}
