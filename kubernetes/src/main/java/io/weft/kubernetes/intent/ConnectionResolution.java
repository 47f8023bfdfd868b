package io.weft.kubernetes.intent;

import io.weft.kubernetes.intent.ResolvedTenant.Reach;
import io.weft.kubernetes.resource.Declared;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.TenantConnection;
import io.weft.kubernetes.resource.TenantConnection.Direction;
import io.weft.kubernetes.resource.TenantConnection.HubAndSpokes;
import io.weft.kubernetes.resource.TenantConnection.Member;
import io.weft.kubernetes.resource.TenantConnection.Mesh;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.Spelling;
import io.weft.net.ImportTarget;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Decides what each tenant can reach of which other. Only the declared pairs count, so that nothing
 * is reached through a third tenant. A member that is missing or does not route is reported and
 * left out; the others meet as declared.
 */
final class ConnectionResolution {
  private final FabricSpec fabric;
  private final SortedMap<String, ResolvedTenant> tenants;
  private final Collection<NetworkVersion> networks;
  private final List<Problem> problems;

  /** By who reaches, then by who is reached. */
  private final TreeMap<String, TreeMap<String, Reach>> reaches = new TreeMap<>();

  private final List<ConnectionWay> ways = new ArrayList<>();

  /**
   * Everybody's part in the connections.
   *
   * @param tenants with what they reach
   * @param ways what was declared, in force or not
   */
  record Connected(SortedMap<String, ResolvedTenant> tenants, List<ConnectionWay> ways) {}

  private ConnectionResolution(
      FabricSpec fabric,
      SortedMap<String, ResolvedTenant> tenants,
      Collection<NetworkVersion> networks,
      List<Problem> problems) {
    this.fabric = fabric;
    this.tenants = tenants;
    this.networks = networks;
    this.problems = problems;
  }

  /** The tenants with what they reach; {@code problems} takes why something cannot be reached. */
  static Connected resolve(
      FabricSpec fabric,
      SortedMap<String, ResolvedTenant> tenants,
      Collection<NetworkVersion> networks,
      SortedMap<String, Declared> connections,
      List<Problem> problems) {
    var resolution = new ConnectionResolution(fabric, tenants, networks, problems);
    connections.values().forEach(resolution::connect);
    var resolved = new TreeMap<String, ResolvedTenant>();
    tenants.forEach(
        (name, tenant) ->
            resolved.put(
                name,
                tenant.withReaches(
                    List.copyOf(resolution.reaches.getOrDefault(name, new TreeMap<>()).values()))));
    return new Connected(resolved, resolution.ways);
  }

  private void connect(Declared declared) {
    if (!(declared.resource() instanceof TenantConnection connection)) {
      throw new IllegalArgumentException(declared.resource().key() + " is not a connection");
    }
    connection.shape().members().forEach(member -> report(declared, member));
    switch (connection.shape()) {
      case HubAndSpokes(var hub, var spokes, var direction) -> {
        for (var spoke : spokes) {
          if (direction != Direction.TO_SPOKES) {
            reach(declared, spoke, hub);
          }
          if (direction != Direction.TO_HUB) {
            reach(declared, hub, spoke);
          }
        }
      }
      case Mesh(var members) -> {
        for (var from : members) {
          members.stream().filter(to -> !to.equals(from)).forEach(to -> reach(declared, from, to));
        }
      }
    }
  }

  private void report(Declared declared, Member member) {
    absence(member)
        .ifPresentOrElse(
            why -> problem(declared, member.field(), why),
            () ->
                unrouted(member)
                    .forEach(
                        (index, why) ->
                            problem(declared, member.field() + ".prefixes[" + index + "]", why)));
  }

  /** Why the tenant cannot be connected. */
  private Optional<String> absence(Member member) {
    var tenant = Optional.ofNullable(tenants.get(member.tenant()));
    if (tenant.isEmpty()) {
      return Optional.of(
          "there is no Tenant '"
              + member.tenant()
              + "'; declare it or name another"
              + Spelling.nearest(member.tenant(), tenants.keySet())
                  .map(near -> "; did you mean '" + near + "'?")
                  .orElse(""));
    }
    return tenant.flatMap(ResolvedTenant::l3Vni).isPresent()
        ? Optional.empty()
        : Optional.of(
            "tenant '"
                + member.tenant()
                + "' does not route, so nothing of it can be reached, nor can it reach others; give"
                + " one of its networks a gateway");
  }

  /** Limits that name a network without gateway let nothing through; by their place in the list. */
  private SortedMap<Integer, String> unrouted(Member member) {
    var reasons = new TreeMap<Integer, String>();
    for (int i = 0; i < member.prefixes().size(); i++) {
      var prefix = member.prefixes().get(i);
      var overlapping =
          networks.stream()
              .filter(network -> isOf(network, member))
              .filter(network -> network.spec().subnets().stream().anyMatch(prefix::overlaps))
              .toList();
      if (!overlapping.isEmpty()
          && overlapping.stream().allMatch(network -> network.spec().gateways().isEmpty())) {
        reasons.put(
            i,
            prefix
                + " is of "
                + named(overlapping.getFirst())
                + ", which has no gateway and so cannot be reached; give it one");
      }
    }
    return reasons;
  }

