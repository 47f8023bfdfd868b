package io.weft.overlay.node;

import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.ipam.AddressBook;
import io.weft.overlay.ipam.AddressClaim.Holder;
import io.weft.overlay.ipam.AddressState;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Which endpoints of this node hold a claim of which another holder is active. */
final class StandbyHolders {
  private final AddressBook book;
  private final Foundation foundation;

  /** Adopted ones of which the kernel says so, and the store has not been asked yet. */
  private final TreeSet<String> adopted = new TreeSet<>();

  StandbyHolders(AddressBook book, Foundation foundation) {
    this.book = book;
    this.foundation = foundation;
  }

  /** What the store says, as it was seen last; what the kernel says before that. */
  boolean has(String endpoint) {
    if (book.state().isEmpty()) {
      return adopted.contains(endpoint);
    }
    var me = new Holder(book.node(), endpoint);
    for (var stored : book.state().orElse(AddressState.EMPTY).claims().values()) {
      var claim = stored.record();
      if (claim.holders().contains(me)) {
        return claim.active().filter(me::equals).isEmpty();
      }
    }
    return false;
  }

  /** A standby's port stands without its row of the FDB: so a restarted node knows it. */
  void adopt(EndpointPort port) {
    boolean forwards =
        foundation.standing().stream()
            .anyMatch(
                object ->
                    object instanceof LocalFdbEntry row
                        && row.namespace().equals(port.namespace())
                        && row.mac().equals(port.mac()));
    if (book.isStored() && !forwards) {
      adopted.add(port.endpoint());
    }
  }

  /** Puts all endpoints to what they are now; {@code changed} hears of those that changed. */
  void apply(Iterable<Endpoint> endpoints, Instances instances, Consumer<Endpoint> changed) {
    if (book.state().isEmpty()) {
      return;
    }
    adopted.clear();
    var standby = new TreeSet<String>();
    for (var stored : book.state().get().claims().values()) {
      var claim = stored.record();
      for (var holder : claim.holders()) {
        if (holder.node().equals(book.node()) && claim.active().filter(holder::equals).isEmpty()) {
          standby.add(holder.endpoint());
        }
      }
    }
    for (var endpoint : endpoints) {
      var instance = instances.of(endpoint);
      boolean by = standby.contains(endpoint.name());
      if (instance.isStandby(endpoint) != by) {
        instance.stand(endpoint, by);
        changed.accept(endpoint);
      }
    }
  }
}
