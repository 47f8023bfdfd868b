package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.ExportRule;
import io.weft.bgp.rib.Reason;
import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RibChange;
import io.weft.bgp.rib.Ruling;
import io.weft.bgp.wire.PathAttributes;
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
    if (change.isOfBest() || recipient.hearsOtherwise()) {
      say(
          recipient,
          change.before(),
          change.after(),
          change.before().flatMap(path -> formerRuling(recipient, path).passed()),
          change.after().flatMap(path -> ruling(recipient, path).passed()));
    }
  }

  /** What stands as it stood, but is wanted or let out otherwise. */
  private void tellUnchanged(Recipient recipient, List<RibChange> changes) {
    var told = new HashSet<Route>(); // asked, never walked through
    changes.forEach(change -> told.add(change.key()));
    for (var entry : rib.entries()) {
      var path = entry.best().orElseThrow();
      if (recipient.mayHearOtherwiseOf(path) && !told.contains(entry.key())) {
        say(
            recipient,
            entry.best(),
            entry.best(),
            formerRuling(recipient, path).passed(),
            ruling(recipient, path).passed());
      }
    }
  }

  private static void say(
      Recipient recipient,
      Optional<Candidate> before,
      Optional<Candidate> after,
      Optional<PathAttributes> told,
      Optional<PathAttributes> due) {
    if (due.isEmpty()) {
      if (told.isPresent()) {
        recipient.sent--;
        recipient.withdraw(before.orElseThrow().route().key());
      }
      return;
    }
    recipient.sent += told.isPresent() ? 0 : 1;
    var route = after.orElseThrow().route();
    boolean known = before.filter(path -> path.route().equals(route)).isPresent();
    if (!recipient.refresh.contains(route.family()) && !(known && told.equals(due))) {
      recipient.announce(route, due.get());
    }
  }

  private void tellAll(Recipient recipient) {
    int sent = 0;
    for (var entry : rib.entries()) {
      var path = entry.best().orElseThrow();
      var due = ruling(recipient, path).passed();
      if (due.isPresent()) {
        if (recipient.fresh || recipient.refresh.contains(path.route().family())) {
          recipient.announce(path.route(), due.get());
        }
        sent++;
      }
    }
    recipient.sent = sent;
    recipient.fresh = false;
    recipient.refresh.clear();
  }
}
