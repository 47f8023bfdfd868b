package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.intent.ConnectionWay;
import io.weft.overlay.node.BehindView;
import io.weft.overlay.node.EgressIntent;
import io.weft.overlay.node.TenantView;
import io.weft.overlay.node.TenantView.Source;
import java.util.List;
import java.util.Locale;

/** Tenants as JSON: what they route by, what is of them here, and the table of one. */
public final class TenantJson {
  /**
   * Prefixes behind endpoints of one network that are told of; {@code moreBehind} counts others.
   */
  public static final int MAX_BEHIND = 1024;

  private TenantJson() {}

  /**
   * All tenants that the node knows.
   *
   * @param ways what connections declare of them
   */
  public static ObjectNode tenants(List<TenantView> tenants, List<ConnectionWay> ways) {
    var document = JsonNodeFactory.instance.objectNode();
    var array = document.putArray("tenants");
    var connections = new ConnectionRows(tenants, ways);
    tenants.forEach(tenant -> add(array.addObject(), tenant, connections));
    return document;
  }

  /**
   * One of them with its table.
   *
   * @param declared as for {@link #tenants}
   * @param behind what endpoints of the node say is behind them
   */
  public static ObjectNode tenant(
      String name,
      List<TenantView> tenants,
      List<ConnectionWay> declared,
      TenantTable table,
      BehindView.Page behind) {
    var document = JsonNodeFactory.instance.objectNode();
    var array = document.putArray("tenants");
    var connections = new ConnectionRows(tenants, declared);
    tenants.stream()
        .filter(tenant -> tenant.name().equals(name))
        .forEach(tenant -> add(array.addObject(), tenant, connections));
    var counts = document.putObject("counts");
    for (var source : Source.values()) {
      counts.put(text(source), table.count(source));
    }
    var prefixes = document.putArray("prefixes");
    for (var row : table.rows()) {
      var node = prefixes.addObject();
      node.put("prefix", row.prefix().toString()).put("source", text(row.source()));
      node.put("used", row.used());
      if (!row.owner().isEmpty()) {
        node.put("owner", row.owner());
      }
      var ways = node.putArray("ways");
      for (var way : row.ways()) {
        ways.addObject().put("via", way.via().toString()).put("vni", way.vni().value());
      }
    }
    int all = table.counts().values().stream().mapToInt(Integer::intValue).sum();
    document.put("more", all - table.rows().size());
    document.set("behindEndpoints", behind(behind));
    document.put("moreBehind", behind.more());
    return document;
  }

  /** Who says what is behind it, and what becomes of that. */
  static ArrayNode behind(BehindView.Page behind) {
    var rows = JsonNodeFactory.instance.arrayNode();
    for (var row : behind.rows()) {
      var node = rows.addObject();
      node.put("prefix", row.prefix().toString());
      row.tenant().ifPresent(tenant -> node.put("tenant", tenant));
      node.put("network", row.network()).put("endpoint", row.endpoint());
      node.put("address", row.address().toString());
      node.put("by", row.byBgp() ? "bgp" : "attach");
      node.put("used", row.used()).put("reason", row.reason());
    }
    return rows;
  }

  private static String text(Source source) {
    return source.name().toLowerCase(Locale.ROOT);
  }

  private static void add(ObjectNode node, TenantView tenant, ConnectionRows connections) {
    node.put("name", tenant.name()).put("namespace", tenant.namespace());
    node.put("routes", tenant.routing().isPresent()).put("realised", tenant.here().isPresent());
    tenant
        .routing()
        .ifPresent(
            routing -> {
              node.put("l3vni", routing.l3Vni().value());
              BgpJson.texts(node.putArray("importTargets"), routing.importTargets());
              BgpJson.texts(node.putArray("exportTargets"), routing.exportTargets());
              routing.egress().ifPresent(egress -> egress(node.putObject("egress"), egress));
            });
    tenant
        .here()
        .ifPresent(
            here -> {
              node.put("rd", here.rd().toString()).put("routerMac", here.routerMac().toString());
              node.put("remotePrefixes", here.remotePrefixes());
            });
    var networks = node.putArray("networks");
    for (var network : tenant.networks()) {
      networks
          .addObject()
          .put("name", network.name())
          .put("routed", network.routed())
          .put("realised", network.realised());
    }
    connections.addTo(node.putArray("connections"), tenant.name());
  }

  private static void egress(ObjectNode node, EgressIntent egress) {
    node.put("ipv4", egress.ipv4()).put("ipv6", egress.ipv6());
    if (egress.cluster().isPresent()) {
      node.put("cluster", true);
    }
  }
}
