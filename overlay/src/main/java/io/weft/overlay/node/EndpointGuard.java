package io.weft.overlay.node;

import io.weft.bgp.policy.Change;
import io.weft.bgp.policy.Decision;
import io.weft.bgp.policy.Match;
import io.weft.bgp.policy.Policy;
import io.weft.bgp.policy.PrefixRange;
import io.weft.bgp.policy.Rule;
import io.weft.bgp.policy.Verdict;
import io.weft.bgp.rib.Reason;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What an endpoint may say by BGP of what is behind it: as an import policy, so that nothing else
 * comes into the table, and in words.
 */
final class EndpointGuard {
  private static final String NOWHERE = "not routed";
  private static final String SUBNET = "subnet";
  private static final String ALLOWED = "allowed";
  private static final String NEXT_HOP = "next hop";

  private final NetworkIntent network;
  private final EndpointBgpIntent bgp;
  private final List<IpPrefix> subnets;

  /** For all endpoints alike, before what they may say. */
  private final List<Rule> refusing = new ArrayList<>();

  /**
   * Makes one.
   *
   * @param network whose endpoints they are
   * @param subnets of all networks of the tenant
   */
  EndpointGuard(NetworkIntent network, EndpointBgpIntent bgp, List<IpPrefix> subnets) {
    this.network = network;
    this.bgp = bgp;
    this.subnets = List.copyOf(subnets);
    reject(NOWHERE, parts(PrefixGuard.NOWHERE), refusing);
    reject(SUBNET, parts(subnets), refusing);
  }

  NetworkIntent network() {
    return network;
  }

  EndpointBgpIntent bgp() {
    return bgp;
  }

  /** For the endpoint with this address, which alone may be the next hop. */
  Policy policy(IpAddress endpoint) {
    var rules = new ArrayList<>(refusing);
    if (!bgp.prefixes().isEmpty()) {
      var allowed = Match.of(bgp.prefixes(), List.of(endpoint));
      rules.add(new Rule(ALLOWED, allowed, Change.NONE, Verdict.ACCEPT));
      reject(NEXT_HOP, bgp.prefixes(), rules);
    }
    return new Policy("of network " + network.name(), rules, Verdict.REJECT);
  }

  private static void reject(String name, List<PrefixRange> prefixes, List<Rule> rules) {
    if (!prefixes.isEmpty()) { // an empty list would match all
      var match = Match.of(prefixes, List.of());
      rules.add(new Rule(name, match, Change.NONE, Verdict.REJECT));
    }
  }

  private static List<PrefixRange> parts(Collection<IpPrefix> prefixes) {
    return prefixes.stream()
        .map(prefix -> new PrefixRange(prefix, prefix.length(), prefix.address().bits()))
        .toList();
  }

  /** True when the endpoint may say the prefix, by itself as next hop. */
  boolean allows(IpPrefix prefix, IpAddress endpoint) {
    if (prefix.address().isIpv4() != endpoint.isIpv4()) {
      return false;
    }
    var attributes = PathAttributes.originated(endpoint, List.of(), Optional.empty());
    return policy(endpoint).apply(new UnicastRoute(prefix), attributes, endpoint)
        instanceof Decision.Accepted;
  }

  /** Why it is refused, in the words of who wrote the network. */
  String text(IpPrefix prefix, IpAddress endpoint, Reason reason) {
    if (!(reason instanceof Reason.ByPolicy(_, var rule))) {
      return reason.text();
    }
    return switch (rule.orElse("")) {
      case NOWHERE ->
          "it is within " + around(PrefixGuard.NOWHERE, prefix) + ", which is not routed";
      case SUBNET ->
          "it is within subnet %s of the tenant, whose addresses are those of endpoints"
              .formatted(around(subnets, prefix));
      case NEXT_HOP -> "its next hop is not " + endpoint + ", the endpoint itself";
      default ->
          bgp.prefixes().isEmpty()
              ? "network '%s' lets its endpoints say nothing: bgp.prefixes is empty"
                  .formatted(network.name())
              : "it is none of bgp.prefixes of network '%s'".formatted(network.name());
    };
  }

  private static String around(Collection<IpPrefix> prefixes, IpPrefix prefix) {
    return prefixes.stream()
        .filter(each -> PrefixGuard.isWithin(prefix, each))
        .findFirst()
        .map(IpPrefix::toString)
        .orElse("such a prefix");
  }
}
