package io.weft.bgp.policy;

/** What becomes of a route that a rule matches. */
public enum Verdict {
  ACCEPT,
  REJECT,
  /** The rule's change is made, and the rules after it judge the outcome. */
  NEXT
}
