package io.weft.agent.intent;

import io.weft.bgp.policy.Change;
import io.weft.bgp.policy.Match;
import io.weft.bgp.policy.Policy;
import io.weft.bgp.policy.PrefixRange;
import io.weft.bgp.policy.Rule;
import io.weft.bgp.policy.Verdict;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.LargeCommunity;
import io.weft.kubernetes.resource.Community.Large;
import io.weft.kubernetes.resource.Community.Standard;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PolicySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** From the policies of a Fabric to those of the speaker; its rules are called by their numbers. */
final class PolicyWords {
  private PolicyWords() {}

  /** The policy of that name; a Fabric in which there is none cannot be made. */
  static Optional<Policy> policy(FabricSpec fabric, Optional<String> name) {
    return find(fabric, name).map(PolicyWords::policy);
  }

  private static Optional<PolicySpec> find(FabricSpec fabric, Optional<String> name) {
    return fabric.policies().stream()
        .filter(policy -> Optional.of(policy.name()).equals(name))
        .findFirst();
  }

  private static Policy policy(PolicySpec spec) {
    var rules = new ArrayList<Rule>();
    for (var rule : spec.rules()) {
      rules.add(
          new Rule(
              String.valueOf(rules.size() + 1),
              match(rule.match()),
              change(rule.changes()),
              verdict(rule.verdict())));
    }
    return new Policy(spec.name(), rules, verdict(spec.otherwise()));
  }

  private static Verdict verdict(PolicySpec.Verdict verdict) {
    return switch (verdict) {
      case ACCEPT -> Verdict.ACCEPT;
      case REJECT -> Verdict.REJECT;
    };
  }

  private static Match match(PolicySpec.Match match) {
    return new Match(
        match.families().stream().map(PeerWords::family).toList(),
        match.types(),
        match.routeTargets(),
        standard(match.communities()),
        large(match.communities()),
        match.prefixes().stream().map(PolicyWords::range).toList(),
        match.peers());
  }

  static PrefixRange range(PolicySpec.PrefixMatch match) {
    return new PrefixRange(match.prefix(), match.least(), match.most());
  }

  private static Change change(PolicySpec.Changes changes) {
    return new Change(
        changes.localPreference(),
        changes.med(),
        standard(changes.addCommunities()),
        standard(changes.removeCommunities()),
        large(changes.addCommunities()),
        large(changes.removeCommunities()));
  }

  private static List<Community> standard(List<io.weft.kubernetes.resource.Community> communities) {
    return communities.stream()
        .filter(Standard.class::isInstance)
        .map(Standard.class::cast)
        .map(community -> Community.of(community.as(), community.number()))
        .toList();
  }

  private static List<LargeCommunity> large(
      List<io.weft.kubernetes.resource.Community> communities) {
    return communities.stream()
        .filter(Large.class::isInstance)
        .map(Large.class::cast)
        .map(community -> new LargeCommunity(community.as(), community.first(), community.second()))
        .toList();
  }
}
