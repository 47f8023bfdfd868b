package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.Egress;
import io.weft.bgp.rib.ExportRule;
import io.weft.bgp.rib.Reason;
import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RibChange;
import io.weft.bgp.rib.RibEntry;
import io.weft.bgp.rib.Ruling;
import io.weft.bgp.rib.Source;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What each peer hears of the table. Whether and how it hears of a path depends on the two alone:
 * what it was told before is computed again, not remembered.
 */
final class Advertising {
  private static final Family EVPN = Family.L2VPN_EVPN;
  private static final Ruling NOT_A_MEMBER = new Ruling.Refused(new Reason.NotAMember());

  private final ExportRule exports;
  private final Rib rib;
  private final Roster roster = new Roster();

  /** Those that there are or were, by number. */
  private final List<Audience> audiences = new ArrayList<>();

  /** The places of those who hear by batch when nothing is special about them, by audience. */
  private Map<Integer, BitSet> batched = new TreeMap<>();

  /** The others. */
  private final List<Recipient> apart = new ArrayList<>();

  /** No peer is a client or external: what one of them said is for none of them (RFC 4456 §6). */
  private boolean onlyNonClients;

  /** Of which {@link Roster#version} these are. */
  private int batchedOf = -1;

  /**
   * What decides how a peer hears of a path, unless the path is its own.
   *
   * @param longest octets of a message to it
   */
  record Audience(Source.Kind kind, Egress egress, int longest) {}

  Advertising(ExportRule exports, Rib rib) {
    this.exports = exports;
    this.rib = rib;
  }

  /** The peers with a session. */
  Roster roster() {
    return roster;
  }

  /** How a peer is to hear of a path, or why it is not. */
  Ruling ruling(Recipient recipient, Candidate path) {
    return recipient.wants(path)
        ? exports.export(path, recipient.to, recipient.egress())
        : NOT_A_MEMBER;
  }

  /** The number of the peer's audience, from 0. */
  int audience(Recipient recipient) {
    if (recipient.audience < 0) {
      var audience =
          new Audience(recipient.to.kind(), recipient.egress(), recipient.agreed.longest());
      if (!audiences.contains(audience)) {
        audiences.add(audience);
      }
      recipient.audience = audiences.indexOf(audience);
    }
    return recipient.audience;
  }

  Audience audience(int number) {
    return audiences.get(number);
  }

  /** How a peer that wants the path hears of it. */
  Optional<PathAttributes> export(Recipient recipient, Candidate path) {
    return exports.export(path, recipient.to, recipient.egress()).passed();
  }

  /** The same as of before this step. */
  private Ruling formerRuling(Recipient recipient, Candidate path) {
    return recipient.wanted(path)
        ? exports.export(path, recipient.to, recipient.formerEgress())
        : NOT_A_MEMBER;
  }

  /** Tells the peers of what changed in this step, in the table and in what they want. */
  void tell(List<RibChange> changes) {
    // Who is merely told in this step needs no further look.
    var stirred = roster.stirred();
    if (!changes.isEmpty()) {
      tellChanges(changes, stirred);
    }
    if (stirred.isEmpty()) { // mostly at a node, which hears more than it says
      return;
    }
    var otherwise = new ArrayList<Recipient>();
    var due = new ArrayList<Recipient>();
    for (var recipient : stirred) {
      if (recipient.hearsOtherwise() && !recipient.fresh) {
        otherwise.add(recipient);
      }
      if (recipient.isDue()) {
        due.add(recipient);
      }
    }
    tellUnchanged(otherwise, changes);
    tellAll(due);
    stirred.forEach(Recipient::settle);
  }

  private void tellChanges(List<RibChange> all, List<Recipient> stirred) {
    readAudiences();
    var changes = onlyNonClients ? ofOthers(all) : all;
    if (changes.isEmpty()) {
      return;
    }
    var recipients = roster.all();
    Map<Integer, BitSet> alike = batched;
    boolean copied = false;
    var others = new ArrayList<>(apart);
    for (var recipient : stirred) {
      if (recipient.judgedByBatch() && !recipient.hearsByBatch()) {
        others.add(recipient);
        alike = copied ? alike : copyOf(batched);
        copied = true;
        alike.forEach((_, members) -> members.clear(recipient.place));
      }
    }
    var evpn = new ArrayList<RibChange>(changes.size());
    for (var change : changes) {
      boolean batched = change.family().equals(EVPN);
      if (batched && change.isOfBest()) {
        evpn.add(change);
      }
      for (var recipient : batched ? others : recipients) {
        tell(recipient, change);
      }
    }
    if (!evpn.isEmpty()) {
      new Broadcast(this, roster, alike).tell(evpn);
    }
  }

  private static List<RibChange> ofOthers(List<RibChange> changes) {
    var left = new ArrayList<RibChange>(0);
    for (var change : changes) {
      if (isOfOthers(change)) {
        left.add(change);
      }
    }
    return left;
  }

  /** True when a path is, or was, of somebody else than a non-client. */
  private static boolean isOfOthers(RibChange change) {
    return isOfOthers(change.pathsBefore()) || isOfOthers(change.pathsAfter());
  }

  private static boolean isOfOthers(List<Candidate> paths) {
    for (var path : paths) {
      if (path.source().kind() != Source.Kind.NON_CLIENT) {
        return true;
      }
    }
    return false;
  }

