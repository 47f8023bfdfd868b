package io.weft.bgp.speaker;

import io.weft.bgp.policy.Decision;
import io.weft.bgp.rib.ImportRule;
import io.weft.bgp.rib.Reason;
import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.Rib.Announced;
import io.weft.bgp.rib.Ruling;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteBlock;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Routes of peers on their way in: which are kept, why others are not, what is asked for again. */
final class Intake {
  private static final Family EVPN = Family.L2VPN_EVPN;

  private final Rib rib;
  private final Outbox outbox;
  private ImportRule imports;

  private boolean refreshWanted;

  /** A neighbour's policy is another, and what the former one refused is to be said again. */
  private boolean policyAsks;

  // What was imported before this step and then was not: its routes are dropped. When it is wanted
  // again before the step ends, no membership changes, and the routes must be asked for.
  private final TreeSet<ImportTarget> droppedTargets = new TreeSet<>();
  private boolean dropped;

  // Peers were told that we want all, and so send nothing again when we import more of it.
  private boolean allIsSent;
  private boolean refreshOfAll;

  Intake(Rib rib, Outbox outbox, ImportRule imports) {
    this.rib = rib;
    this.outbox = outbox;
    this.imports = imports;
  }

  ImportRule imports() {
    return imports;
  }

  void receive(Neighbour neighbour, Message.Update update) {
    update.faults().forEach(fault -> outbox.report(neighbour.address(), fault));
    withdraw(neighbour, update);
    if (update.announced() instanceof RouteBlock routes && announceAll(neighbour, update, routes)) {
      return;
    }
    Optional<Family> judged = Optional.empty();
    Ruling ruling = new Ruling.Refused(new Reason.NoWantedTarget());
    for (int i = 0; i < update.announced().size(); i++) {
      var route = update.announced().get(i);
      var family = route.family();
      if (!judged.equals(Optional.of(family))) { // one UPDATE may carry two families
        judged = Optional.of(family);
        var attributes = update.attributes().orElseThrow();
        ruling = imports.accept(family, attributes, neighbour.routesIn.source());
      }
      long pathId = update.announcedPathIds().isEmpty() ? 0 : update.announcedPathIds().get(i);
      announce(neighbour, route, pathId, ruling);
    }
  }

  /** Takes in routes that need not be looked at one by one; false: they must be. */
  private boolean announceAll(Neighbour neighbour, Message.Update update, RouteBlock routes) {
    if (neighbour.config.importPolicy().isPresent()) {
      return false;
    }
    var attributes = update.attributes().orElseThrow();
    var kept = imports.accept(EVPN, attributes, neighbour.routesIn.source()).passed();
    kept.ifPresent(
        passed -> {
          rib.announceAll(neighbour.routesIn, routes, passed);
          neighbour.refusals.removeAll(routes);
        });
    return kept.isPresent();
  }

  private void withdraw(Neighbour neighbour, Message.Update update) {
    if (update.withdrawn().isEmpty()) { // nearly always
      return;
    }
    if (update.withdrawn() instanceof RouteBlock routes && update.faults().isEmpty()) {
      rib.withdrawAll(neighbour.routesIn, routes);
      neighbour.refusals.removeAll(routes);
      return;
    }
    var malformed = update.faults().stream().filter(f -> f.contains("treated as withdrawn"));
    var fault = malformed.findFirst().map(Reason.Malformed::new);
    for (int i = 0; i < update.withdrawn().size(); i++) {
      var route = update.withdrawn().get(i);
      if (route instanceof RouteTargetMembership membership) {
        leave(neighbour, membership);
      } else {
        long pathId = update.withdrawnPathIds().isEmpty() ? 0 : update.withdrawnPathIds().get(i);
        rib.withdraw(neighbour.routesIn, route, pathId);
        fault.ifPresentOrElse(
            reason -> neighbour.refusals.add(route, reason),
            () -> neighbour.refusals.remove(route));
      }
    }
  }

  private void announce(Neighbour neighbour, Route route, long pathId, Ruling ruling) {
    switch (ruling) {
      case Ruling.Passed(var attributes) -> {
        if (route instanceof RouteTargetMembership membership) {
          join(neighbour, membership);
        } else {
          keep(neighbour, new Announced(route, pathId, attributes));
        }
      }
      case Ruling.Refused(var reason) -> {
        if (route instanceof RouteTargetMembership membership) {
          leave(neighbour, membership);
        } else {
          refuse(neighbour, route, pathId, reason);
        }
      }
    }
  }

  private void keep(Neighbour neighbour, Announced announced) {
    var route = announced.route();
    switch (byPolicy(neighbour, announced::route, announced.received())) {
      case Ruling.Refused(var reason) -> refuse(neighbour, route, announced.pathId(), reason);
      case Ruling.Passed(var kept) -> {
        if (rib.announce(neighbour.routesIn, announced, kept)) {
          neighbour.refusals.remove(route);
        } else {
          neighbour.refusals.add(route, new Reason.TooManyPaths(Rib.MAX_PATHS_OF_PEER));
        }
      }
    }
  }

  private void refuse(Neighbour neighbour, Route route, long pathId, Reason reason) {
    rib.withdraw(neighbour.routesIn, route, pathId);
    neighbour.refusals.add(route, reason);
  }

