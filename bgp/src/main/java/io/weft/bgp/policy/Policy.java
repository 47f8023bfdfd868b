package io.weft.bgp.policy;

import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import java.util.List;
import java.util.Optional;

/**
 * Rules tried in order: the first that matches and does not pass on decides. A pure function of
 * route, attributes and peer.
 *
 * @param rules at most {@link #MAX_RULES}
 * @param otherwise for routes that no rule decided: accept or reject
 */
public record Policy(String name, List<Rule> rules, Verdict otherwise) {
  /** Rules of a policy; with more it cannot be made. */
  public static final int MAX_RULES = 256;

  /** Lets everything pass as it is. */
  public static final Policy ACCEPT = new Policy("accept", List.of(), Verdict.ACCEPT);

  public Policy {
    rules = List.copyOf(rules);
    if (rules.size() > MAX_RULES) {
      throw new IllegalArgumentException(
          "policy " + name + " has " + rules.size() + " rules; " + MAX_RULES + " are the most");
    }
    if (otherwise == Verdict.NEXT) {
      throw new IllegalArgumentException(
          "policy " + name + " passes on behind its last rule; say accept or reject there");
    }
  }

  public Decision apply(Route route, PathAttributes attributes, IpAddress peer) {
    var now = attributes;
    for (var rule : rules) {
      if (!rule.match().fits(route, now, peer)) {
        continue;
      }
      if (rule.verdict() == Verdict.REJECT) {
        return new Decision.Rejected(name, Optional.of(rule.name()));
      }
      now = rule.change().of(now);
      if (rule.verdict() == Verdict.ACCEPT) {
        return new Decision.Accepted(now);
      }
    }
    return otherwise == Verdict.ACCEPT
        ? new Decision.Accepted(now)
        : new Decision.Rejected(name, Optional.empty());
  }
}
