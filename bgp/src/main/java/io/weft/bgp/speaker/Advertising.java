package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.ExportRule;
import io.weft.bgp.rib.Reason;
import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RibChange;
import io.weft.bgp.rib.RibEntry;
import io.weft.bgp.rib.Ruling;
import io.weft.bgp.wire.Route;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * What each peer hears of the table. Whether and how it hears of a path depends on the two alone:
 * what it was told before is computed again, not remembered.
 */
final class Advertising {
  private static final Ruling NOT_A_MEMBER = new Ruling.Refused(new Reason.NotAMember());

  private final ExportRule exports;
  private final Rib rib;

  Advertising(ExportRule exports, Rib rib) {
    this.exports = exports;
    this.rib = rib;
  }

  /** How a peer is to hear of a path, or why it is not. */
  Ruling ruling(Recipient recipient, Candidate path) {
    return recipient.wants(path)
        ? exports.export(path, recipient.to, recipient.egress())
        : NOT_A_MEMBER;
  }

  /** The same as of before this step. */
  private Ruling formerRuling(Recipient recipient, Candidate path) {
    return recipient.wanted(path)
        ? exports.export(path, recipient.to, recipient.formerEgress())
        : NOT_A_MEMBER;
  }

  /** Tells the peers of what changed in this step, in the table and in what they want. */
  void tell(List<Recipient> recipients, List<RibChange> changes) {
    for (var change : changes) {
      recipients.forEach(recipient -> tell(recipient, change));
    }
    for (var recipient : recipients) {
      if (recipient.hearsOtherwise() && !recipient.fresh) {
        tellUnchanged(recipient, changes);
      }
      boolean due = recipient.fresh || !recipient.refresh.isEmpty();
      if (due && recipient.awaitsMembershipsUntil.isEmpty()) {
        tellAll(recipient);
      }
      recipient.settle();
    }
  }

  private void tell(Recipient recipient, RibChange change) {
    if (recipient.fresh) {
      return; // will hear of everything as it is now
    }
    if (recipient.hearsAllPaths(change.key().family())) {
      tellPaths(recipient, change.pathsBefore(), change.pathsAfter());
    } else if (change.isOfBest() || recipient.hearsOtherwise()) {
      say(recipient, 0, change.before(), change.after());
    }
  }

  /** What stands as it stood, but is wanted or let out otherwise. */
  private void tellUnchanged(Recipient recipient, List<RibChange> changes) {
    var told = new HashSet<Route>(); // asked, never walked through
    changes.forEach(change -> told.add(change.key()));
    for (var entry : rib.entries()) {
      for (var path : heard(recipient, entry)) {
        if (recipient.mayHearOtherwiseOf(path) && !told.contains(entry.key())) {
          var same = Optional.of(path);
          say(recipient, pathId(recipient, path), same, same);
        }
      }
    }
  }

  /** Paths are told apart by our identifiers: one that has gone may have left its to another. */
  private void tellPaths(Recipient recipient, List<Candidate> before, List<Candidate> after) {
    for (var path : before) {
      if (byId(after, path.pathId()).isEmpty()) {
        say(recipient, path.pathId(), Optional.of(path), Optional.empty());
      }
    }
    for (var path : after) {
      say(recipient, path.pathId(), byId(before, path.pathId()), Optional.of(path));
    }
  }

  private static Optional<Candidate> byId(List<Candidate> paths, int pathId) {
    return paths.stream().filter(path -> path.pathId() == pathId).findFirst();
  }

  /** The paths of an entry that a peer may hear of. */
  static List<Candidate> heard(Recipient recipient, RibEntry entry) {
    return recipient.hearsAllPaths(entry.key().family())
        ? entry.candidates()
        : entry.chosen().subList(0, 1);
  }

  /** The identifier under which a peer hears of a path; 0 where there are none. */
  static int pathId(Recipient recipient, Candidate path) {
    return recipient.hearsAllPaths(path.route().family()) ? path.pathId() : 0;
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
    boolean known = before.filter(path -> path.route().equals(route)).isPresent();
    if (!recipient.refresh.contains(route.family()) && !(known && told.equals(due))) {
      recipient.announce(route, pathId, due.get());
    }
  }

  private void tellAll(Recipient recipient) {
    int sent = 0;
    for (var entry : rib.entries()) {
      boolean due = recipient.fresh || recipient.refresh.contains(entry.key().family());
      for (var path : heard(recipient, entry)) {
        var attributes = ruling(recipient, path).passed();
        if (attributes.isPresent()) {
          if (due) {
            recipient.announce(path.route(), pathId(recipient, path), attributes.get());
          }
          sent++;
        }
      }
    }
    recipient.sent = sent;
    recipient.fresh = false;
    recipient.answered();
  }
}