  private static Ruling byPolicy(
      Neighbour neighbour, Supplier<Route> route, PathAttributes received) {
    var policy = neighbour.config.importPolicy();
    if (policy.isEmpty()) {
      return new Ruling.Passed(received);
    }
    return switch (policy.get().apply(route.get(), received, neighbour.address())) {
      case Decision.Accepted(var attributes) -> new Ruling.Passed(attributes);
      case Decision.Rejected(var name, var rule) ->
          new Ruling.Refused(new Reason.ByPolicy(name, rule));
    };
  }

  private static void leave(Neighbour neighbour, RouteTargetMembership membership) {
    neighbour.recipient.ifPresent(
        told -> {
          told.stir();
          told.interest.ifPresent(interest -> interest.remove(membership));
        });
  }

  private void join(Neighbour neighbour, RouteTargetMembership membership) {
    var recipient = neighbour.recipient.filter(told -> told.interest.isPresent());
    if (recipient.isEmpty()) {
      return;
    }
    recipient.get().stir();
    var interest = recipient.get().interest.orElseThrow();
    if (interest.isRejoinedBy(membership)) {
      recipient.get().askedAgain(EVPN);
    }
    if (!interest.add(membership)) {
      outbox.report(
          neighbour.address(),
          "more than " + Interest.MAX_MEMBERSHIPS + " memberships: " + membership + " left out");
    }
  }

  // What we import.

  void importTargets(List<ImportTarget> targets, Collection<Neighbour> neighbours) {
    change(imports.withTargets(targets), neighbours);
  }

  void keepAll(boolean keepAll, Collection<Neighbour> neighbours) {
    change(imports.withKeepAll(keepAll), neighbours);
  }

  private void change(ImportRule next, Collection<Neighbour> neighbours) {
    if (next.equals(imports)) {
      return;
    }
    allIsSent |= imports.importsOfAnyAs();
    refreshWanted |= imports.isWidenedBy(next);
    refreshOfAll |=
        next.keepAll() && dropped
            || allIsSent && imports.isWidenedBy(next)
            || droppedTargets.stream().anyMatch(target -> reaches(next, target));
    dropped |= imports.keepAll() && !next.keepAll();
    imports.targets().stream().filter(t -> !next.has(t)).forEach(droppedTargets::add);
    boolean narrowed = next.isWidenedBy(imports);
    imports = next;
    if (narrowed) { // else all that is held is still wanted
      neighbours.forEach(this::judge);
    }
  }

  /** True when routes that {@code dropped} had brought may be wanted again. */
  private static boolean reaches(ImportRule next, ImportTarget dropped) {
    return next.covers(dropped)
        || next.targets().stream()
            .anyMatch(target -> target instanceof RouteTarget one && dropped.matches(one));
  }

  /** An operator's policy changed: what is held is judged by it, as it was received. */
  void policyChanged(Neighbour neighbour) {
    boolean missing = neighbour.refusals.byPolicy();
    judge(neighbour);
    if (!missing || !neighbour.isEstablished()) {
      return;
    }
    // What the former policy refused is gone, and only the peer can say it again.
    var agreed = neighbour.session.negotiated().orElseThrow();
    if (agreed.routeRefresh()) {
      neighbour.asksAgain = true;
      policyAsks = true;
    } else {
      outbox.report(
          neighbour.address(),
          "import policy changed, and the neighbour does not repeat its routes (RFC 2918): what"
              + " the former policy refused is missing until it says it again");
    }
  }

  private void judge(Neighbour neighbour) {
    rib.judge(
        neighbour.routesIn,
        path -> {
          var ruling =
              imports.wants(path.family(), path.received())
                  ? byPolicy(neighbour, path::route, path.received())
                  : new Ruling.Refused(new Reason.NoWantedTarget());
          ruling.refused().ifPresent(reason -> neighbour.refusals.add(path.route(), reason));
          return ruling.passed();
        });
  }

  /** Asks peers for what they must say again, once for all that happened in this step. */
  void askAgain(Collection<Neighbour> neighbours) {
    if (refreshWanted || policyAsks) {
      request(neighbours);
    }
    refreshWanted = false;
    policyAsks = false;
    refreshOfAll = false;
    dropped = false;
    allIsSent = false;
    droppedTargets.clear();
  }

  private void request(Collection<Neighbour> neighbours) {
    for (var neighbour : neighbours) {
      var agreed = neighbour.session.negotiated();
      if (neighbour.isEstablished() && agreed.orElseThrow().routeRefresh()) {
        var requests =
            agreed.get().families().stream()
                .filter(family -> asksAgain(neighbour, family))
                .<Message>map(family -> new Message.RouteRefresh(family, 0))
                .toList();
        if (!requests.isEmpty()) {
          outbox.send(neighbour.session.connection().orElseThrow(), requests);
        }
      }
      neighbour.asksAgain = false;
    }
  }

  private boolean asksAgain(Neighbour neighbour, Family family) {
    if (family.equals(Family.ROUTE_TARGET)) {
      return false; // no policy judges memberships
    }
    boolean unconstrained = neighbour.recipient.filter(told -> told.interest.isEmpty()).isPresent();
    return neighbour.asksAgain
        || family.equals(EVPN) && refreshWanted && (refreshOfAll || unconstrained);
  }
}
