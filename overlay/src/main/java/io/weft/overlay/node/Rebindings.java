package io.weft.overlay.node;

import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Ipv6Routing;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Addresses of one network that have got another MAC. Endpoints here that know the one of before
 * must hear of it (RFC 9135 §7.1): the gratuitous ARP that says so elsewhere does not cross the
 * fabric.
 */
final class Rebindings {
  private final Supplier<MacAddress> sender;
  private final List<HostBinding> bindings = new ArrayList<>();

  /**
   * Of one network.
   *
   * @param sender the MAC of its bridge
   */
  Rebindings(Supplier<MacAddress> sender) {
    this.sender = sender;
  }

  /** What answers for an address has changed. */
  void note(Optional<ForwardingObject> before, Optional<ForwardingObject> after) {
    if (before.orElse(null) instanceof NeighbourEntry old
        && after.orElse(null) instanceof NeighbourEntry now
        && !old.mac().equals(now.mac())) {
      var bridge = Ipv6Routing.of(now.namespace(), now.vni()).device();
      bindings.add(new HostBinding(now.namespace(), bridge, sender.get(), now.mac(), now.ip()));
    }
  }

  /** True when there are some since the last call of {@link #take}. */
  boolean areAny() {
    return !bindings.isEmpty();
  }

  /** Those since the last call. */
  List<HostBinding> take() {
    var taken = List.copyOf(bindings);
    bindings.clear();
    return taken;
  }
}
