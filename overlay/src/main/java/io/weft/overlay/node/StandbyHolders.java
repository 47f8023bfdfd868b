package io.weft.overlay.node;

import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.ipam.AddressBook;
import io.weft.overlay.ipam.AddressClaim.Holder;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Which endpoints of this node hold a claim of which another holder is active. */
final class StandbyHolders {
  private final AddressBook book;
  private final ForwardingPlan plan;

  /**
   * Adopted ones, and whether the kernel says so of each: it counts until the store itself is
   * heard, because a copy of it may be older.
   */
  private final TreeMap<String, Boolean> adopted = new TreeMap<>();

  StandbyHolders(AddressBook book, ForwardingPlan plan) {
    this.book = book;
    this.plan = plan;
  }

  /** What the store says, as it was seen last; what the kernel says before that. */
  boolean has(Endpoint endpoint) {
    var kernel = adopted.get(endpoint.name());
    if (kernel != null && (book.state().isEmpty() || book.isCopy())) {
      return kernel;
    }
    var me = new Holder(book.node(), endpoint.name());
    return endpoint.addresses().stream()
        .findFirst()
        .flatMap(host -> book.claim(endpoint.network(), host.address()))
        .filter(claim -> claim.holders().contains(me) && !claim.active().equals(Optional.of(me)))
        .isPresent();
  }

  /** A standby's port stands without its row of the FDB: so a restarted node knows it. */
  void adopt(EndpointPort port) {
    var row = ForwardingKey.of(Kind.LOCAL_FDB, port.namespace(), port.vni(), port.mac());
    if (book.isStored()) {
      adopted.put(port.endpoint(), plan.realized(row).isEmpty());
    }
  }

  /** Puts all endpoints to what they are now; {@code changed} hears of those that changed. */
  void apply(Iterable<Endpoint> endpoints, Instances instances, Consumer<Endpoint> changed) {
    if (book.state().isEmpty()) {
      return;
    }
    if (!book.isCopy()) {
      adopted.clear();
    }
    for (var endpoint : endpoints) {
      var instance = instances.of(endpoint);
      boolean by = has(endpoint);
      if (instance.isStandby(endpoint) != by) {
        instance.stand(endpoint, by);
        changed.accept(endpoint);
      }
    }
  }
}
