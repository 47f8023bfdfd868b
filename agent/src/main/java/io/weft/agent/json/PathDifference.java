package io.weft.agent.json;

import io.weft.bgp.rib.BestPath;
import io.weft.bgp.speaker.SpeakerView;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.Optional;

/**
 * Why one path to a route was preferred to another: the first step of {@link BestPath} in which
 * they differ, in words.
 */
final class PathDifference {
  private static final long DEFAULT_LOCAL_PREFERENCE = 100;

  private PathDifference() {}

  /** {@code best} is used, {@code other} is not. */
  static String words(SpeakerView view, RouteView best, RouteView other) {
    if (best.local() && !other.local()) {
      return "the best path is our own";
    }
    long sequence = sequence(best);
    if (sequence != sequence(other)) {
      return larger("MAC mobility sequence number", sequence, sequence(other), "RFC 7432 §15");
    }
    var a = best.attributes();
    var b = other.attributes();
    long preference = a.localPreference().orElse(DEFAULT_LOCAL_PREFERENCE);
    long otherPreference = b.localPreference().orElse(DEFAULT_LOCAL_PREFERENCE);
    if (preference != otherPreference) {
      return larger("LOCAL_PREF", preference, otherPreference, "RFC 4271 §9.1.1");
    }
    if (a.asPath().length() != b.asPath().length()) {
      return smaller(
          "number of AS in AS_PATH", a.asPath().length(), b.asPath().length(), "§9.1.2.2 a");
    }
    if (a.origin() != b.origin()) {
      return smaller("ORIGIN", a.origin(), b.origin(), "§9.1.2.2 b");
    }
    if (a.med().orElse(0) != b.med().orElse(0)) {
      return smaller("MED", a.med().orElse(0), b.med().orElse(0), "§9.1.2.2 c");
    }
    if (external(view, best) != external(view, other)) {
      return "the best path is from an external neighbour, this from an internal one (RFC 4271"
          + " §9.1.2.2 d)";
    }
    var id = originator(view, best);
    var otherId = originator(view, other);
    if (!id.equals(otherId)) {
      return smaller(
          "BGP identifier of the originator",
          id.map(Object::toString).orElse("unknown"),
          otherId.map(Object::toString).orElse("unknown"),
          "§9.1.2.2 f");
    }
    if (a.clusterList().size() != b.clusterList().size()) {
      return "the best path has the shorter CLUSTER_LIST: "
          + a.clusterList().size()
          + " against "
          + b.clusterList().size()
          + " (RFC 4456 §9)";
    }
    if (best.stale() != other.stale()) {
      return "this path is kept only because its neighbour restarts (RFC 4724 §4.2)";
    }
    return smaller("address of the neighbour", address(best), address(other), "§9.1.2.2 g");
  }

  private static String larger(String what, Object best, Object other, String section) {
    return "the best path has the higher "
        + what
        + ": "
        + best
        + " against "
        + other
        + " ("
        + section
        + ")";
  }

  private static String smaller(String what, Object best, Object other, String section) {
    return "the best path has the lower "
        + what
        + ": "
        + best
        + " against "
        + other
        + " (RFC 4271 "
        + section
        + ")";
  }

  private static long sequence(RouteView route) {
    return route.attributes().macMobility().map(ExtendedCommunity::mobilitySequence).orElse(0L);
  }

  private static boolean external(SpeakerView view, RouteView route) {
    return peer(view, route).flatMap(PeerView::as).filter(as -> !as.equals(view.as())).isPresent();
  }

  private static Optional<Ipv4Address> originator(SpeakerView view, RouteView route) {
    return route
        .attributes()
        .originatorId()
        .or(() -> route.local() ? Optional.of(view.routerId()) : Optional.empty())
        .or(() -> peer(view, route).flatMap(PeerView::routerId));
  }

  static Optional<PeerView> peer(SpeakerView view, RouteView route) {
    return view.peers().stream()
        .filter(peer -> route.peer().filter(peer.address()::equals).isPresent())
        .findFirst();
  }

  private static String address(RouteView route) {
    return route.peer().map(IpAddress::toString).orElse("our own");
  }
}
