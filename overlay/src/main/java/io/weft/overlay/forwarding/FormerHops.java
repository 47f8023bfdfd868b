package io.weft.overlay.forwarding;

import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingNeighbour;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import java.util.Collection;
import java.util.HashSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a route of a tenant leads over until it is changed to lead elsewhere. It is removed after
 * that change: removed before, it would lose the packets between the two.
 */
final class FormerHops {
  private final Function<ForwardingKey, @Nullable ForwardingObject> standing;
  private final HashSet<ForwardingKey> keys = new HashSet<>();

  private FormerHops(Function<ForwardingKey, @Nullable ForwardingObject> standing) {
    this.standing = standing;
  }

  /**
   * The rows and devices of all hops that these routes have and shall not have.
   *
   * @param routes rows of {@link Kind#TENANT_ROUTE} that differ
   * @param standing what the kernel holds by a key
   */
  static FormerHops of(
      Collection<ForwardingRow> routes,
      Function<ForwardingKey, @Nullable ForwardingObject> standing) {
    var former = new FormerHops(standing);
    for (var row : routes) {
      if (row.desired instanceof TenantRoute wanted && row.realized instanceof TenantRoute have) {
        have.hops().stream()
            .filter(hop -> !wanted.hops().contains(hop))
            .forEach(hop -> former.add(row.key.namespace(), hop));
      }
    }
    return former;
  }

  boolean contains(ForwardingKey key) {
    return keys.contains(key);
  }

  private void add(String namespace, TenantHop hop) {
    var kind = hop.foreign() ? Kind.SENDING_NEIGHBOUR : Kind.NEIGHBOUR;
    var neighbour = ForwardingKey.of(kind, namespace, hop.vni(), hop.via());
    keys.add(neighbour);
    switch (standing.apply(neighbour)) {
      case NeighbourEntry(_, _, _, var mac) -> {
        keys.add(ForwardingKey.of(Kind.BRIDGE_FDB, namespace, hop.vni(), mac));
        keys.add(ForwardingKey.vxlanRow(namespace, hop.vni(), mac, false));
        keys.add(ForwardingKey.vxlanRow(namespace, hop.vni(), mac, true));
      }
      case SendingNeighbour(_, _, _, var mac) -> {
        keys.add(ForwardingKey.of(Kind.SENDING_FDB, namespace, hop.vni(), mac));
        keys.add(ForwardingKey.sendingPort(namespace, hop.vni(), hop.via()));
      }
      case null, default -> {}
    }
  }
}
