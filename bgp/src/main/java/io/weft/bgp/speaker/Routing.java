package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.ExportRule;
import io.weft.bgp.rib.ImportRule;
import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RibChange;
import io.weft.bgp.rib.RibSize;
import io.weft.bgp.rib.RoutesIn;
import io.weft.bgp.rib.Source;
import io.weft.bgp.session.Negotiated;
import io.weft.bgp.speaker.SpeakerEffect.BestPathChanged;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.Capability.LongLivedFamily;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.RouteRefresh;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Routes of a speaker: in from peers and from ourselves, and on to whom they concern. */
final class Routing {
  /** How long to wait for End-of-RIB after a peer came back (RFC 4724 §4.2: "an upper bound"). */
  static final Duration STALE_AFTER_RETURN = Duration.ofMinutes(3);

  /** How long the first routes wait for the peer's memberships (RFC 4684 §6 leaves it to us). */
  static final Duration MEMBERSHIPS_WAIT = Duration.ofSeconds(30);

  /** How long our End-of-RIB waits for that of the peer's memberships. */
  static final Duration MEMBERSHIPS_END_WAIT = Duration.ofMinutes(3);

  private final Outbox outbox;
  private final Rib rib = new Rib();
  private final RoutesIn originated;
  private final Intake intake;
  private final Advertising advertising;
  private final Memberships memberships;
  private final Explaining explaining;
  private boolean originationComplete;

  Routing(SpeakerConfig config, Outbox outbox) {
    this(config, outbox, List.of());
  }

  private Routing(SpeakerConfig config, Outbox outbox, List<ImportTarget> targets) {
    var imports =
        new ImportRule(
            config.as(), config.routerId(), config.clusterId(), config.keepAll(), targets);
    this.outbox = outbox;
    this.originated = new RoutesIn(Source.local(config.routerId(), config.as()));
    this.intake = new Intake(rib, outbox, imports);
    // A host that reflects still forwards for nobody between its uplinks.
    boolean transit = config.keepAll() && !outbox.tellsBestPaths();
    this.advertising =
        new Advertising(new ExportRule(config.as(), config.clusterId(), transit), rib);
    this.memberships = new Memberships(outbox);
    this.explaining = new Explaining(rib, advertising);
  }

  /** The table of another identity: what we originate and import stays, all else begins anew. */
  Routing(SpeakerConfig config, Routing former, Outbox outbox) {
    this(config, outbox, former.intake.imports().targets());
    originationComplete = former.originationComplete;
    for (var entry : former.rib.entries()) {
      for (var candidate : entry.candidates()) {
        if (candidate.source().isLocal()) {
          rib.announce(originated, candidate.route(), candidate.attributes());
        }
      }
    }
  }

  // What we originate.

  void originate(List<OriginatedRoute> routes) {
    routes.forEach(route -> rib.announce(originated, route.route(), route.attributes()));
  }

  void remove(List<Route> routes) {
    routes.forEach(route -> rib.withdraw(originated, route));
  }

  void completeOrigination() {
    originationComplete = true;
  }

  // What peers do.

  void up(
      long now,
      Neighbour neighbour,
      Negotiated agreed,
      long connection,
      Optional<IpAddress> local) {
    var source = neighbour.source(agreed.peerRouterId());
    neighbour.routesIn.announcedBy(source);
    var recipient =
        new Recipient(
            source,
            connection,
            agreed,
            neighbour.updates,
            neighbour.config.withLocalAddress(local.or(neighbour.config::localAddress)));
    if (recipient.interest.isPresent()) {
      recipient.awaitsMembershipsUntil = OptionalLong.of(now + MEMBERSHIPS_WAIT.toNanos());
      recipient.holdsEndUntil = OptionalLong.of(now + MEMBERSHIPS_END_WAIT.toNanos());
    }
    neighbour.recipient.ifPresent(advertising.roster()::remove);
    advertising.roster().add(recipient);
    neighbour.recipient = Optional.of(recipient);
    neighbour.staleUntil = OptionalLong.empty();
    if (neighbour.routesIn.staleSize() > 0) {
      rib.retainStale(neighbour.routesIn, preserved(neighbour, agreed));
      awaitRoutes(now, neighbour);
    }
    neighbour.longLivedUntil.clear();
    neighbour.updates.sessions++;
    outbox.peerUp(neighbour.address());
    if (neighbour.pace.established(now)) {
      outbox.report(
          neighbour.address(),
          "%d sessions within %d s: its path is bad, or two speak with one address and BGP identifier %s"
              .formatted(SessionPace.MANY, SessionPace.WINDOW.toSeconds(), agreed.peerRouterId()));
    }
  }

  /** RFC 4724 §4.2, RFC 9494 §4.2: only what the peer still forwards is worth waiting for. */
  private static List<Family> preserved(Neighbour neighbour, Negotiated agreed) {
    return neighbour.longLivedUntil.isEmpty()
        ? agreed.forwardingFamilies()
        : agreed.longLived().stream()
            .filter(LongLivedFamily::forwardingPreserved)
            .map(LongLivedFamily::family)
            .toList();
  }

