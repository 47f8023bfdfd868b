package io.weft.bgp.speaker;

import io.weft.bgp.policy.Policy;
import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.Egress;
import io.weft.bgp.rib.Source;
import io.weft.bgp.session.Negotiated;
import io.weft.bgp.wire.Capability.LongLivedFamily;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.RouteRefresh;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UpdatePacking;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What an Established peer is to be told (Adj-RIB-Out, RFC 4271 §3.2), as the difference of one
 * step: withdrawals first, then announcements by equal attributes.
 */
final class Recipient {
  final Source to;
  final long connection;
  final Negotiated agreed;
  private final UpdateCounts counts;

  /** True: the peer is to hear everything, and has heard nothing. */
  boolean fresh = true;

  /** The families that the peer asked to hear again (RFC 2918 §4). */
  final List<Family> refresh = new ArrayList<>();

  /** The families of which End-of-RIB is still due. */
  final List<Family> owesEndOfRib;

  /** What the peer wants; empty where memberships were not agreed on: it hears everything. */
  final Optional<Interest> interest;

  /** Until then the first routes wait for the peer's memberships (RFC 4684 §6). */
  OptionalLong awaitsMembershipsUntil = OptionalLong.empty();

  /**
   * Until then End-of-RIB waits for the peer's last membership: a node that starts takes it for the
   * word that there is nothing more of what it imports.
   */
  OptionalLong holdsEndUntil = OptionalLong.empty();

  /** Our memberships are to be said, all of them; then the End-of-RIB of their family. */
  boolean owesMemberships;

  /** The End-of-RIB of our memberships is still to come. */
  boolean owesMembershipsEnd;

  /** Routes announced and not withdrawn. */
  int sent;

  /**
   * Something is to be said to it, or it wants or hears otherwise than before: the roster keeps
   * these apart, for of thousands a step has something to do with few.
   */
  private boolean stirred = true;

  private Optional<Roster> roster = Optional.empty();

  private Egress egress;
  private boolean judgedByBatch;

  /** The rule by which it was told before this step, where that has changed. */
  private Optional<Egress> formerEgress = Optional.empty();

  /** Where it is in the {@link Roster}. */
  int place = -1;

  /** Number of its {@link Audience}; negative: not known yet. */
  int audience = -1;

  /** The answers to a refresh that are marked in this step (RFC 7313 §4.1). */
  private final List<Family> marked = new ArrayList<>();

  /** What others are told too: the list may be theirs as well, unless it is not the only one. */
  private List<Message> broadcast = List.of();

  private boolean severalBroadcast;

  /** Something of the following is to be said, or an answer is marked. */
  private boolean hasOwn;

  private final Group withdrawn = new Group();
  private final Map<PathAttributes, Group> announced = new LinkedHashMap<>();
  private Optional<PathAttributes> lastAttributes = Optional.empty();
  private Group lastGroup = withdrawn;

  /** Routes that are said together; identifiers only where the peer was promised some. */
  private static final class Group {
    final List<Route> routes = new ArrayList<>();
    final List<Long> pathIds = new ArrayList<>();
  }

  Recipient(Source to, long connection, Negotiated agreed, UpdateCounts counts, PeerConfig config) {
    this.to = to;
    this.connection = connection;
    this.agreed = agreed;
    this.counts = counts;
    this.egress =
        new Egress(
            agreed.families(),
            config.nextHop(),
            config.localAddress(),
            config.exportPolicy(),
            agreed.extendedNextHop(),
            agreed.longLived().stream().map(LongLivedFamily::family).toList());
    this.owesEndOfRib = new ArrayList<>(agreed.families());
    boolean routeTargets = owesEndOfRib.remove(Family.ROUTE_TARGET);
    this.interest = routeTargets ? Optional.of(new Interest()) : Optional.empty();
    this.owesMemberships = routeTargets;
    this.owesMembershipsEnd = routeTargets;
    this.judgedByBatch = isJudgedByBatch();
  }

  /** Sends it UPDATE messages. */
  void say(List<Message> updates, Outbox outbox) {
    counts.sent += updates.size();
    outbox.send(connection, updates);
  }

  // Whether there is anything to see.

  /** It has a session, and this place among those who have one. */
  void join(Roster whom, int inPlace) {
    roster = Optional.of(whom);
    place = inPlace;
  }

  /** There is something about it in this step. */
  void stir() {
    if (!stirred) {
      stirred = true;
      roster.ifPresent(r -> r.stirs(place, true));
    }
  }

  /** The step is over. */
  void rest() {
    stirred =
        fresh
            || owesMemberships
            || owesMembershipsEnd
            || !refresh.isEmpty()
            || !owesEndOfRib.isEmpty()
            || hasToSay();
    roster.ifPresent(r -> r.stirs(place, stirred));
  }

  boolean judgedByBatch() {
    return judgedByBatch;
  }

  // What it is to hear, and what it was to hear before this step.

  Egress egress() {
    return egress;
  }

  Egress formerEgress() {
    return formerEgress.orElse(egress);
  }

  void letOutBy(Optional<Policy> policy) {
    formerEgress = Optional.of(formerEgress());
    egress = egress.withPolicy(policy);
    audience = -1;
    judgedByBatch = isJudgedByBatch();
    stir();
    roster.ifPresent(Roster::changed);
  }

  void oweMemberships() {
    owesMemberships = true;
    stir();
  }

