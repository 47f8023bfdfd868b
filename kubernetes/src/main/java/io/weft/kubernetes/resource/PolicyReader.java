package io.weft.kubernetes.resource;

import io.weft.kubernetes.resource.PolicySpec.Changes;
import io.weft.kubernetes.resource.PolicySpec.Match;
import io.weft.kubernetes.resource.PolicySpec.PrefixMatch;
import io.weft.kubernetes.resource.PolicySpec.Rule;
import io.weft.kubernetes.resource.PolicySpec.Verdict;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** Reads the {@code policies} of a Fabric. */
final class PolicyReader {
  private static final long MAX_NUMBER = 0xffff_ffffL;

  private PolicyReader() {}

  /**
   * What was read.
   *
   * @param names also those of policies with problems: who uses them is not wrong too
   */
  record Read(List<PolicySpec> policies, Map<String, String> names) {}

  static Read policies(YamlValue list) {
    var names = new LinkedHashMap<String, String>();
    if (list.each().size() > PolicySpec.MAX_POLICIES) {
      list.report("policies are at most " + PolicySpec.MAX_POLICIES + "; remove some");
    }
    var policies = list.each(item -> item.object(object -> policy(object, names)));
    return new Read(policies, names);
  }

  private static Optional<PolicySpec> policy(YamlObject object, Map<String, String> names) {
    var name =
        object
            .required("name")
            .word(
                text -> {
                  if (names.putIfAbsent(PolicySpec.requireName(text), text) != null) {
                    throw new IllegalArgumentException("policy '" + text + "' is given twice");
                  }
                  return text;
                });
    var rules = object.optional("rules").each(item -> item.object(PolicyReader::rule));
    var otherwise = object.optional("default").choice(verdicts()).orElse(Verdict.REJECT);
    return name.map(text -> new PolicySpec(text, rules, otherwise));
  }

  private static Optional<Rule> rule(YamlObject object) {
    var match = object.optional("match").object(PolicyReader::match).orElse(Match.ANY);
    var changes = object.optional("set").object(PolicyReader::changes).orElse(Changes.NONE);
    return object
        .required("verdict")
        .choice(verdicts())
        .map(verdict -> new Rule(match, changes, verdict));
  }

  private static Optional<Match> match(YamlObject object) {
    return Optional.of(
        new Match(
            each(object.optional("families"), item -> item.choice(PeerReader.FAMILIES)),
            each(object.optional("types"), item -> item.integer(1, 255).map(Long::intValue)),
            each(object.optional("routeTargets"), item -> item.word(RouteTarget::parse)),
            each(object.optional("communities"), item -> item.word(Community::parse)),
            each(object.optional("prefixes"), item -> item.word(PrefixMatch::parse)),
            each(object.optional("peers"), item -> item.word(PolicyReader::peer))));
  }

  private static IpPrefix peer(String text) {
    if (text.indexOf('/') >= 0) {
      return IpPrefix.parse(text);
    }
    var address = FabricSpec.requireNeighbour(IpAddress.parse(text));
    return new IpPrefix(address, address.bits());
  }

  /** A list that is there has something in it: an empty one would match everything. */
  private static <T> List<T> each(YamlValue list, Function<YamlValue, Optional<T>> read) {
    if (list.isPresent() && list.each().isEmpty()) {
      list.report("the list is empty; leave the key out to match everything");
    }
    return list.each(read);
  }

  private static Optional<Changes> changes(YamlObject object) {
    return Optional.of(
        new Changes(
            number(object.optional("localPreference")),
            number(object.optional("med")),
            object.optional("addCommunities").each(item -> item.word(Community::parse)),
            object.optional("removeCommunities").each(item -> item.word(Community::parse))));
  }

  private static OptionalLong number(YamlValue value) {
    return value.integer(0, MAX_NUMBER).map(OptionalLong::of).orElse(OptionalLong.empty());
  }

  private static Map<String, Verdict> verdicts() {
    return PeerReader.choices("accept", Verdict.ACCEPT, "reject", Verdict.REJECT);
  }
}
