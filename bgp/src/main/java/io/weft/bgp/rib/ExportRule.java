package io.weft.bgp.rib;

import io.weft.bgp.rib.SharedAttributes.Reflected;
import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
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
 * @param as our own number
 * @param clusterId goes in front of CLUSTER_LIST (RFC 4456 §8)
 */
public record ExportRule(AutonomousSystem as, Ipv4Address clusterId) {
  private static final int LONGEST_SEGMENT = 255;
  private static final long NON_TRANSITIVE = 1L << 62;

  /** The attributes that {@code to} is to hear of what {@code egress} lets out to it. */
  public Optional<PathAttributes> export(Candidate path, Source to, Egress egress) {
    if (!egress.carries(path.route())) {
      return Optional.empty();
    }
    return export(path, to).map(made -> egress.withNextHop(made, path.route(), to));
  }

  /** The attributes that {@code to} is to hear; empty: it is not to hear of the path. */
  public Optional<PathAttributes> export(Candidate path, Source to) {
    var from = path.source();
    if (!from.isLocal() && from.address().equals(to.address())) {
      return Optional.empty();
    }
    return switch (to.kind()) {
      case LOCAL -> Optional.empty();
      case EXTERNAL -> Optional.of(external(path));
      case CLIENT, NON_CLIENT ->
          switch (from.kind()) {
            // Next hop unchanged (RFC 8365 §5.1.3: it is the VTEP); LOCAL_PREF came in with import.
            case LOCAL, EXTERNAL -> Optional.of(path.attributes());
            case CLIENT -> reflect(path, to);
            case NON_CLIENT ->
                to.kind() == Source.Kind.CLIENT ? reflect(path, to) : Optional.empty();
          };
    };
  }

  /**
   * RFC 4456 §8: ORIGINATOR_ID where absent, our cluster in front, never back to the originator.
   */
  private Optional<PathAttributes> reflect(Candidate path, Source to) {
    var originator = path.originator();
    if (originator.equals(to.routerId())) {
      return Optional.empty();
    }
    var shared = path.shared();
    var known = shared.reflected();
    if (known.isPresent() && known.get().originator().equals(originator)) {
      return Optional.of(known.get().attributes());
    }
    var made = reflected(path.attributes(), originator);
    shared.remember(new Reflected(originator, made));
    return Optional.of(made);
  }

  private PathAttributes reflected(PathAttributes of, Ipv4Address originator) {
    var clusters = new ArrayList<Ipv4Address>(of.clusterList().size() + 1);
    clusters.add(clusterId);
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