  /** Routes of {@code to} are given to {@code from}. */
  private void reach(Declared declared, Member from, Member to) {
    var refusal = absence(from).or(() -> absence(to));
    var remarks = new ArrayList<String>();
    if (refusal.isEmpty()) {
      remarks.addAll(unrouted(to).values());
      ownSubnets(from, to).ifPresent(remarks::add);
      ownSubnets(from, to).ifPresent(why -> problem(declared, to.field(), why));
      refusal = ambiguity(from, to);
      refusal.ifPresent(why -> problem(declared, to.field(), why));
    }
    refusal.ifPresent(why -> remarks.add(0, why));
    ways.add(
        new ConnectionWay(
            declared.resource().name(),
            from.tenant(),
            to.tenant(),
            to.prefixes(),
            refusal.isEmpty(),
            String.join("; ", remarks)));
    if (refusal.isPresent()) {
      return;
    }
    var targets = targets(to.tenant());
    reaches
        .computeIfAbsent(from.tenant(), _ -> new TreeMap<>())
        .merge(
            to.tenant(),
            new Reach(to.tenant(), targets, to.prefixes()),
            (one, two) -> new Reach(to.tenant(), targets, union(one.prefixes(), two.prefixes())));
  }

  private List<ImportTarget> targets(String tenant) {
    return Optional.ofNullable(tenants.get(tenant)).orElseThrow().carried(fabric);
  }

  /** None stands for everything. */
  private static List<IpPrefix> union(List<IpPrefix> one, List<IpPrefix> two) {
    if (one.isEmpty() || two.isEmpty()) {
      return List.of();
    }
    var union = new ArrayList<>(one);
    two.stream().filter(prefix -> !union.contains(prefix)).forEach(union::add);
    return union;
  }

  private record Overlap(IpPrefix left, NetworkVersion one, IpPrefix right, NetworkVersion two) {
    @Override
    public String toString() {
      return "subnet " + right + " of " + named(two) + " overlaps " + left + " of " + named(one);
    }
  }

  private Optional<String> ownSubnets(Member from, Member to) {
    return overlap(from.tenant(), List.of(), to.tenant(), to.prefixes())
        .map(
            overlap ->
                overlap
                    + ": tenant '"
                    + from.tenant()
                    + "' keeps its own and cannot reach that of tenant '"
                    + to.tenant()
                    + "'; choose subnets that do not overlap");
  }

  /** Two tenants with one subnet: packets would come to the wrong one, so the second is left. */
  private Optional<String> ambiguity(Member from, Member to) {
    for (var standing : reaches.getOrDefault(from.tenant(), new TreeMap<>()).values()) {
      var other = standing.tenant();
      var overlap =
          other.equals(to.tenant())
              ? Optional.<Overlap>empty()
              : overlap(other, standing.prefixes(), to.tenant(), to.prefixes());
      if (overlap.isPresent()) {
        return Optional.of(
            overlap.get()
                + ": tenant '"
                + from.tenant()
                + "' would reach both, so it reaches '"
                + other
                + "' only; choose subnets that do not overlap, or limit both by prefixes");
      }
    }
    return Optional.empty();
  }

  /** Routed subnets of both that overlap, as far as the limits let them be reached. */
  private Optional<Overlap> overlap(
      String one, List<IpPrefix> limitOfOne, String two, List<IpPrefix> limitOfTwo) {
    for (var left : routed(one)) {
      for (var right : routed(two)) {
        for (var subnet : left.spec().subnets()) {
          for (var other : right.spec().subnets()) {
            if (subnet.overlaps(other) && meet(limitOfOne, subnet, limitOfTwo, other)) {
              return Optional.of(new Overlap(subnet, left, other, right));
            }
          }
        }
      }
    }
    return Optional.empty();
  }

  /** True when something of the one can be the same as something of the other. */
  private static boolean meet(
      List<IpPrefix> limits, IpPrefix subnet, List<IpPrefix> otherLimits, IpPrefix other) {
    for (var one : limits.isEmpty() ? List.of(subnet) : limits) {
      for (var two : otherLimits.isEmpty() ? List.of(other) : otherLimits) {
        if (one.overlaps(two)
            && one.overlaps(subnet)
            && two.overlaps(other)
            && one.overlaps(other)
            && two.overlaps(subnet)) {
          return true;
        }
      }
    }
    return false;
  }

  private List<NetworkVersion> routed(String tenant) {
    return networks.stream()
        .filter(network -> network.spec().tenant().filter(tenant::equals).isPresent())
        .filter(network -> !network.spec().gateways().isEmpty())
        .toList();
  }

  private static boolean isOf(NetworkVersion network, Member member) {
    return network.spec().tenant().filter(member.tenant()::equals).isPresent();
  }

  private static String named(NetworkVersion network) {
    return network.declared().resource().key() + " (" + network.declared().place() + ")";
  }

  private void problem(Declared declared, String field, String message) {
    problems.add(
        new Problem(declared.placeOf(field), declared.resource().key().toString(), message));
  }
}
