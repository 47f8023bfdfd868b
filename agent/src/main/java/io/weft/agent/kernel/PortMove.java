package io.weft.agent.kernel;

import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.KernelChange;
import java.util.SortedMap;

/**
 * The port of an endpoint goes into another tenant's namespace, because its network did: the alias,
 * and the end that the pod sees, stay as they are.
 */
final class PortMove {
  private PortMove() {}

  /**
   * Brings the port from where it stands; nothing when it stands in none of these.
   *
   * @param tenants our namespaces by name
   */
  static void fetch(EndpointPort port, SortedMap<String, TenantTables> tenants) {
    var into = tenants.get(port.namespace());
    if (into == null || into.device(port.port()).isPresent()) {
      return;
    }
    for (var from : tenants.entrySet()) {
      if (from.getValue().device(port.port()).isPresent() && isOf(port, from.getValue())) {
        move(port, from.getValue(), into);
        from.getValue().believe(new KernelChange.Remove(port.in(from.getKey())));
        return;
      }
    }
  }

  private static boolean isOf(EndpointPort wanted, TenantTables tables) {
    return tables
        .rtnetlink()
        .link(wanted.port())
        .flatMap(Link::alias)
        .flatMap(PortAlias::parse)
        .filter(
            alias ->
                alias.endpoint().equals(wanted.endpoint())
                    && alias.network().equals(wanted.network())
                    && alias.mac().equals(wanted.mac()))
        .isPresent();
  }

  private static void move(EndpointPort port, TenantTables from, TenantTables into) {
    int index = from.rtnetlink().requireLink(port.port()).index();
    var there = LinkSettings.NONE.withNamespace(into.rtnetlink().namespace());
    from.rtnetlink().execute(new Request.SetLink(index, there));
    from.reread(port.port());
    into.reread(port.port());
  }
}