  /** Who is of which audience: as before, unless others came or went. */
  private void readAudiences() {
    if (batchedOf == roster.version()) {
      return;
    }
    batchedOf = roster.version();
    apart.clear();
    batched = new TreeMap<>();
    onlyNonClients = true;
    for (var recipient : roster.all()) {
      onlyNonClients &= recipient.to.kind() == Source.Kind.NON_CLIENT;
      if (recipient.judgedByBatch()) {
        batched.computeIfAbsent(audience(recipient), _ -> new BitSet()).set(recipient.place);
      } else {
        apart.add(recipient);
      }
    }
  }

  private static Map<Integer, BitSet> copyOf(Map<Integer, BitSet> audiences) {
    var copy = new TreeMap<Integer, BitSet>();
    audiences.forEach((number, members) -> copy.put(number, (BitSet) members.clone()));
    return copy;
  }

  void tell(Recipient recipient, RibChange change) {
    if (recipient.fresh) {
      return; // will hear of everything as it is now
    }
    if (recipient.hearsAllPaths(change.family())) {
      tellPaths(recipient, change.pathsBefore(), change.pathsAfter());
    } else if (change.isOfBest() || recipient.hearsOtherwise()) {
      say(recipient, 0, change.before(), change.after());
    }
  }

  /** What stands as it stood, but is wanted or let out otherwise. */
  private void tellUnchanged(List<Recipient> recipients, List<RibChange> changes) {
    if (recipients.isEmpty()) {
      return;
    }
    var told = new HashSet<Route>(); // asked, never walked through
    changes.forEach(change -> told.add(change.key()));
    for (var recipient : recipients) {
      for (var entry : recipient.changedTargets().map(rib::entries).orElseGet(rib::entries)) {
        for (var path : heard(recipient, entry)) {
          if (recipient.mayHearOtherwiseOf(path) && !told.contains(entry.key())) {
            var same = Optional.of(path);
            say(recipient, pathId(recipient, path), same, same);
          }
        }
      }
    }
  }

  /** Paths are told apart by our identifiers: one that has gone may have left its to another. */
  private void tellPaths(Recipient recipient, List<Candidate> before, List<Candidate> after) {
    var former = new LinkedHashMap<Integer, Candidate>();
    before.forEach(path -> former.put(path.pathId(), path));
    for (var path : after) {
      var known = Optional.ofNullable(former.remove(path.pathId()));
      say(recipient, path.pathId(), known, Optional.of(path));
    }
    former.forEach((pathId, path) -> say(recipient, pathId, Optional.of(path), Optional.empty()));
  }

  /** The paths of an entry that a peer may hear of. */
  static List<Candidate> heard(Recipient recipient, RibEntry entry) {
    return recipient.hearsAllPaths(entry.family())
        ? entry.candidates()
        : entry.chosen().subList(0, 1);
  }

  /** The identifier under which a peer hears of a path; 0 where there are none. */
  static int pathId(Recipient recipient, Candidate path) {
    return recipient.hearsAllPaths(path.family()) ? path.pathId() : 0;
  }

  /** Says the difference between what the peer was told under an identifier and what is due. */
  private void say(
      Recipient recipient, int pathId, Optional<Candidate> before, Optional<Candidate> after) {
    var told = before.flatMap(path -> formerRuling(recipient, path).passed());
    var due = after.flatMap(path -> ruling(recipient, path).passed());
    if (due.isEmpty()) {
      if (told.isPresent()) {
        recipient.sent--;
        recipient.withdraw(before.orElseThrow().route().key(), pathId);
      }
      return;
    }
    recipient.sent += told.isPresent() ? 0 : 1;
    var route = after.orElseThrow().route();
    boolean known = before.filter(path -> path.saysRouteOf(after.orElseThrow())).isPresent();
    if (!recipient.refresh.contains(route.family()) && !(known && told.equals(due))) {
      recipient.announce(route, pathId, due.get());
    }
  }

  private void tellAll(List<Recipient> recipients) {
    recipients.stream().filter(told -> told.fresh).forEach(told -> told.sent = 0);
    var alike = recipients.stream().filter(Recipient::hearsAllByBatch).toList();
    if (!alike.isEmpty()) {
      var audiences = new TreeMap<Integer, BitSet>();
      alike.forEach(
          told -> audiences.computeIfAbsent(audience(told), _ -> new BitSet()).set(told.place));
      new Broadcast(this, roster, audiences).tellAll(wantedBy(alike));
    }
    for (var recipient : recipients) {
      tellAll(recipient);
      recipient.fresh = false;
      recipient.answered();
    }
  }

  /** EVPN routes that one of them wants, and perhaps others. */
  private Iterable<RibEntry> wantedBy(List<Recipient> recipients) {
    var targets = new TreeSet<RouteTarget>();
    for (var recipient : recipients) {
      var wanted = recipient.interest.flatMap(Interest::targets);
      if (wanted.isEmpty()) {
        return rib.entries(EVPN::equals);
      }
      targets.addAll(wanted.get());
    }
    return rib.entries(targets);
  }

  private void tellAll(Recipient recipient) {
    var families =
        new ArrayList<>(recipient.fresh ? recipient.agreed.families() : recipient.refresh);
    families.remove(Family.ROUTE_TARGET); // no table keeps memberships
    if (recipient.hearsAllByBatch()) {
      families.remove(EVPN);
    }
    if (families.isEmpty()) {
      return;
    }
    for (var entry : rib.entries(families::contains)) {
      for (var path : heard(recipient, entry)) {
        var due = ruling(recipient, path).passed();
        if (due.isPresent()) {
          recipient.announce(path.route(), pathId(recipient, path), due.get());
          recipient.sent += recipient.fresh ? 1 : 0;
        }
      }
    }
  }
}
