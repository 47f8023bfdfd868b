package io.weft.bgp.speaker;

import io.weft.bgp.rib.Source;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UpdatePacking;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What an Established peer is to be told (Adj-RIB-Out, RFC 4271 §3.2), as the difference of one
 * step: withdrawals first, then announcements by equal attributes.
 */
final class Recipient {
  final Source to;
  final long connection;

  /** True: the peer is to hear everything, and has heard nothing. */
  boolean fresh = true;

  /** True: the peer asked to hear everything again (RFC 2918 §4). */
  boolean refresh;

  boolean owesEndOfRib = true;

  /** What the peer wants; empty where memberships were not agreed on: it hears everything. */
  final Optional<Interest> interest;

  /** What it wanted before this step, where that has changed. */
  Optional<Interest> formerInterest = Optional.empty();

  /** Until then the first routes wait for the peer's memberships (RFC 4684 §6). */
  OptionalLong awaitsMembershipsUntil = OptionalLong.empty();

  /** Our memberships are to be said, all of them; then the End-of-RIB of their family. */
  boolean owesMemberships;

  /** The End-of-RIB of our memberships is still to come. */
  boolean owesMembershipsEnd;

  /** Routes announced and not withdrawn. */
  int sent;

  private final List<Route> withdrawn = new ArrayList<>();
  private final Map<PathAttributes, List<Route>> announced = new LinkedHashMap<>();
  private Optional<PathAttributes> lastAttributes = Optional.empty();
  private List<Route> lastRoutes = List.of();

  Recipient(Source to, long connection, boolean routeTargets) {
    this.interest = routeTargets ? Optional.of(new Interest()) : Optional.empty();
    this.owesMemberships = routeTargets;
    this.owesMembershipsEnd = routeTargets;
    this.to = to;
    this.connection = connection;
  }

  /** True when the peer wants it now; of what the interest was, see {@link #wanted}. */
  boolean wants(PathAttributes attributes) {
    return interest.isEmpty() || interest.get().wants(attributes);
  }

  /** True when the peer wanted it before this step. */
  boolean wanted(PathAttributes attributes) {
    return formerInterest
        .map(former -> former.wants(attributes))
        .orElseGet(() -> wants(attributes));
  }

  /** The interest, about to be changed: how it was is kept until the step ends. */
  Optional<Interest> interestToChange() {
    if (formerInterest.isEmpty()) {
      formerInterest = interest.map(Interest::copy);
    }
    return interest;
  }

  void withdraw(Route key) {
    withdrawn.add(key);
  }

  @SuppressWarnings("ReferenceEquality") // a shortcut only; the map below compares values
  void announce(Route route, PathAttributes attributes) {
    // Runs of routes share the object: no need to hash it again for each.
    if (lastAttributes.isEmpty() || lastAttributes.get() != attributes) {
      lastAttributes = Optional.of(attributes);
      lastRoutes = announced.computeIfAbsent(attributes, _ -> new ArrayList<>());
    }
    lastRoutes.add(route);
  }

  /** The messages that say it; afterwards there is nothing left to say. */
  List<Message> pack() {
    var messages = new ArrayList<Message>();
    if (!withdrawn.isEmpty()) {
      messages.addAll(UpdatePacking.withdraw(withdrawn));
    }
    announced.forEach(
        (attributes, routes) -> messages.addAll(UpdatePacking.announce(attributes, routes)));
    withdrawn.clear();
    announced.clear();
    lastAttributes = Optional.empty();
    lastRoutes = List.of();
    return messages;
  }
}
