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
  static SortedMap<String, ResolvedTenant> resolve(
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
    return resolved;
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

  private boolean routes(Member member) {
    return Optional.ofNullable(tenants.get(member.tenant()))
        .flatMap(ResolvedTenant::l3Vni)
        .isPresent();
  }

  private void report(Declared declared, Member member) {
    if (!tenants.containsKey(member.tenant())) {
      problem(
          declared,
          member.field(),
          "there is no Tenant '"
              + member.tenant()
              + "'; declare it or name another"
              + Spelling.nearest(member.tenant(), tenants.keySet())
                  .map(near -> "; did you mean '" + near + "'?")
                  .orElse(""));
    } else if (!routes(member)) {
      problem(
          declared,
          member.field(),
          "tenant '"
              + member.tenant()
              + "' does not route, so nothing of it can be reached, nor can it reach others; give"
              + " one of its networks a gateway");
    } else {
      reportUnrouted(declared, member);
    }
  }

  /** A limit that names a network without gateway lets nothing through. */
  private void reportUnrouted(Declared declared, Member member) {
    for (int i = 0; i < member.prefixes().size(); i++) {
      var prefix = member.prefixes().get(i);
      var overlapping =
          networks.stream()
              .filter(network -> isOf(network, member))
              .filter(network -> network.spec().subnets().stream().anyMatch(prefix::overlaps))
              .toList();
      if (!overlapping.isEmpty()
          && overlapping.stream().allMatch(network -> network.spec().gateways().isEmpty())) {
        problem(
            declared,
            member.field() + ".prefixes[" + i + "]",
            prefix
                + " is of "
                + named(overlapping.getFirst())
                + ", which has no gateway and so cannot be reached; give it one");
      }
    }
  }

  /** Routes of {@code to} are given to {@code from}. */
  private void reach(Declared declared, Member from, Member to) {
    if (!routes(from) || !routes(to)) {
      return;
    }
    reportOverlap(declared, from, to);
    var reached = reaches.computeIfAbsent(from.tenant(), _ -> new TreeMap<>());
    for (var other : reached.keySet()) {
      if (!other.equals(to.tenant()) && isAmbiguous(declared, from, to, other)) {
        return;
      }
    }
    var targets = targets(to.tenant());
    reached.merge(
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

  private void reportOverlap(Declared declared, Member from, Member to) {
    overlap(from.tenant(), List.of(), to.tenant(), to.prefixes())
        .ifPresent(
            overlap ->
                problem(
                    declared,
                    to.field(),
                    overlap
                        + ": tenant '"
                        + from.tenant()
                        + "' keeps its own and cannot reach that of tenant '"
                        + to.tenant()
                        + "'; choose subnets that do not overlap"));
  }

  /** Two tenants with one subnet: packets would come to the wrong one, so the second is left. */
  private boolean isAmbiguous(Declared declared, Member from, Member to, String other) {
    var standing = reaches.getOrDefault(from.tenant(), new TreeMap<>()).get(other);
    var overlap =
        overlap(
            other, standing == null ? List.of() : standing.prefixes(), to.tenant(), to.prefixes());
    overlap.ifPresent(
        found ->
            problem(
                declared,
                to.field(),
                found
                    + ": tenant '"
                    + from.tenant()
                    + "' would reach both, so it reaches '"
                    + other
                    + "' only; choose subnets that do not overlap, or limit both by prefixes"));
    return overlap.isPresent();
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
