package io.weft.bgp.rib;

import io.weft.bgp.policy.Decision;
import io.weft.bgp.rib.SharedAttributes.Reflected;
import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Who hears of a path, and with which attributes. A function of the path and the peer alone: so no
 * table of what was announced is needed, what was announced is what the last best path gives.
 *
 * @param transit true: unicast routes of one peer are told to others; false for a host, which
 *     forwards for nobody between its uplinks
 */
public record ExportRule(AutonomousSystem as, Ipv4Address routerId, boolean transit) {
  private static final int LONGEST_SEGMENT = 255;
  private static final long NON_TRANSITIVE = 1L << 62;

  /** What {@code to} is to hear of a path, and else why it hears nothing. */
  public Ruling export(Candidate path, Source to, Egress egress) {
    boolean passing = !path.source().isLocal() && path.route() instanceof UnicastRoute;
    if (passing && !transit) {
      return new Ruling.Refused(new Reason.NoTransit());
    }
    var obstacle = obstacle(path, to, egress);
    if (obstacle.isPresent()) {
      return new Ruling.Refused(obstacle.get());
    }
    var told = egress.withNextHop(attributes(path, to), path, to);
    if (!egress.takes(path.route(), told.nextHop())) {
      return new Ruling.Refused(new Reason.NextHopOfOtherFamily(told.nextHop()));
    }
    return egress
        .policy()
        .map(policy -> judged(policy.apply(path.route(), told, to.address()), to))
        .orElseGet(() -> new Ruling.Passed(told));
  }

  private static Optional<Reason> obstacle(Candidate path, Source to, Egress egress) {
    var from = path.source();
    var family = path.route().family();
    if (!from.isLocal() && from.address().equals(to.address())) {
      return Optional.of(new Reason.SamePeer());
    }
    if (!egress.carries(path.route())) {
      return Optional.of(new Reason.FamilyNotAgreed(family));
    }
    if (from.kind() == Source.Kind.NON_CLIENT && to.kind() == Source.Kind.NON_CLIENT) {
      return Optional.of(new Reason.NonClients());
    }
    if (isReflected(from, to) && path.originator().equals(to.routerId())) {
      return Optional.of(new Reason.OriginatorIsPeer());
    }
    if (path.shared().isLongLivedStale() && !egress.longLived().contains(family)) {
      return Optional.of(new Reason.LongLivedStale());
    }
    return keeper(path.attributes(), to);
  }

  /** RFC 1997: communities that say how far a route may go; there are no confederations here. */
  private static Optional<Reason> keeper(PathAttributes attributes, Source to) {
    for (var community : attributes.communities()) {
      boolean kept =
          community.equals(Community.NO_ADVERTISE)
              || to.kind() == Source.Kind.EXTERNAL
                  && (community.equals(Community.NO_EXPORT)
                      || community.equals(Community.NO_EXPORT_SUBCONFED));
      if (kept) {
        return Optional.of(new Reason.KeptByCommunity(community));
      }
    }
    return Optional.empty();
  }

  private static boolean isReflected(Source from, Source to) {
    return from.kind().isInternal() && to.kind().isInternal();
  }

  /** Next hop unchanged (RFC 8365 §5.1.3: it is the VTEP); LOCAL_PREF came in with import. */
  private PathAttributes attributes(Candidate path, Source to) {
    if (to.kind() == Source.Kind.EXTERNAL) {
      return external(path);
    }
    return isReflected(path.source(), to) ? reflected(path) : path.attributes();
  }

  /** RFC 4271 §5.1.5: a policy may set LOCAL_PREF, but no external peer hears it. */
  private static Ruling judged(Decision decision, Source to) {
    return switch (decision) {
      case Decision.Accepted(var attributes) ->
          new Ruling.Passed(
              to.kind() == Source.Kind.EXTERNAL && attributes.localPreference().isPresent()
                  ? attributes.withLocalPreference(OptionalLong.empty())
                  : attributes);
      case Decision.Rejected(var policy, var rule) ->
          new Ruling.Refused(new Reason.ByPolicy(policy, rule));
    };
  }

  /** RFC 4456 §8: ORIGINATOR_ID where absent, our cluster in front. */
  private PathAttributes reflected(Candidate path) {
    var originator = path.originator();
    var shared = path.shared();
    var known = shared.reflected();
    if (known.isPresent() && known.get().originator().equals(originator)) {
      return known.get().attributes();
    }
    var made = reflected(path.attributes(), originator);
    shared.remember(new Reflected(originator, made));
    return made;
  }

  private PathAttributes reflected(PathAttributes of, Ipv4Address originator) {
    var clusters = new ArrayList<Ipv4Address>(of.clusterList().size() + 1);
    clusters.add(routerId);
    clusters.addAll(of.clusterList());
    return of.withOriginatorId(Optional.of(originator)).withClusterList(clusters);
  }

  private PathAttributes external(Candidate path) {
    var shared = path.shared();
    var known = shared.external();
    // With a MED the outcome depends on the source too, and is not kept.
    if (known.isPresent() && path.attributes().med().isEmpty()) {
      return known.get();
    }
    var made = external(path.attributes(), path.source().isLocal());
    shared.rememberExternal(made);
    return made;
  }

  /**
   * RFC 4271 §5.1: our AS in front, no LOCAL_PREF, and a MED that was learned stays in the AS; RFC
   * 4360 §6: no non-transitive community. The next hop stays: it is the VTEP (RFC 8365 §10).
   */
  private PathAttributes external(PathAttributes of, boolean local) {
    return of.withAsPath(prepended(of.asPath()))
        .withMed(local ? of.med() : OptionalLong.empty())
        .withLocalPreference(OptionalLong.empty())
        .withOriginatorId(Optional.empty())
        .withClusterList(List.of())
        .withExtendedCommunities(
            of.extendedCommunities().stream().filter(ExportRule::isTransitive).toList());
  }

  private static boolean isTransitive(ExtendedCommunity community) {
    return (community.value() & NON_TRANSITIVE) == 0;
  }

  /** RFC 4271 §5.1.2: into the first sequence if it has room, else into a new one. */
  private AsPath prepended(AsPath path) {
    var segments = new ArrayList<>(path.segments());
    var numbers = new ArrayList<Long>();
    numbers.add(as.value());
    if (!segments.isEmpty()
        && !segments.getFirst().set()
        && segments.getFirst().numbers().size() < LONGEST_SEGMENT) {
      numbers.addAll(segments.removeFirst().numbers());
    }
    segments.addFirst(new AsPath.Segment(false, numbers));
    return new AsPath(segments);
  }
}
