package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PathAttributes.UnknownAttribute;
import io.weft.net.AnyAsTarget;
import io.weft.net.AutonomousSystem;
import io.weft.net.ImportTarget;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteTarget;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * What of a peer's routes goes into the table, and in which form.
 *
 * @param keepAll true: routes without an imported target are kept too
 * @param targets what is imported, sorted
 */
public record ImportRule(
    AutonomousSystem as,
    Ipv4Address routerId,
    Ipv4Address clusterId,
    boolean keepAll,
    List<ImportTarget> targets) {
  public ImportRule {
    targets = List.copyOf(new TreeSet<>(targets));
  }

  public ImportRule withTargets(List<ImportTarget> next) {
    return new ImportRule(as, routerId, clusterId, keepAll, next);
  }

  public ImportRule withKeepAll(boolean next) {
    return new ImportRule(as, routerId, clusterId, next, targets);
  }

  /** The attributes of a route of {@code family} as they are kept; refused: it is withdrawn. */
  public Ruling accept(Family family, PathAttributes attributes, Source from) {
    if (!wants(family, attributes)) {
      return new Ruling.Refused(new Reason.NoWantedTarget());
    }
    return loop(attributes, from)
        .<Ruling>map(Ruling.Refused::new)
        .orElseGet(() -> new Ruling.Passed(normal(attributes, from)));
  }

  /** Route targets say who wants a route of EVPN only; all of other families is wanted. */
  public boolean wants(Family family, PathAttributes attributes) {
    return !family.equals(Family.L2VPN_EVPN) || wants(attributes);
  }

  /** True when a table here imports one of the route targets, or all is kept. */
  private boolean wants(PathAttributes attributes) {
    if (keepAll) {
      return true;
    }
    for (var community : attributes.extendedCommunities()) {
      if (community.isRouteTarget() && imports(community.routeTarget())) {
        return true;
      }
    }
    return false;
  }

  /** True when {@code later} may want what this did not. */
  public boolean isWidenedBy(ImportRule later) {
    if (keepAll) {
      return false;
    }
    return later.keepAll || later.targets.stream().anyMatch(target -> !covers(target));
  }

  /** True when nothing that {@code target} brings would be refused for its targets. */
  public boolean covers(ImportTarget target) {
    return switch (target) {
      case RouteTarget one -> imports(one);
      case AnyAsTarget any -> has(any);
    };
  }

  /** True when one of the targets stands for several, which no membership can name. */
  public boolean importsOfAnyAs() {
    return targets.stream().anyMatch(AnyAsTarget.class::isInstance);
  }

  private boolean imports(RouteTarget target) {
    return has(target) || ImportTarget.anyAsOf(target).filter(this::has).isPresent();
  }

  /** True when it is one of the targets, as it is written. */
  public boolean has(ImportTarget target) {
    return Collections.binarySearch(targets, target) >= 0;
  }

  /** Set for what went through this speaker before (RFC 4271 §9.1.2, RFC 4456 §8). */
  private Optional<Reason> loop(PathAttributes attributes, Source from) {
    if (attributes.asPath().count(as) > from.allowAsIn()) { // RFC 4271 §9.1.2
      return Optional.of(new Reason.AsLoop());
    }
    if (!from.kind().isInternal()) {
      return Optional.empty();
    }
    if (attributes.originatorId().equals(Optional.of(routerId))) {
      return Optional.of(new Reason.OriginatorLoop());
    }
    return attributes.clusterList().contains(clusterId)
        ? Optional.of(new Reason.ClusterLoop())
        : Optional.empty();
  }

  /**
   * Attributes that an external peer has no say in are dropped (RFC 7606 §7.5, §7.9, §7.10), and
   * LOCAL_PREF always is there.
   */
  private static PathAttributes normal(PathAttributes attributes, Source from) {
    boolean internal = from.kind().isInternal();
    if (internal
        && attributes.localPreference().isPresent()
        && (attributes.unknown().isEmpty()
            || attributes.unknown().stream().allMatch(UnknownAttribute::isTransitive))) {
      return attributes; // nearly all of a reflector's
    }
    long preference =
        internal
            ? attributes.localPreference().orElse(BestPath.DEFAULT_LOCAL_PREFERENCE)
            : BestPath.DEFAULT_LOCAL_PREFERENCE;
    return attributes
        .withLocalPreference(OptionalLong.of(preference))
        .withOriginatorId(internal ? attributes.originatorId() : Optional.empty())
        .withClusterList(internal ? attributes.clusterList() : List.of())
        .withUnknown(passedOn(attributes.unknown()));
  }

  /** RFC 4271 §9: of what is unknown, only the transitive goes on; the decoder marks it partial. */
  private static List<UnknownAttribute> passedOn(List<UnknownAttribute> unknown) {
    return unknown.stream().filter(UnknownAttribute::isTransitive).toList();
  }
}
