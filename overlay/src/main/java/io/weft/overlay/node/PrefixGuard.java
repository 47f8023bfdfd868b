package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AttachRequest;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** What may be behind an endpoint. */
final class PrefixGuard {
  /** Nothing is ever routed there (RFC 6890). */
  static final List<IpPrefix> NOWHERE =
      List.of(
          IpPrefix.parse("0.0.0.0/8"),
          IpPrefix.parse("127.0.0.0/8"),
          IpPrefix.parse("169.254.0.0/16"),
          IpPrefix.parse("224.0.0.0/3"),
          IpPrefix.parse("::/8"),
          IpPrefix.parse("fe80::/10"),
          IpPrefix.parse("ff00::/8"));

  private PrefixGuard() {}

  /**
   * Why the request's prefixes cannot be; empty when they can. A default route is none of the
   * tenant's subnets: it may be asked for as any other prefix.
   *
   * @param addresses that the endpoint gets
   * @param subnets of all networks of the tenant
   */
  static Optional<String> problem(
      AttachRequest request,
      NetworkIntent network,
      List<IpAddress> addresses,
      Collection<IpPrefix> subnets) {
    if (request.prefixes().isEmpty()) {
      return Optional.empty();
    }
    if (request.prefixes().size() > AttachRequest.MAX_PREFIXES) {
      return Optional.of("more than " + AttachRequest.MAX_PREFIXES + " prefixes");
    }
    if (!network.isRouted()) {
      return Optional.of(
          "network '%s' has no gateway that could route prefixes to endpoint '%s'; give it one (gateway: true)"
              .formatted(network.name(), request.endpoint()));
    }
    var seen = new TreeSet<IpPrefix>();
    for (var prefix : request.prefixes()) {
      if (!seen.add(prefix)) {
        return Optional.of("prefix " + prefix + " stands twice in " + request.prefixes());
      }
      var problem = problem(prefix, network, addresses, subnets);
      if (problem.isPresent()) {
        return problem;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> problem(
      IpPrefix prefix,
      NetworkIntent network,
      List<IpAddress> addresses,
      Collection<IpPrefix> subnets) {
    boolean hop =
        addresses.stream()
            .filter(address -> address.isIpv4() == prefix.address().isIpv4())
            .anyMatch(address -> network.gatewayOf(address).isPresent());
    if (!hop) {
      return Optional.of(
          "prefix %s: none of the addresses %s of the endpoint is of its family and in a subnet of network '%s' that has a gateway"
              .formatted(prefix, addresses, network.name()));
    }
    for (var special : NOWHERE) {
      if (isWithin(prefix, special)) {
        return Optional.of("prefix " + prefix + " is within " + special + ", which is not routed");
      }
    }
    return subnets.stream()
        .filter(subnet -> isWithin(prefix, subnet))
        .findFirst()
        .map(
            subnet ->
                "prefix %s is within subnet %s of the tenant: its addresses are those of endpoints"
                    .formatted(prefix, subnet));
  }

  static boolean isWithin(IpPrefix prefix, IpPrefix other) {
    return prefix.length() >= other.length() && other.contains(prefix.address());
  }
}
