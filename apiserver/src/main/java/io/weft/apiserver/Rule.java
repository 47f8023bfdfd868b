package io.weft.apiserver;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A validation rule in the Common Expression Language (cel-spec, "Language Definition"), as far as
 * Weft's rules go: logic, comparison, sums, lists, {@code has}, {@code exists}, {@code exists_one},
 * {@code all}, {@code filter}, {@code size}, {@code contains}, {@code matches}, {@code replace} and
 * {@code int}. Integers, texts, truth values, lists and objects.
 */
final class Rule {
  /** What a name stands for; throws {@link Wrong} where the value is not there. */
  private interface Term {
    JsonNode of(Map<String, JsonNode> names);
  }

  /** A rule that cannot be evaluated for an object does not hold for it. */
  private static final class Wrong extends RuntimeException {
    private static final long serialVersionUID = 1;

    Wrong(String why) {
      super(why, null, false, false);
    }
  }

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(\\|\\||&&|[=!<>]=|[-+!<>?:.,()\\[\\]]|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|'[^']*')");

  private final Term term;

  private Rule(Term term) {
    this.term = term;
  }

  /**
   * Reads a rule.
   *
   * @throws IllegalArgumentException when it is none, or has what is not known here
   */
  static Rule of(String text) {
    return new Rule(new Parser(text).whole());
  }

  /** Whether it holds. */
  boolean holds(JsonNode self) {
    try {
      return truth(term.of(Map.of("self", self)));
    } catch (Wrong _) {
      return false;
    }
  }

  private static boolean truth(JsonNode value) {
    if (!value.isBoolean()) {
      throw new Wrong(value + " is neither true nor false");
    }
    return value.asBoolean();
  }

  private static final class Parser {
    private final String text;
    private final List<String> tokens = new ArrayList<>();

    /** The names that stand for something where the parser is. */
    private final Deque<String> known = new ArrayDeque<>(List.of("self"));

    private int at;

    Parser(String text) {
      this.text = text;
      var matcher = TOKEN.matcher(text);
      int end = 0;
      while (matcher.lookingAt()) {
        tokens.add(matcher.group(1));
        end = matcher.end();
        matcher.region(end, text.length());
      }
      if (!text.substring(end).isBlank()) {
        throw failure("'" + text.substring(end) + "'");
      }
    }

    private IllegalArgumentException failure(String what) {
      return new IllegalArgumentException(text + ": " + what + " is not understood");
    }

    private String next() {
      return at < tokens.size() ? tokens.get(at) : "";
    }

    private String name() {
      var name = next();
      if (!name.matches("[A-Za-z_].*")) {
        throw failure("'" + name + "' in place of a name");
      }
      at++;
      return name;
    }

    private boolean take(String token) {
      boolean is = next().equals(token);
      at += is ? 1 : 0;
      return is;
    }

    private void expect(String token) {
      if (!take(token)) {
        throw failure("'" + next() + "' in place of '" + token + "'");
      }
    }

    Term whole() {
      var term = choice();
      if (at < tokens.size()) {
        throw failure("'" + next() + "'");
      }
      return term;
    }

    private Term choice() {
      var condition = or();
      if (!take("?")) {
        return condition;
      }
      var one = choice();
      expect(":");
      var other = choice();
      return names -> (truth(condition.of(names)) ? one : other).of(names);
    }

    private Term or() {
      var left = and();
      while (take("||")) {
        left = decidedBy(true, left, and());
      }
      return left;
    }

    private Term and() {
      var left = relation();
      while (take("&&")) {
        left = decidedBy(false, left, relation());
      }
      return left;
    }

    /** Either side alone may decide, also where the other one cannot be evaluated. */
    private static Term decidedBy(boolean decisive, Term left, Term right) {
      return names -> {
        try {
          if (truth(left.of(names)) == decisive) {
            return BooleanNode.valueOf(decisive);
          }
        } catch (Wrong wrong) {
          if (truth(right.of(names)) == decisive) {
            return BooleanNode.valueOf(decisive);
          }
          throw wrong;
        }
        return BooleanNode.valueOf(truth(right.of(names)));
      };
    }

    private Term relation() {
      var left = sum();
      for (var sign : List.of("==", "!=", "<=", ">=", "<", ">")) {
        if (take(sign)) {
          var right = sum();
          return names -> BooleanNode.valueOf(compare(sign, left.of(names), right.of(names)));
        }
      }
      return left;
    }

    private static boolean compare(String sign, JsonNode left, JsonNode right) {
      if (sign.equals("==") || sign.equals("!=")) {
        return left.equals(Parser::order, right) == sign.equals("==");
      }
      if (!left.isIntegralNumber() || !right.isIntegralNumber()) {
        throw new Wrong(left + " " + sign + " " + right);
      }
      int order = order(left, right);
      return sign.endsWith("=") && order == 0 || (sign.startsWith("<") ? order < 0 : order > 0);
    }

    /** Of integers; others are equal (0) or not. */
    private static int order(JsonNode left, JsonNode right) {
      return left.isIntegralNumber() && right.isIntegralNumber()
          ? Long.compare(left.asLong(), right.asLong())
          : left.equals(right) ? 0 : 1;
    }

