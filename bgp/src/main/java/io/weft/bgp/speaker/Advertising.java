package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.bgp.rib.ExportRule;
import io.weft.bgp.rib.Reason;
import io.weft.bgp.rib.Rib;
import io.weft.bgp.rib.RibChange;
import io.weft.bgp.rib.Ruling;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * What each peer hears of the table. Whether and how it hears of a path depends on the two alone:
 * what it was told before is computed again, not remembered.
 */
final class Advertising {
  private static final Family EVPN = Family.L2VPN_EVPN;
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
  void tell(List<Recipient> recipients, List<RibChange> changes) {
    tellChanges(recipients, changes);
    for (var recipient : recipients) {
      if (recipient.hearsOtherwise() && !recipient.fresh) {
        tellUnchanged(recipient, changes);
      }
    }
    tellAll(recipients.stream().filter(Recipient::isDue).toList());
    recipients.forEach(Recipient::settle);
  }

  private void tellChanges(List<Recipient> recipients, List<RibChange> changes) {
    var alike = recipients.stream().filter(Recipient::hearsByBatch).toList();
    var evpn = new ArrayList<RibChange>(changes.size());
    for (var change : changes) {
      boolean batched = change.family().equals(EVPN);
      if (batched && change.isOfBest()) {
        evpn.add(change);
      }
      for (var recipient : recipients) {
        if (!batched || !recipient.hearsByBatch()) {
          tell(recipient, change);
        }
      }
    }
    if (!alike.isEmpty()) {
      new Broadcast(this, alike).tell(evpn);
    }
  }

  void tell(Recipient recipient, RibChange change) {
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
    boolean known = before.filter(path -> path.saysRouteOf(after.orElseThrow())).isPresent();
    if (!recipient.refresh.contains(route.family()) && !(known && told.equals(due))) {
      recipient.announce(route, due.get());
    }
  }

  private void tellAll(List<Recipient> recipients) {
    recipients.stream().filter(told -> told.fresh).forEach(told -> told.sent = 0);
    var alike = recipients.stream().filter(Recipient::hearsAllByBatch).toList();
    if (!alike.isEmpty()) {
      new Broadcast(this, alike).tellAll(rib.entries());
    }
    for (var recipient : recipients) {
      if (!alike.contains(recipient) || recipient.carriesUnicast()) {
        tellAll(recipient, !alike.contains(recipient));
      }
      recipient.fresh = false;
      recipient.refresh.clear();
    }
  }

  private void tellAll(Recipient recipient, boolean withEvpn) {
    for (var entry : rib.entries()) {
      var path = entry.best().orElseThrow();
      boolean meant = recipient.fresh || recipient.refresh.contains(path.family());
      if (meant && (withEvpn || !path.family().equals(EVPN))) {
        var due = ruling(recipient, path).passed();
        if (due.isPresent()) {
          recipient.announce(path.route(), due.get());
          recipient.sent += recipient.fresh ? 1 : 0;
        }
      }
    }
  }
}