  private static void awaitRoutes(long now, Neighbour neighbour) {
    if (neighbour.routesIn.unconfirmed() > 0) {
      neighbour.staleUntil = OptionalLong.of(now + STALE_AFTER_RETURN.toNanos());
    }
  }

  /** The session ended; {@code keep} is how long its routes stay, zero: not at all. */
  void down(long now, Neighbour neighbour, Duration keep, String reason) {
    var agreed = neighbour.recipient.map(told -> told.agreed);
    neighbour.mayStayLonger = agreed.map(Negotiated::longLived).orElse(List.of());
    neighbour.recipient.ifPresent(advertising.roster()::remove);
    neighbour.recipient = Optional.empty();
    neighbour.staleUntil = OptionalLong.empty();
    neighbour.refusals.clear();
    if (keep.isZero()) {
      rib.removeAll(neighbour.routesIn);
    } else {
      rib.markStale(neighbour.routesIn, agreed.map(Routing::lasting).orElse(List.of()));
      if (neighbour.routesIn.size() > 0) {
        neighbour.staleUntil = OptionalLong.of(now + keep.toNanos());
      }
    }
    outbox.peerDown(neighbour.address(), reason);
  }

  /** The families whose routes may outlive a session, for however long. */
  private static List<Family> lasting(Negotiated agreed) {
    var longLived = agreed.longLived().stream().map(LongLivedFamily::family);
    return Stream.concat(agreed.restartFamilies().stream(), longLived).distinct().toList();
  }

  void receive(Neighbour neighbour, Message.Update update) {
    intake.receive(neighbour, update);
    update.endOfRib().ifPresent(family -> endOfRib(neighbour, family));
  }

  /** A request (RFC 2918 §4), or a mark of an answer to ours (RFC 7313 §4.2). */
  void refresh(long now, Neighbour neighbour, RouteRefresh message) {
    var family = message.family();
    var carried = neighbour.recipient.filter(told -> told.agreed.families().contains(family));
    if (carried.isEmpty()) {
      return;
    }
    boolean marks = carried.get().agreed.enhancedRefresh() && !family.equals(Family.ROUTE_TARGET);
    switch (message.subtype()) {
      case RouteRefresh.REQUEST -> {
        if (family.equals(Family.ROUTE_TARGET)) {
          carried.get().oweMemberships();
        } else {
          carried.get().askedAgain(family);
        }
      }
      case RouteRefresh.BEGIN -> {
        if (marks) {
          rib.await(neighbour.routesIn, family);
          awaitRoutes(now, neighbour);
        }
      }
      case RouteRefresh.END -> {
        if (marks) {
          sweep(neighbour, family);
        }
      }
      default -> {} // RFC 7313 §5: ignored
    }
  }

  /** The peer did not say by then all that it wants: it hears what it asked for so far. */
  void expireAwaiting(long now, Neighbour neighbour) {
    if (neighbour.recipient.isEmpty()) {
      return;
    }
    var told = neighbour.recipient.get();
    if (told.awaitsMembershipsUntil.orElse(Long.MAX_VALUE) <= now) {
      told.awaitsMembershipsUntil = OptionalLong.empty();
      outbox.report(
          neighbour.address(),
          "no End-of-RIB of its memberships for "
              + MEMBERSHIPS_WAIT.toSeconds()
              + " s: sent what it asked for until now (RFC 4684 §6)");
    }
    if (told.holdsEndUntil.orElse(Long.MAX_VALUE) <= now) {
      told.holdsEndUntil = OptionalLong.empty();
    }
  }

  void expireStale(long now, Neighbour neighbour) {
    if (neighbour.staleUntil.isEmpty() || neighbour.staleUntil.getAsLong() > now) {
      return;
    }
    neighbour.staleUntil = OptionalLong.empty();
    if (!neighbour.longLivedUntil.isEmpty()) {
      endLongLived(now, neighbour);
    } else if (neighbour.recipient.isEmpty() && !neighbour.mayStayLonger.isEmpty()) {
      beginLongLived(now, neighbour);
    } else {
      rib.removeStale(neighbour.routesIn);
    }
  }

  /** RFC 9494 §4.2: the peer is not back in time. */
  private void beginLongLived(long now, Neighbour neighbour) {
    var until = neighbour.longLivedUntil;
    for (var stay : neighbour.mayStayLonger) {
      if (stay.staleSeconds() > 0) {
        until.put(stay.family(), now + Duration.ofSeconds(stay.staleSeconds()).toNanos());
      }
    }
    rib.outlive(neighbour.routesIn, List.copyOf(until.keySet()));
    awaitFirst(neighbour);
  }

  private void endLongLived(long now, Neighbour neighbour) {
    neighbour.longLivedUntil.forEach(
        (family, until) -> {
          if (until <= now) {
            rib.removeStale(neighbour.routesIn, family);
          }
        });
    neighbour.longLivedUntil.values().removeIf(until -> until <= now);
    awaitFirst(neighbour);
  }

