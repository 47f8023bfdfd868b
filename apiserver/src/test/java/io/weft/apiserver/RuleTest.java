package io.weft.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds and what does not is as cel-spec has it ("Language Definition"). */
final class RuleTest {
  private static final JsonNode SELF = json();

  private static JsonNode json() {
    try {
      return new ObjectMapper()
          .readTree(
              """
              {"name": "web.7", "n": 7, "yes": true, "no": false, "empty": [], "list": [1, 2, 2],
               "texts": ["10.0.0.0/8", "fd00::/64"], "face": "\\ud83d\\ude00",
               "of": {"a": 1, "deep": {"b": "x"}}, "holders": [{"active": true}, {}]}
              """);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "true",
        "!false && !self.no",
        "self.no || self.yes",
        "true || false && false", // && binds closer
        "(true || false) && true",
        "self.n == 7 && self.n != 8 && self.n < 8 && self.n <= 7 && self.n > 6 && self.n >= 7",
        "self.n + 1 == 8",
        "self.name == 'web' + '.' + '7'",
        "self.n != 'seven'",
        "self.no ? false : self.n == 7 ? true : false",
        "has(self.of.deep.b) && !has(self.of.deep.c) && !has(self.none)",
        "self.name.contains('.') && !self.name.contains(':')",
        "self.name.matches('[0-9]') && !self.name.matches('^[0-9]')", // a part is enough
        "self.name.replace('.', '-') == 'web-7'",
        "size(self.list) == 3 && self.list.size() == 3 && self.name.size() == 5",
        "self.face.size() == 1", // code points
        "int('0042') == 42",
        "self.texts.exists(s, s.contains(':')) && !self.empty.exists(s, true)",
        "self.list.all(i, i > 0) && self.empty.all(i, false) && !self.list.all(i, i == 2)",
        "self.list.exists_one(i, i == 1) && !self.list.exists_one(i, i == 2)",
        "self.holders.exists_one(h, has(h.active) && h.active)",
        "self.list.filter(i, i == 2) == [2, 2] && [self.no, self.yes].filter(x, x).size() == 1",
        "self.list.all(i, self.list.exists(j, j == i && self.n == 7))",
        "self.none == 1 || true", // one side is enough
        "!(self.none == 1 && false)",
      })
  void holds(String rule) {
    assertThat(Rule.of(rule).holds(SELF)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "false",
        "self.none == 1",
        "!(self.none == 1)", // what cannot be evaluated is not false either
        "self.none == 1 || false",
        "self.none == 1 && true",
        "self.n",
        "!self.n",
        "self.name < 'x'",
        "self.name + 1 == 'web.71'",
        "self.n.contains('7')",
        "int(self.name) == 7",
        "self.of.c.d == 1",
        "has(self.none.a)",
      })
  void doesNotHold(String rule) {
    assertThat(Rule.of(rule).holds(SELF)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "self.",
        "self.n ==",
        "self.n 7",
        "(true",
        "true)",
        "[1, 2",
        "[1 2] == [1, 2]",
        "true ? false",
        "self.n = 7",
        "self.name == \"web.7\"",
        "'open",
        "oldSelf.n == self.n",
        "self.list.all(i, true) && i == 1", // no name there
        "self.list.all(7, true)",
        "self.list.map(i, i)",
        "self.name.startsWith('w')",
        "size(self.list, 1)",
        "has(self)",
        "has(self.n",
        "self.n - 1 == 6",
      })
  void isNotUnderstood(String rule) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Rule.of(rule))
        .withMessageContaining(rule);
  }

  @Test
  void whatIsNotUnderstoodIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Rule.of("oldSelf.n == 1"))
        .withMessage("oldSelf.n == 1: the name 'oldSelf' is not understood");
  }
}
