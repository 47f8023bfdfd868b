package io.weft.linux.nftables;

import java.util.ArrayList;
import java.util.List;

/**
 * What happens to packets that fit.
 *
 * @param comment why, shown by {@code nft list ruleset}; at most 120 octets
 * @param expressions conditions, then what is done; a condition that does not hold ends the rule
 */
public record Rule(String comment, List<Expression> expressions) {
  public Rule {
    expressions = List.copyOf(expressions);
  }

  /** A rule without words, to add to. */
  public static Rule of(Expression... expressions) {
    return new Rule("", List.of(expressions));
  }

  /** The rule with more behind. */
  public Rule then(Expression... more) {
    var all = new ArrayList<>(expressions);
    all.addAll(List.of(more));
    return new Rule(comment, all);
  }

  /** The rule with conditions and actions of another behind its own. */
  public Rule then(Rule other) {
    var all = new ArrayList<>(expressions);
    all.addAll(other.expressions);
    return new Rule(comment, all);
  }

  public Rule because(String why) {
    return new Rule(why, expressions);
  }
}
