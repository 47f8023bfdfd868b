package io.weft.bgp.speaker;

import io.weft.bgp.rib.BestPath;
import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.Reason;
import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RibEntry;
import io.weft.bgp.speaker.Explanation.Refused;
import io.weft.bgp.speaker.Explanation.Sending;
import io.weft.bgp.speaker.Explanation.Standing;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Answers to why the table is as it is. */
final class Explaining {
  private final Rib rib;
  private final Advertising advertising;

  Explaining(Rib rib, Advertising advertising) {
    this.rib = rib;
    this.advertising = advertising;
  }

  static RouteView view(RibEntry entry, Candidate candidate) {
    return new RouteView(
        candidate.route(),
        candidate.attributes(),
        peer(candidate),
        candidate.source().isLocal(),
        entry.best().equals(Optional.of(candidate)),
        candidate.isStale(),
        candidate.receivedPathId());
  }

  static Optional<IpAddress> peer(Candidate path) {
    return path.source().isLocal() ? Optional.empty() : Optional.of(path.source().address());
  }

  /** Keys of what peers said and of which nothing is held. */
  List<Route> refused(Predicate<Route> meant, Collection<Neighbour> neighbours) {
    return neighbours.stream()
        .flatMap(neighbour -> neighbour.refusals.keys(meant))
        .distinct()
        .filter(key -> rib.entry(key).isEmpty())
        .toList();
  }

  /** Of one route, by its key. */
  Explanation explain(Route key, Collection<Neighbour> neighbours) {
    var paths = new ArrayList<Standing>();
    var refused = new ArrayList<Refused>();
    var sendings = new ArrayList<Sending>();
    var entry = rib.entry(key);
    entry.ifPresent(known -> known.candidates().forEach(path -> paths.add(standing(known, path))));
    for (var neighbour : neighbours) {
      neighbour
          .refusals
          .of(key)
          .ifPresent(reason -> refused.add(new Refused(neighbour.address(), reason)));
      entry.ifPresent(known -> sendings.addAll(sendings(neighbour, known)));
    }
    return new Explanation(key, paths, refused, sendings);
  }

  private static Standing standing(RibEntry entry, Candidate path) {
    return new Standing(
        view(entry, path),
        entry.chosen().contains(path),
        BestPath.whyNot(entry.candidates(), path));
  }

  private List<Sending> sendings(Neighbour neighbour, RibEntry entry) {
    if (neighbour.recipient.isEmpty()) {
      var state = neighbour.session.state().toString();
      return List.of(notAtAll(neighbour, entry, new Reason.NoSession(state, neighbour.lastReason)));
    }
    var recipient = neighbour.recipient.get();
    if (recipient.fresh) {
      return List.of(notAtAll(neighbour, entry, new Reason.AwaitsMemberships()));
    }
    return Advertising.heard(recipient, entry).stream()
        .map(
            path ->
                new Sending(
                    neighbour.address(),
                    peer(path),
                    Advertising.pathId(recipient, path),
                    advertising.ruling(recipient, path).refused()))
        .toList();
  }

  private static Sending notAtAll(Neighbour neighbour, RibEntry entry, Reason reason) {
    var best = entry.best().flatMap(Explaining::peer);
    return new Sending(neighbour.address(), best, 0, Optional.of(reason));
  }
}
