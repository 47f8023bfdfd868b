package io.weft.bgp.policy;

/** Routes that match are changed and judged. */
public record Rule(String name, Match match, Change change, Verdict verdict) {
  public Rule {
    if (verdict == Verdict.REJECT && !change.equals(Change.NONE)) {
      throw new IllegalArgumentException(
          "rule " + name + " rejects and changes; a rejected route is not changed: remove one");
    }
  }
}