  private static void awaitFirst(Neighbour neighbour) {
    if (neighbour.routesIn.staleSize() > 0) {
      neighbour.staleUntil =
          neighbour.longLivedUntil.values().stream().mapToLong(Long::longValue).min();
    }
  }

  /** Forgets a peer that is no longer one of ours. */
  void forget(Neighbour neighbour) {
    neighbour.staleUntil = OptionalLong.empty();
    rib.removeAll(neighbour.routesIn);
  }

  /** The peer has said all that it has of the family. */
  private void sweep(Neighbour neighbour, Family family) {
    rib.removeStale(neighbour.routesIn, family);
    if (neighbour.routesIn.unconfirmed() == 0) {
      neighbour.staleUntil = OptionalLong.empty();
    }
  }

  private void endOfRib(Neighbour neighbour, Family family) {
    sweep(neighbour, family);
    if (family.equals(Family.ROUTE_TARGET)) {
      neighbour.recipient.ifPresent(
          recipient -> {
            recipient.awaitsMembershipsUntil = OptionalLong.empty();
            recipient.holdsEndUntil = OptionalLong.empty();
          });
    }
    outbox.endOfRib(neighbour.address(), family);
  }

  // What we import, and what an operator lets pass.

  void importTargets(List<ImportTarget> targets, Collection<Neighbour> neighbours) {
    intake.importTargets(targets, neighbours);
  }

  void keepAll(boolean keepAll, Collection<Neighbour> neighbours) {
    intake.keepAll(keepAll, neighbours);
  }

  /** Other policies for a peer whose session goes on. */
  void changePolicies(Neighbour neighbour, PeerConfig next) {
    var former = neighbour.config;
    neighbour.config = next;
    if (!next.importPolicy().equals(former.importPolicy())) {
      intake.policyChanged(neighbour);
    }
    if (!next.exportPolicy().equals(former.exportPolicy())) {
      neighbour.recipient.ifPresent(recipient -> recipient.letOutBy(next.exportPolicy()));
    }
  }

  // What goes out.

  /** True once an End-of-RIB has been sent: before, we count as restarting (RFC 4724 §4.1). */
  boolean flush(Collection<Neighbour> neighbours) {
    intake.askAgain(neighbours);
    memberships.say(advertising.roster(), intake.imports(), originationComplete);
    var changes = rib.takeChanges();
    if (outbox.tellsBestPaths()) {
      changes.forEach(this::tellUser);
    }
    advertising.tell(changes);
    boolean ended = false;
    for (var recipient : advertising.roster().stirred()) {
      ended |= send(recipient);
      recipient.rest();
    }
    return ended;
  }

  private void tellUser(RibChange change) {
    var before = learned(change.chosenBefore());
    var after = learned(change.chosenAfter());
    boolean differ = change.isOfBest() || before.size() != after.size();
    for (int i = 0; i < after.size() && !differ; i++) {
      differ = !before.get(i).says(after.get(i));
    }
    if (differ && !(before.isEmpty() && after.isEmpty())) {
      var paths = new ArrayList<Path>(after.size());
      after.forEach(candidate -> paths.add(path(candidate)));
      // Of a key and a route that share their parts less is kept by whoever keeps both.
      var key = paths.isEmpty() ? change.key() : paths.getFirst().key();
      outbox.bestPath(new BestPathChanged(key, paths));
    }
  }

  private static List<Candidate> learned(List<Candidate> chosen) {
    for (var path : chosen) {
      if (path.source().isLocal()) { // seldom: a route of ours that a peer says too
        return chosen.stream().filter(other -> !other.source().isLocal()).toList();
      }
    }
    return chosen;
  }

  private static Path path(Candidate candidate) {
    PathAttributes attributes = candidate.attributes();
    return new Path(
        candidate.route(),
        attributes,
        candidate.source().address(),
        candidate.source().routerId(),
        candidate.isStale());
  }

  private boolean send(Recipient recipient) {
    if (!recipient.hasToSay() && recipient.owesEndOfRib.isEmpty()) {
      return false;
    }
    var messages = recipient.pack();
    boolean ends =
        !recipient.owesEndOfRib.isEmpty()
            && originationComplete
            && !recipient.fresh
            && recipient.holdsEndUntil.isEmpty();
    if (ends) {
      messages = new ArrayList<>(messages);
      for (var family : recipient.owesEndOfRib) {
        messages.add(Message.Update.endOfRib(family));
      }
      recipient.owesEndOfRib.clear();
    }
    if (!messages.isEmpty()) {
      recipient.say(messages, outbox);
    }
    return ends;
  }

  // Pictures.

  RibSize table() {
    return rib.size();
  }

  RouteWalk walk(RouteSelection wanted, int from) {
    return new RouteWalk(rib, wanted, from);
  }

  Explanation explain(Route route, Collection<Neighbour> neighbours) {
    return explaining.explain(route.key(), neighbours);
  }

  List<Route> refused(Predicate<Route> meant, Collection<Neighbour> neighbours) {
    return explaining.refused(meant, neighbours);
  }
}
