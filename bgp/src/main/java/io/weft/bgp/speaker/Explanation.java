package io.weft.bgp.speaker;

import io.weft.bgp.rib.Reason;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import java.util.List;
import java.util.Optional;

/**
 * What became of a route, and why.
 *
 * @param paths that are held
 * @param refused what peers said of it and is not held
 * @param sendings what each peer hears of it: the best path, or all paths where that was agreed on
 *     (RFC 7911); none when no path is held
 */
public record Explanation(
    Route key, List<Standing> paths, List<Refused> refused, List<Sending> sendings) {
  public Explanation {
    paths = List.copyOf(paths);
    refused = List.copyOf(refused);
    sendings = List.copyOf(sendings);
  }

  /**
   * One path.
   *
   * @param used true for the best path, and for a unicast path that is as good
   * @param notBest what decided against it; empty: it is the best
   */
  public record Standing(RouteView path, boolean used, Optional<Reason> notBest) {}

  /** What a peer said last is not held. */
  public record Refused(IpAddress peer, Reason reason) {}

  /**
   * What one peer hears of one path.
   *
   * @param from the peer that said the path; empty: it is our own
   * @param pathId by which it is sent, 0 where there are no identifiers
   * @param notSent empty: it is sent
   */
  public record Sending(
      IpAddress peer, Optional<IpAddress> from, int pathId, Optional<Reason> notSent) {}

  /**
   * Of several routes.
   *
   * @param more those that were asked for too, and left out
   */
  public record Several(List<Explanation> routes, int more) {
    public Several {
      routes = List.copyOf(routes);
    }
  }
}