  /** True when the peer wants it now; only EVPN is constrained. */
  boolean wants(Candidate path) {
    return !isConstrained(path) || interest.orElseThrow().wants(path.attributes());
  }

  /** True when the peer wanted it before this step. */
  boolean wanted(Candidate path) {
    return !isConstrained(path) || interest.orElseThrow().wanted(path.attributes());
  }

  private boolean isConstrained(Candidate path) {
    return interest.isPresent() && path.family().equals(Family.L2VPN_EVPN);
  }

  /** True when a path that stands unchanged may have to be said or taken back. */
  boolean hearsOtherwise() {
    return formerEgress.isPresent() || interest.filter(Interest::hasChanged).isPresent();
  }

  /** True when the path is judged otherwise than before this step. */
  boolean mayHearOtherwiseOf(Candidate path) {
    return formerEgress.isPresent() || wanted(path) != wants(path);
  }

  /** The targets of the routes that may be judged otherwise; empty: any route may. */
  Optional<Set<RouteTarget>> changedTargets() {
    return formerEgress.isPresent() ? Optional.empty() : interest.flatMap(Interest::changedTargets);
  }

  /** The step is over. */
  void settle() {
    formerEgress = Optional.empty();
    interest.ifPresent(Interest::settle);
  }

  /** True when all that counts for it is which paths are alike, and how they changed. */
  boolean hearsByBatch() {
    return judgedByBatch && (!stirred || !fresh && refresh.isEmpty() && !hearsOtherwise());
  }

  /** True when it is to hear of the whole table now. */
  boolean isDue() {
    return (fresh || !refresh.isEmpty()) && awaitsMembershipsUntil.isEmpty();
  }

  /** True when all EVPN routes are to be said, and said by batch. */
  boolean hearsAllByBatch() {
    return fresh && isJudgedByBatch() && agreed.families().contains(Family.L2VPN_EVPN);
  }

  private boolean isJudgedByBatch() {
    return egress.policy().isEmpty() && !hearsAllPaths(Family.L2VPN_EVPN);
  }

  void askedAgain(Family family) {
    if (!refresh.contains(family)) {
      refresh.add(family);
      stir();
    }
  }

  /**
   * Everything has been said that the peer asked for. Before its first End-of-RIB an answer is not
   * marked (RFC 7313 §4.1): the peer could take it for the end of a restart.
   */
  void answered() {
    if (agreed.enhancedRefresh()) {
      refresh.stream().filter(family -> !owesEndOfRib.contains(family)).forEach(marked::add);
      hasOwn |= !marked.isEmpty();
    }
    refresh.clear();
  }

  /** True when it hears of all paths, not of the best alone (RFC 7911 §3). */
  boolean hearsAllPaths(Family family) {
    return agreed.addPathSend(family);
  }

  // What is said in this step.

  /** Messages that others are sent too; the list is not to change. */
  void say(List<Message> messages) {
    if (broadcast.isEmpty()) {
      broadcast = messages;
    } else {
      broadcast = severalBroadcast ? broadcast : new ArrayList<>(broadcast);
      broadcast.addAll(messages);
      severalBroadcast = true;
    }
    stir();
  }

  /** Takes a path back, by the identifier under which it was said; 0 where there are none. */
  void withdraw(Route key, long pathId) {
    add(withdrawn, key, pathId);
  }

  @SuppressWarnings("ReferenceEquality") // a shortcut only; the map below compares values
  void announce(Route route, long pathId, PathAttributes attributes) {
    // Runs of routes share the object: no need to hash it again for each.
    if (lastAttributes.isEmpty() || lastAttributes.get() != attributes) {
      lastAttributes = Optional.of(attributes);
      lastGroup = announced.computeIfAbsent(attributes, _ -> new Group());
    }
    add(lastGroup, route, pathId);
  }

  private void add(Group group, Route route, long pathId) {
    stir();
    hasOwn = true;
    group.routes.add(route);
    if (!agreed.layout().pathIdsSent().isEmpty()) {
      group.pathIds.add(pathId);
    }
  }

  /** False when {@link #pack} gives nothing. */
  boolean hasToSay() {
    return hasOwn || !broadcast.isEmpty();
  }

  /** The messages that say it, in a list for reading; afterwards there is nothing left to say. */
  List<Message> pack() {
    var shared = broadcast;
    broadcast = List.of();
    severalBroadcast = false;
    return hasOwn ? withOwn(shared) : shared;
  }

  private List<Message> withOwn(List<Message> shared) {
    int longest = agreed.longest();
    var messages = new ArrayList<>(shared);
    if (!withdrawn.routes.isEmpty()) {
      messages.addAll(UpdatePacking.withdraw(withdrawn.routes, withdrawn.pathIds, longest));
    }
    marked.forEach(family -> messages.add(new RouteRefresh(family, RouteRefresh.BEGIN)));
    announced.forEach(
        (attributes, group) ->
            messages.addAll(
                UpdatePacking.announce(attributes, group.routes, group.pathIds, longest)));
    marked.forEach(family -> messages.add(new RouteRefresh(family, RouteRefresh.END)));
    withdrawn.routes.clear();
    withdrawn.pathIds.clear();
    announced.clear();
    marked.clear();
    hasOwn = false;
    lastAttributes = Optional.empty();
    lastGroup = withdrawn;
    return messages;
  }
}
