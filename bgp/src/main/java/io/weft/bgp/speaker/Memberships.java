package io.weft.bgp.speaker;

import io.weft.bgp.rib.ImportRule;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.bgp.wire.UpdatePacking;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/** What we tell internal peers that we want (RFC 4684 §3.2). */
final class Memberships {
  private final Outbox outbox;

  /** Those that peers with an established session have been told. */
  private List<RouteTargetMembership> said = List.of();

  /** By what we imported then: mostly it is the same in the next step. */
  private Optional<ImportRule> saidBy = Optional.empty();

  Memberships(Outbox outbox) {
    this.outbox = outbox;
  }

  /**
   * Says what has changed.
   *
   * @param complete true when a node knows all that it imports
   */
  void say(Roster roster, ImportRule imports, boolean complete) {
    boolean same = saidBy.equals(Optional.of(imports));
    var wanted = same ? said : wanted(imports);
    var gone = same ? List.<RouteTargetMembership>of() : missing(said, wanted);
    var added = same ? List.<RouteTargetMembership>of() : missing(wanted, said);
    for (var recipient : same ? roster.stirred() : roster.all()) {
      boolean silent = same && !recipient.owesMemberships && !recipient.owesMembershipsEnd;
      if (recipient.interest.isPresent() && !silent) {
        boolean all = recipient.owesMemberships;
        recipient.owesMemberships = false;
        var messages = updates(imports, all ? wanted : added, all ? List.of() : gone);
        // A reflector wants everything, and so has said all at once: its clients' first routes wait
        // for it. A node knows what it imports when its endpoints stand again.
        if (recipient.owesMembershipsEnd && (complete || imports.keepAll())) {
          recipient.owesMembershipsEnd = false;
          messages.add(Message.Update.endOfRib(Family.ROUTE_TARGET));
        }
        if (!messages.isEmpty()) {
          recipient.say(messages, outbox);
        }
      }
    }
    said = wanted;
    saidBy = Optional.of(imports);
  }

  /**
   * Everything where all is kept (RFC 4684 §6: a reflector says the default), else the targets that
   * are imported. One of any AS has no membership: in a prefix of a route target the AS comes
   * before the number (RFC 4684 §4), so that only the default asks for it, beside the others.
   */
  private static List<RouteTargetMembership> wanted(ImportRule imports) {
    if (imports.keepAll()) {
      return List.of(RouteTargetMembership.DEFAULT);
    }
    var wanted = new ArrayList<RouteTargetMembership>();
    for (var target : imports.targets()) {
      if (target instanceof RouteTarget one) {
        wanted.add(RouteTargetMembership.of(imports.as(), one));
      }
    }
    if (imports.importsOfAnyAs()) {
      wanted.add(RouteTargetMembership.DEFAULT);
    }
    return wanted;
  }

  private static List<RouteTargetMembership> missing(
      List<RouteTargetMembership> from, Collection<RouteTargetMembership> in) {
    var there = new HashSet<>(in); // asked, never walked through
    return from.stream().filter(membership -> !there.contains(membership)).toList();
  }

  private static List<Message> updates(
      ImportRule imports, List<RouteTargetMembership> added, List<RouteTargetMembership> gone) {
    var messages = new ArrayList<Message>();
    if (!added.isEmpty()) {
      var attributes = PathAttributes.originated(imports.routerId(), List.of(), Optional.empty());
      messages.addAll(UpdatePacking.announce(attributes, added));
    }
    if (!gone.isEmpty()) {
      messages.addAll(UpdatePacking.withdraw(gone));
    }
    return messages;
  }
}
