package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.ipam.AddressBook;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressClaim.Holder;
import io.weft.overlay.ipam.AddressWrite;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.BiPredicate;

/** How an endpoint comes to hold a claim: what the store must say before it is attached. */
final class ClaimHolding {
  private final Addressing addressing;
  private final AddressBook book;
  private final BiPredicate<String, AddressClaim> present;

  /** {@code present} as {@link Addressing#settle} has it. */
  ClaimHolding(Addressing addressing, BiPredicate<String, AddressClaim> present) {
    this.addressing = addressing;
    this.present = present;
    this.book = addressing.book();
  }

  private static final String LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";

  /** What is to be done for an attach call that names a claim. */
  sealed interface Step {
    /** The endpoint is a holder; the request has the claim's addresses and MAC. */
    record Held(AttachRequest request) implements Step {}

    /** There is no such claim yet: one is made of what the endpoint gets. */
    record New() implements Step {}

    record Waits(AddressWrite write) implements Step {}

    record Rejected(Refused refusal) implements Step {}
  }

  Step step(AttachRequest request, String name) {
    if (!book.isStored()) {
      return rejected(Reason.INVALID_REQUEST, "claim '" + name + "': " + Addressing.NO_STORE);
    }
    if (book.state().isEmpty()) {
      return rejected(Reason.NOT_READY, addressing.unread());
    }
    if (!name.matches(LABEL + "([.]" + LABEL + ")?")) {
      return rejected(
          Reason.INVALID_REQUEST,
          "'%s' cannot be the name of a claim: 1 to 63 lower-case letters, digits and inner hyphens; of a pod, behind its namespace and a dot"
              .formatted(name));
    }
    var stored = book.state().get().claims().get(name);
    if (stored == null) {
      return new Step.New();
    }
    var claim = stored.record();
    var me = new Holder(book.node(), request.endpoint());
    var other = different(request, claim);
    if (!other.isEmpty()) {
      return rejected(Reason.INVALID_REQUEST, "claim '" + name + "' " + other);
    }
    var changing = addressing.changing(claim);
    if (changing.isPresent()) {
      return new Step.Waits(changing.get()); // it may take from this endpoint what it has yet
    }
    if (claim.holders().contains(me)) {
      return new Step.Held(request.with(claim.mac(), claim.addresses()));
    }
    var left = claim;
    for (var holder : claim.holders()) {
      if (holder.node().equals(book.node()) && !present.test(holder.endpoint(), claim)) {
        left = left.without(holder);
      }
    }
    if (request.standby()
        && left.holders().size() == 1
        && !left.holders().getFirst().node().equals(book.node())) {
      return new Step.Waits(new AddressWrite.Replace(left.with(me), stored.version()));
    }
    if (!left.holders().isEmpty()) {
      return rejected(
          Reason.ADDRESS_IN_USE,
          "claim '%s' is held by %s; detach it there first, attach beside it with --standby on another node, or release a node that is gone: weft addresses release NODE"
              .formatted(name, left.holders()));
    }
    return new Step.Waits(new AddressWrite.Replace(left.with(me), stored.version()));
  }

  private static String different(AttachRequest request, AddressClaim claim) {
    if (!claim.network().equals(request.network())) {
      return "is of network '" + claim.network() + "', not '" + request.network() + "'";
    }
    if (!request.addresses().isEmpty()
        && !new TreeSet<IpAddress>(request.addresses()).equals(new TreeSet<>(claim.addresses()))) {
      return "has the addresses " + claim.addresses() + ", not " + request.addresses();
    }
    return request
        .mac()
        .filter(mac -> !mac.equals(claim.mac()))
        .map(mac -> "has the MAC address " + claim.mac() + ", not " + mac)
        .orElse("");
  }

  private static Step rejected(Reason reason, String message) {
    return new Step.Rejected(new Refused(reason, message));
  }

  /** The write that makes the claim, of what the endpoint shall get. */
  AddressWrite create(String name, Endpoint endpoint) {
    var me = new Holder(book.node(), endpoint.name());
    var addresses = endpoint.addresses().stream().map(HostAddress::address).toList();
    return new AddressWrite.Create(
        new AddressClaim(
                name, endpoint.network(), addresses, endpoint.mac(), List.of(), Optional.empty())
            .with(me));
  }
}
