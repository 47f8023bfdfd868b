package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.ExportRule;
import io.weft.bgp.rib.ImportRule;
import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RibChange;
import io.weft.bgp.rib.RibEntry;
import io.weft.bgp.rib.RoutesIn;
import io.weft.bgp.rib.Source;
import io.weft.bgp.session.Negotiated;
import io.weft.bgp.speaker.SpeakerEffect.BestPathChanged;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.bgp.wire.UpdatePacking;
import io.weft.net.RouteTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/** Routes of a speaker: in from peers and from ourselves, and on to whom they concern. */
final class Routing {
  /** How long to wait for End-of-RIB after a peer came back (RFC 4724 §4.2: "an upper bound"). */
  static final Duration STALE_AFTER_RETURN = Duration.ofMinutes(3);

  /** How long the first routes wait for the peer's memberships (RFC 4684 §6 leaves it to us). */
  static final Duration MEMBERSHIPS_WAIT = Duration.ofSeconds(30);

  private static final Family EVPN = Family.L2VPN_EVPN;

  private final Outbox outbox;
  private final Rib rib = new Rib();
  private final RoutesIn originated;
  private final ExportRule exports;
  private ImportRule imports;

  /** The memberships that peers with an established session have been told. */
  private List<RouteTargetMembership> membershipsSaid = List.of();

  private boolean originationComplete;
  private boolean refreshWanted;

  // What was imported before this step and then was not: its routes are dropped. When it is wanted
  // again before the step ends, no membership changes, and the routes must be asked for.
  private final TreeSet<RouteTarget> droppedTargets = new TreeSet<>();
  private boolean dropped;
  private boolean refreshOfAll;

  Routing(SpeakerConfig config, Outbox outbox) {
    this.outbox = outbox;
    this.originated = new RoutesIn(Source.local(config.routerId(), config.as()));
    this.exports = new ExportRule(config.as(), config.clusterId());
    this.imports =
        new ImportRule(
            config.as(), config.routerId(), config.clusterId(), config.keepAll(), List.of());
  }

