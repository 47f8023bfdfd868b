package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.overlay.node.TenantView;
import io.weft.overlay.node.TenantView.Source;
import java.util.List;
import java.util.Locale;

/** Tenants as JSON: what they route by, what is of them here, and the table of one. */
public final class TenantJson {
  private TenantJson() {}

  /** All tenants that the node knows. */
  public static ObjectNode tenants(List<TenantView> tenants) {
    var document = JsonNodeFactory.instance.objectNode();
    var array = document.putArray("tenants");
    tenants.forEach(tenant -> add(array, tenant));
    return document;
  }

  /** One of them with its table. */
  public static ObjectNode tenant(TenantView tenant, TenantTable table) {
    var document = tenants(List.of(tenant));
    var counts = document.putObject("counts");
    for (var source : Source.values()) {
      counts.put(text(source), table.count(source));
    }
    var prefixes = document.putArray("prefixes");
    for (var row : table.rows()) {
      var node = prefixes.addObject();
      node.put("prefix", row.prefix().toString()).put("source", text(row.source()));
      node.put("used", row.used());
      var ways = node.putArray("ways");
      for (var way : row.ways()) {
        ways.addObject().put("via", way.via().toString()).put("vni", way.vni().value());
      }
    }
    int all = table.counts().values().stream().mapToInt(Integer::intValue).sum();
    document.put("more", all - table.rows().size());
    return document;
  }

  private static String text(Source source) {
    return source.name().toLowerCase(Locale.ROOT);
  }

  private static void add(ArrayNode array, TenantView tenant) {
    var node = array.addObject().put("name", tenant.name());
    node.put("namespace", tenant.namespace());
    node.put("routes", tenant.routing().isPresent()).put("realised", tenant.here().isPresent());
    tenant
        .routing()
        .ifPresent(
            routing -> {
              node.put("l3vni", routing.l3Vni().value());
              BgpJson.texts(node.putArray("importTargets"), routing.importTargets());
              BgpJson.texts(node.putArray("exportTargets"), routing.exportTargets());
              routing
                  .egress()
                  .ifPresent(
                      egress ->
                          node.putObject("egress")
                              .put("ipv4", egress.ipv4())
                              .put("ipv6", egress.ipv6()));
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
  }
}
