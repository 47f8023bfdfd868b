package io.weft.agent.json;

import io.weft.bgp.wire.Route;
import io.weft.overlay.node.BehindView;
import io.weft.overlay.node.NodeView.NetworkView;
import io.weft.overlay.node.TenantView;
import java.util.List;
import java.util.Map;

/**
 * What of a node takes routes in.
 *
 * @param tenants all that the node knows, routing here or not
 * @param uses what tenants do with the routes asked about that they have taken in
 * @param behind what endpoints of the node say of the prefixes asked about
 */
public record Importers(
    List<NetworkView> networks,
    List<TenantView> tenants,
    Map<Route, List<TenantView.Use>> uses,
    BehindView.Page behind) {
  public Importers {
    networks = List.copyOf(networks);
    tenants = List.copyOf(tenants);
    uses = Map.copyOf(uses);
  }

  List<TenantView.Use> uses(Route key) {
    return uses.getOrDefault(key, List.of());
  }
}