    private Term sum() {
      var left = unary();
      while (take("+")) {
        var first = left;
        var second = unary();
        left = names -> add(first.of(names), second.of(names));
      }
      return left;
    }

    private static JsonNode add(JsonNode left, JsonNode right) {
      if (left.isTextual() && right.isTextual()) {
        return TextNode.valueOf(left.asText() + right.asText());
      }
      if (left.isIntegralNumber() && right.isIntegralNumber()) {
        return LongNode.valueOf(Math.addExact(left.asLong(), right.asLong()));
      }
      throw new Wrong(left + " + " + right);
    }

    private Term unary() {
      if (take("!")) {
        var term = unary();
        return names -> BooleanNode.valueOf(!truth(term.of(names)));
      }
      var term = primary();
      while (take(".")) {
        term = member(term);
      }
      return term;
    }

    private Term member(Term of) {
      var name = name();
      if (!take("(")) {
        return names -> field(of.of(names), name);
      }
      if (List.of("exists", "exists_one", "all", "filter").contains(name)) {
        var variable = name();
        expect(",");
        known.push(variable);
        var condition = choice();
        known.pop();
        expect(")");
        return names -> each(name, of.of(names), variable, condition, names);
      }
      var arguments = until(")");
      arguments.addFirst(of);
      return call(name, arguments);
    }

    private List<Term> until(String end) {
      var all = new ArrayList<Term>();
      while (!take(end)) {
        if (!all.isEmpty()) {
          expect(",");
        }
        all.add(choice());
      }
      return all;
    }

    private static JsonNode field(JsonNode object, String name) {
      var value = object.get(name);
      if (value == null) {
        throw new Wrong("no such key: " + name);
      }
      return value;
    }

    private static JsonNode each(
        String macro, JsonNode list, String variable, Term condition, Map<String, JsonNode> names) {
      var kept = JSON.arrayNode();
      var inner = new TreeMap<>(names);
      for (var item : list) {
        inner.put(variable, item);
        if (truth(condition.of(inner))) {
          kept.add(item);
        }
      }
      return switch (macro) {
        case "exists" -> BooleanNode.valueOf(!kept.isEmpty());
        case "exists_one" -> BooleanNode.valueOf(kept.size() == 1);
        case "all" -> BooleanNode.valueOf(kept.size() == list.size());
        default -> kept;
      };
    }

    private Term primary() {
      var token = next();
      at++;
      if (token.equals("(")) {
        var term = choice();
        expect(")");
        return term;
      }
      if (token.equals("[")) {
        return list();
      }
      if (token.startsWith("'")) {
        var value = TextNode.valueOf(token.substring(1, token.length() - 1));
        return _ -> value;
      }
      if (token.matches("[0-9]+")) {
        var value = LongNode.valueOf(Long.parseLong(token));
        return _ -> value;
      }
      if (token.equals("true") || token.equals("false")) {
        return _ -> BooleanNode.valueOf(token.equals("true"));
      }
      if (!token.matches("[A-Za-z_].*")) {
        throw failure("'" + token + "'");
      }
      if (take("(")) {
        return token.equals("has") ? has() : call(token, until(")"));
      }
      if (!known.contains(token)) {
        throw failure("the name '" + token + "'");
      }
      return names -> requireNonNull(names.get(token));
    }

    private Term list() {
      var items = until("]");
      return names -> {
        var list = JSON.arrayNode();
        items.forEach(item -> list.add(item.of(names)));
        return list;
      };
    }

    private Term has() {
      var of = primary();
      var name = "";
      while (take(".")) {
        if (!name.isEmpty()) {
          var inner = of;
          var field = name;
          of = names -> field(inner.of(names), field);
        }
        name = name();
      }
      expect(")");
      if (name.isEmpty()) {
        throw failure("'has' without a field");
      }
      var owner = of;
      var field = name;
      return names -> BooleanNode.valueOf(owner.of(names).has(field));
    }

    private Term call(String function, List<Term> arguments) {
      int count = arguments.size();
      return switch (function + "/" + count) {
        case "size/1" ->
            names -> {
              var value = arguments.getFirst().of(names);
              return LongNode.valueOf(
                  value.isTextual()
                      ? value.asText().codePointCount(0, value.asText().length())
                      : value.size());
            };
        case "contains/2" ->
            names ->
                BooleanNode.valueOf(text(arguments, 0, names).contains(text(arguments, 1, names)));
        case "matches/2" ->
            names ->
                BooleanNode.valueOf(
                    Pattern.compile(text(arguments, 1, names))
                        .matcher(text(arguments, 0, names))
                        .find());
        case "replace/3" ->
            names ->
                TextNode.valueOf(
                    text(arguments, 0, names)
                        .replace(text(arguments, 1, names), text(arguments, 2, names)));
        case "int/1" -> names -> integer(text(arguments, 0, names));
        default -> throw failure(function + " with " + count + " arguments");
      };
    }

    private static String text(List<Term> arguments, int at, Map<String, JsonNode> names) {
      var value = arguments.get(at).of(names);
      if (!value.isTextual()) {
        throw new Wrong(value + " is no text");
      }
      return value.asText();
    }

    private static JsonNode integer(String text) {
      try {
        return LongNode.valueOf(Long.parseLong(text));
      } catch (NumberFormatException _) {
        throw new Wrong(text + " is no integer");
      }
    }
  }
}