  /** The table of another identity: what we originate and import stays, all else begins anew. */
  Routing(SpeakerConfig config, Routing former, Outbox outbox) {
    this(config, outbox);
    imports = imports.withTargets(former.imports.targets());
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

  void up(long now, Neighbour neighbour, Negotiated agreed, long connection) {
    var source = neighbour.source(agreed.peerRouterId());
    neighbour.routesIn.announcedBy(source);
    var recipient = new Recipient(source, connection, agreed, neighbour.config);
    if (recipient.interest.isPresent()) {
      recipient.awaitsMembershipsUntil = OptionalLong.of(now + MEMBERSHIPS_WAIT.toNanos());
    }
    neighbour.recipient = Optional.of(recipient);
    neighbour.staleUntil = OptionalLong.empty();
    if (neighbour.routesIn.staleSize() > 0) {
      rib.retainStale(neighbour.routesIn, agreed.forwardingFamilies()); // RFC 4724 §4.2
      if (neighbour.routesIn.staleSize() > 0) {
        neighbour.staleUntil = OptionalLong.of(now + STALE_AFTER_RETURN.toNanos());
      }
    }
    outbox.peerUp(neighbour.address());
  }

  /** The session ended; {@code keep} is how long its routes stay, zero: not at all. */
  void down(long now, Neighbour neighbour, Duration keep, String reason) {
    var restarting =
        neighbour.recipient.map(told -> told.agreed.restartFamilies()).orElse(List.of());
    neighbour.recipient = Optional.empty();
    neighbour.staleUntil = OptionalLong.empty();
    if (keep.isZero()) {
      rib.removeAll(neighbour.routesIn);
    } else {
      rib.markStale(neighbour.routesIn, restarting);
      if (neighbour.routesIn.size() > 0) {
        neighbour.staleUntil = OptionalLong.of(now + keep.toNanos());
      }
    }
    outbox.peerDown(neighbour.address(), reason);
  }

  void receive(Neighbour neighbour, Message.Update update) {
    var from = neighbour.routesIn;
    update.faults().forEach(fault -> outbox.report(neighbour.address(), fault));
    for (var route : update.withdrawn()) {
      if (route instanceof RouteTargetMembership membership) {
        leave(neighbour, membership);
      } else {
        rib.withdraw(from, route);
      }
    }
    Optional<Family> judged = Optional.empty();
    Optional<PathAttributes> accepted = Optional.empty();
    for (var route : update.announced()) {
      var family = route.family();
      if (!judged.equals(Optional.of(family))) { // one UPDATE may carry two families
        judged = Optional.of(family);
        accepted = update.attributes().flatMap(a -> imports.accept(family, a, from.source()));
      }
      if (route instanceof RouteTargetMembership membership) {
        if (accepted.isPresent()) {
          join(neighbour, membership);
        } else {
          leave(neighbour, membership);
        }
      } else if (accepted.isPresent()) {
        rib.announce(from, route, accepted.get());
      } else {
        rib.withdraw(from, route);
      }
    }
    update.endOfRib().ifPresent(family -> endOfRib(neighbour, family));
  }

  /** RFC 2918 §4; the marks of RFC 7313 were not agreed on, so they mean nothing. */
  void refresh(Neighbour neighbour, Message.RouteRefresh request) {
    if (request.subtype() != 0) {
      return;
    }
    var asked =
        neighbour.recipient.filter(
            recipient -> recipient.agreed.families().contains(request.family()));
    if (request.family().equals(Family.ROUTE_TARGET)) {
      asked.ifPresent(recipient -> recipient.owesMemberships = true);
    } else {
      asked
          .filter(recipient -> !recipient.refresh.contains(request.family()))
          .ifPresent(recipient -> recipient.refresh.add(request.family()));
    }
  }

  private static void leave(Neighbour neighbour, RouteTargetMembership membership) {
    neighbour
        .recipient
        .flatMap(Recipient::interestToChange)
        .ifPresent(interest -> interest.remove(membership));
  }

  private void join(Neighbour neighbour, RouteTargetMembership membership) {
    var interest = neighbour.recipient.flatMap(Recipient::interestToChange);
    if (interest.isPresent() && !interest.get().holds(membership)) {
      // Left and joined again in one step: the peer has dropped what it then wants once more.
      neighbour
          .recipient
          .filter(told -> told.formerInterest.orElseThrow().holds(membership))
          .filter(told -> !told.refresh.contains(EVPN))
          .ifPresent(told -> told.refresh.add(EVPN));
    }
    if (interest.isPresent() && !interest.get().add(membership)) {
      outbox.report(
          neighbour.address(),
          "more than " + Interest.MAX_MEMBERSHIPS + " memberships: " + membership + " left out");
    }
  }

  /** The peer did not say by then what it wants: it hears what it asked for so far. */
  void expireAwaiting(long now, Neighbour neighbour) {
    neighbour
        .recipient
        .filter(told -> told.awaitsMembershipsUntil.orElse(Long.MAX_VALUE) <= now)
        .ifPresent(
            told -> {
              told.awaitsMembershipsUntil = OptionalLong.empty();
              outbox.report(
                  neighbour.address(),
                  "no End-of-RIB of its memberships for "
                      + MEMBERSHIPS_WAIT.toSeconds()
                      + " s: sent what it asked for until now (RFC 4684 §6)");
            });
  }

  void expireStale(long now, Neighbour neighbour) {
    if (neighbour.staleUntil.isPresent() && neighbour.staleUntil.getAsLong() <= now) {
      neighbour.staleUntil = OptionalLong.empty();
      rib.removeStale(neighbour.routesIn);
    }
  }

  /** Forgets a peer that is no longer one of ours. */
  void forget(Neighbour neighbour) {
    neighbour.staleUntil = OptionalLong.empty();
    rib.removeAll(neighbour.routesIn);
  }

  private void endOfRib(Neighbour neighbour, Family family) {
    rib.removeStale(neighbour.routesIn, family);
    if (neighbour.routesIn.staleSize() == 0) {
      neighbour.staleUntil = OptionalLong.empty();
    }
    if (family.equals(Family.ROUTE_TARGET)) {
      neighbour.recipient.ifPresent(
          recipient -> recipient.awaitsMembershipsUntil = OptionalLong.empty());
    }
    outbox.endOfRib(neighbour.address(), family);
  }

  // What we import.

  void importTargets(List<RouteTarget> targets, Collection<Neighbour> neighbours) {
    change(imports.withTargets(targets), neighbours);
  }

  void keepAll(boolean keepAll, Collection<Neighbour> neighbours) {
    change(imports.withKeepAll(keepAll), neighbours);
  }

  private void change(ImportRule next, Collection<Neighbour> neighbours) {
    if (next.equals(imports)) {
      return;
    }
    refreshWanted |= imports.isWidenedBy(next);
    refreshOfAll |=
        next.keepAll() && dropped || next.targets().stream().anyMatch(droppedTargets::contains);
    dropped |= imports.keepAll() && !next.keepAll();
    imports.targets().stream()
        .filter(t -> !next.targets().contains(t))
        .forEach(droppedTargets::add);
    imports = next;
    neighbours.forEach(
        neighbour ->
            rib.retain(neighbour.routesIn, (family, attributes) -> next.wants(family, attributes)));
  }

  // What goes out.

  /** True once an End-of-RIB has been sent: before, we count as restarting (RFC 4724 §4.1). */
  boolean flush(Collection<Neighbour> neighbours) {
    var recipients = new ArrayList<Recipient>();
    for (var neighbour : neighbours) {
      neighbour.recipient.ifPresent(recipients::add);
      askAgain(neighbour);
    }
    refreshWanted = false;
    refreshOfAll = false;
    dropped = false;
    droppedTargets.clear();
    recipients.forEach(this::sayMemberships);
    membershipsSaid = memberships();
    var changes = rib.takeChanges();
    for (var change : changes) {
      tellUser(change);
      recipients.forEach(recipient -> tell(recipient, change));
    }
    recipients.stream()
        .filter(r -> r.formerInterest.isPresent() && !r.fresh)
        .forEach(recipient -> tellByInterest(recipient, changes));
    recipients.stream()
        .filter(r -> (r.fresh || !r.refresh.isEmpty()) && r.awaitsMembershipsUntil.isEmpty())
        .forEach(this::tellAll);
    recipients.forEach(recipient -> recipient.formerInterest = Optional.empty());
    boolean ended = false;
    for (var recipient : recipients) {
      ended |= send(recipient);
    }
    return ended;
  }

  private void askAgain(Neighbour neighbour) {
    if (refreshWanted
        && neighbour.isEstablished()
        && neighbour.recipient.filter(told -> refreshOfAll || told.interest.isEmpty()).isPresent()
        && neighbour
            .session
            .negotiated()
            .filter(agreed -> agreed.routeRefresh() && agreed.families().contains(EVPN))
            .isPresent()) {
      outbox.send(
          neighbour.session.connection().orElseThrow(), List.of(new Message.RouteRefresh(EVPN, 0)));
    }
  }

  private void tellUser(RibChange change) {
    var before = change.before().filter(path -> !path.source().isLocal());
    var after = change.after().filter(path -> !path.source().isLocal());
    if (before.isPresent() || after.isPresent()) {
      outbox.bestPath(new BestPathChanged(change.key(), after.map(Routing::path)));
    }
  }

  private void tell(Recipient recipient, RibChange change) {
    if (recipient.fresh) {
      return; // will hear of everything as it is now
    }
    var before =
        change
            .before()
            .filter(path -> recipient.wanted(path))
            .flatMap(path -> exports.export(path, recipient.to, recipient.egress));
    var after =
        change
            .after()
            .filter(path -> recipient.wants(path))
            .flatMap(path -> exports.export(path, recipient.to, recipient.egress));
    if (after.isEmpty()) {
      if (before.isPresent()) {
        recipient.sent--;
        recipient.withdraw(change.key());
      }
      return;
    }
    recipient.sent += before.isPresent() ? 0 : 1;
    if (!recipient.refresh.contains(change.key().family())
        && !(before.equals(after) && sameRoute(change))) {
      recipient.announce(change.after().orElseThrow().route(), after.get());
    }
  }

  private static boolean sameRoute(RibChange change) {
    return change.before().map(Candidate::route).equals(change.after().map(Candidate::route));
  }

  /** What the peer wants has changed: says and takes back what stands otherwise unchanged. */
  private void tellByInterest(Recipient recipient, List<RibChange> changes) {
    var told = new HashSet<Route>(); // asked, never walked through
    changes.forEach(change -> told.add(change.key()));
    for (RibEntry entry : rib.entries()) {
      var path = entry.best().orElseThrow();
      boolean wanted = recipient.wanted(path);
      if (wanted != recipient.wants(path) && !told.contains(entry.key())) {
        exports
            .export(path, recipient.to, recipient.egress)
            .ifPresent(
                attributes -> {
                  recipient.sent += wanted ? -1 : 1;
                  if (wanted) {
                    recipient.withdraw(entry.key());
                  } else {
                    recipient.announce(path.route(), attributes);
                  }
                });
      }
    }
  }

  /**
   * What we want of internal peers, sorted: everything where all is kept (RFC 4684 §6: a reflector
   * says the default), else the targets that are imported.
   */
  private List<RouteTargetMembership> memberships() {
    return imports.keepAll()
        ? List.of(RouteTargetMembership.DEFAULT)
        : imports.targets().stream().map(t -> RouteTargetMembership.of(imports.as(), t)).toList();
  }

  private void sayMemberships(Recipient recipient) {
    if (recipient.interest.isEmpty()) {
      return;
    }
    var wanted = memberships();
    var said = recipient.owesMemberships ? List.<RouteTargetMembership>of() : membershipsSaid;
    recipient.owesMemberships = false;
    var messages = new ArrayList<Message>();
    var gone = said.stream().filter(membership -> !wanted.contains(membership)).toList();
    var added = wanted.stream().filter(membership -> !said.contains(membership)).toList();
    if (!added.isEmpty()) {
      var attributes = PathAttributes.originated(imports.routerId(), List.of(), Optional.empty());
      messages.addAll(UpdatePacking.announce(attributes, added));
    }
    if (!gone.isEmpty()) {
      messages.addAll(UpdatePacking.withdraw(gone));
    }
    // A reflector wants everything, and so has said all at once: its clients' first routes wait for
    // it. A node knows what it imports when its endpoints stand again.
    if (recipient.owesMembershipsEnd && (originationComplete || imports.keepAll())) {
      recipient.owesMembershipsEnd = false;
      messages.add(Message.Update.endOfRib(Family.ROUTE_TARGET));
    }
    if (!messages.isEmpty()) {
      outbox.send(recipient.connection, messages);
    }
  }

  private void tellAll(Recipient recipient) {
    int sent = 0;
    for (RibEntry entry : rib.entries()) {
      var path = entry.best().orElseThrow();
      var attributes =
          Optional.of(path)
              .filter(recipient::wants)
              .flatMap(best -> exports.export(best, recipient.to, recipient.egress));
      if (attributes.isPresent()) {
        if (recipient.fresh || recipient.refresh.contains(entry.key().family())) {
          recipient.announce(path.route(), attributes.get());
        }
        sent++;
      }
    }
    recipient.sent = sent;
    recipient.fresh = false;
    recipient.refresh.clear();
  }

  private boolean send(Recipient recipient) {
    var messages = recipient.pack();
    boolean ends = !recipient.owesEndOfRib.isEmpty() && originationComplete && !recipient.fresh;
    if (ends) {
      recipient.owesEndOfRib.forEach(family -> messages.add(Message.Update.endOfRib(family)));
      recipient.owesEndOfRib.clear();
    }
    if (!messages.isEmpty()) {
      outbox.send(recipient.connection, messages);
    }
    return ends;
  }

  // Pictures.

  List<RouteView> view() {
    var views = new ArrayList<RouteView>();
    for (var entry : rib.entries()) {
      for (var candidate : entry.candidates()) {
        views.add(view(entry, candidate));
      }
    }
    return views;
  }

  private static RouteView view(RibEntry entry, Candidate candidate) {
    boolean local = candidate.source().isLocal();
    return new RouteView(
        candidate.route(),
        candidate.attributes(),
        local ? Optional.empty() : Optional.of(candidate.source().address()),
        local,
        entry.best().equals(Optional.of(candidate)),
        candidate.isStale());
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
}
