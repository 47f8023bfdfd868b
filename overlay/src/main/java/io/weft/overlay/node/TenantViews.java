package io.weft.overlay.node;

import io.weft.bgp.wire.Route;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.node.TenantView.Here;
import io.weft.overlay.node.TenantView.Member;
import io.weft.overlay.node.TenantView.PrefixPage;
import io.weft.overlay.node.TenantView.Use;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** Pictures of the tenants that the intent names, and of those that are still here. */
final class TenantViews {
  private TenantViews() {}

  static List<TenantView> of(Foundation foundation, Instances instances) {
    var networks = new TreeMap<String, NetworkIntent>(foundation.networks());
    instances.all().forEach(each -> networks.put(each.intent().name(), each.intent()));
    var members = new TreeMap<String, List<Member>>();
    foundation.tenants().keySet().forEach(name -> members.put(name, new ArrayList<>()));
    var namespaces = new TreeMap<String, String>();
    for (var network : networks.values()) {
      if (network.tenant().isPresent()) {
        var tenant = network.tenant().get();
        var instance = instances.find(network.name());
        members
            .computeIfAbsent(tenant, _ -> new ArrayList<>())
            .add(new Member(network.name(), network.isRouted(), instance.isPresent()));
        namespaces.put(tenant, instances.namespaceOf(network));
      }
    }
    var views = new ArrayList<TenantView>();
    members.forEach(
        (name, of) -> {
          var namespace = namespaces.getOrDefault(name, "");
          var here = instances.tenant(namespace);
          views.add(
              new TenantView(
                  name,
                  namespace,
                  here.map(TenantInstance::intent)
                      .or(() -> Optional.ofNullable(foundation.tenants().get(name))),
                  here.map(TenantViews::here),
                  of));
        });
    return List.copyOf(views);
  }

  private static Here here(TenantInstance tenant) {
    return new Here(
        tenant.rd(),
        AddressPlan.routerMac(tenant.underlay().vtep()),
        tenant.remote().count(),
        tenant.remote().owners());
  }

  /** Empty where the tenant does not route here. */
  static Optional<PrefixPage> prefixes(
      Instances instances, String tenant, Optional<IpPrefix> from, int limit) {
    return instances.tenants().stream()
        .filter(instance -> instance.intent().name().equals(tenant))
        .findFirst()
        .map(instance -> new TenantPrefixes(instance).page(from, limit));
  }

  static List<Use> uses(Instances instances, Route route) {
    return instances.tenants().stream()
        .flatMap(tenant -> new TenantPrefixes(tenant).uses(route.key()).stream())
        .toList();
  }
}
