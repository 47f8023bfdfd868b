package io.weft.lab.fabric;

import io.weft.kubernetes.resource.EndpointBgpSpec;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.RouteTargets;
import io.weft.kubernetes.resource.Tenant;
import io.weft.kubernetes.resource.TenantConnection;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The intent of a lab as YAML, as a user would write it for one agent or reflector. */
public final class IntentText {
  /** Type 5 and nothing else: the subnets of a tenant, not its hosts. */
  private static final String PREFIXES =
      "[{name: prefixes, rules: [{match: {types: [5]}, verdict: accept}]}]";

  private IntentText() {}

  /** File names and their contents, for a node. */
  public static SortedMap<String, String> files(FabricPlan plan) {
    return files(plan, false);
  }

  /**
   * File names and their contents.
   *
   * @param reflector for one: it alone speaks to the gateways, and tells them of prefixes only
   */
  public static SortedMap<String, String> files(FabricPlan plan, boolean reflector) {
    var files = new TreeMap<String, String>();
    files.put("fabric.yaml", fabric(plan, reflector ? gateways(plan) : List.of()));
    files.put(
        "tenants.yaml",
        documents(plan.topology().tenants().stream().map(IntentText::tenant).toList()));
    files.put(
        "networks.yaml",
        documents(plan.topology().networks().stream().map(IntentText::network).toList()));
    return files;
  }

  private static List<String> gateways(FabricPlan plan) {
    return plan.namespaces(FabricPlan.Role.GATEWAY).stream()
        .map(
            gateway ->
                "{address: \""
                    + gateway.loopback().orElseThrow()
                    + "\", asn: internal, bfd: {intervalMillis: 300, multiplier: 3, multihop: true}"
                    + ", export: prefixes}")
        .toList();
  }

  /** Who meets whom, as a file of its own; empty without connections. */
  public static String connections(FabricPlan plan) {
    return documents(plan.topology().connections().stream().map(IntentText::connection).toList());
  }

  private static String connection(TenantConnection connection) {
    var text =
        new StringBuilder(
            "kind: TenantConnection\nmetadata: {name: " + connection.name() + "}\nspec:\n");
    switch (connection.shape()) {
      case TenantConnection.HubAndSpokes(var hub, var spokes, var direction) -> {
        line(text, "hub", member(hub));
        line(text, "spokes", spokes.stream().map(IntentText::member).toList());
        line(text, "direction", direction.label());
      }
      case TenantConnection.Mesh(var members) ->
          line(text, "between", members.stream().map(IntentText::member).toList());
    }
    return text.toString();
  }

  private static String member(TenantConnection.Member member) {
    return member.prefixes().isEmpty()
        ? member.tenant()
        : "{tenant: " + member.tenant() + ", prefixes: " + quoted(member.prefixes()) + "}";
  }

  private static String documents(List<String> documents) {
    return String.join("---\n", documents);
  }

  private static String fabric(FabricPlan plan, List<String> gateways) {
    var spec = plan.topology().fabric().spec();
    var text = new StringBuilder("kind: Fabric\nmetadata: {name: default}\nspec:\n");
    line(text, "asn", spec.asn());
    line(text, "vtep", vtep(spec, FabricPlanner.vteps(plan.topology())));
    line(text, "reflectors", "{addresses: " + quoted(reflectors(plan)) + clients(spec) + "}");
    var peers = new ArrayList<>(gateways);
    spec.peers().forEach(peer -> peers.add(peer(peer)));
    if (!peers.isEmpty()) {
      line(text, "peers", peers);
    }
    if (!gateways.isEmpty()) {
      line(text, "policies", PREFIXES);
    }
    var pools = spec.vniPools();
    line(
        text, "vniPools", "{networks: " + pools.networks() + ", tenants: " + pools.tenants() + "}");
    line(text, "autoRouteTarget", form(spec.autoRouteTarget()));
    line(text, "holdSeconds", spec.holdSeconds());
    line(text, "restartSeconds", spec.restartSeconds());
    line(text, "duplicates", duplicates(spec.duplicates()));
    return text.toString();
  }

  private static String duplicates(FabricSpec.Duplicates duplicates) {
    return "{moves: %d, seconds: %d, recoverSeconds: %d}"
        .formatted(duplicates.moves(), duplicates.seconds(), duplicates.recoverSeconds());
  }

  private static List<IpAddress> reflectors(FabricPlan plan) {
    return plan.namespaces(FabricPlan.Role.REFLECTOR).stream()
        .flatMap(reflector -> reflector.loopbacks().stream())
        .toList();
  }

  private static String vtep(FabricSpec spec, List<IpPrefix> prefixes) {
    var families = spec.families().stream().map(FabricSpec.VtepFamily::word).toList();
    return prefixes.size() == 1
        ? "{cidr: \"" + prefixes.getFirst() + "\"}"
        : "{families: " + families + ", cidrs: " + quoted(prefixes) + "}";
  }

  private static String clients(FabricSpec spec) {
    var clients = spec.reflectors().clients();
    return clients.isEmpty() ? "" : ", clients: " + quoted(clients);
  }

  private static String peer(PeerSpec peer) {
    var remote =
        switch (peer.remote()) {
          case PeerSpec.Remote.AtAddress(var address) -> "address: \"" + address + "\"";
          case PeerSpec.Remote.OnInterface(var name) -> "interface: \"" + name + "\"";
          case PeerSpec.Remote.InRange(var range) -> "range: \"" + range + "\"";
        };
    var as =
        switch (peer.as()) {
          case PeerSpec.PeerAs.Exact(var number) -> number.toString();
          case PeerSpec.PeerAs.External _ -> "external";
          case PeerSpec.PeerAs.Internal _ -> "internal";
        };
    return "{" + remote + ", asn: " + as + "}";
  }

  private static String form(Enum<?> form) {
    return form.name().toLowerCase(Locale.ROOT);
  }

  private static String tenant(Tenant tenant) {
    var spec = new StringBuilder();
    tenant.spec().l3vni().ifPresent(vni -> line(spec, "l3vni", vni));
    routeTargets(spec, tenant.spec().routeTargets());
    if (tenant.spec().egress() != Tenant.Egress.NONE) {
      line(spec, "egress", form(tenant.spec().egress()));
    }
    if (!tenant.spec().shares().isEmpty()) {
      line(spec, "shares", tenant.spec().shares());
    }
    return "kind: Tenant\nmetadata: {name: "
        + tenant.name()
        + "}\n"
        + (spec.isEmpty() ? "" : "spec:\n" + spec);
  }

  private static void routeTargets(StringBuilder text, RouteTargets targets) {
    if (!targets.equals(RouteTargets.AUTOMATIC)) {
      line(
          text,
          "routeTargets",
          "{"
              + (targets.imports().isEmpty() ? "" : "import: " + quoted(targets.imports()))
              + (targets.imports().isEmpty() || targets.exports().isEmpty() ? "" : ", ")
              + (targets.exports().isEmpty() ? "" : "export: " + quoted(targets.exports()))
              + "}");
    }
  }

  private static String network(Network network) {
    var spec = network.spec();
    var text =
        new StringBuilder("kind: Network\nmetadata: {name: " + network.name() + "}\nspec:\n");
    spec.tenant().ifPresent(tenant -> line(text, "tenant", tenant));
    spec.vni().ifPresent(vni -> line(text, "vni", vni));
    line(text, "subnets", quoted(spec.subnets()));
    routeTargets(text, spec.routeTargets());
    if (!spec.gateways().isEmpty()) {
      line(text, "gateway", quoted(spec.gateways()));
    }
    spec.mtu().ifPresent(mtu -> line(text, "mtu", mtu));
    line(text, "multicast", form(spec.multicast()));
    spec.bgp().ifPresent(bgp -> line(text, "bgp", bgp(bgp)));
    return text.toString();
  }

  private static String bgp(EndpointBgpSpec bgp) {
    var prefixes =
        bgp.prefixes().stream()
            .map(match -> match.prefix() + " ge " + match.least() + " le " + match.most())
            .toList();
    return "{"
        + bgp.asn().map(asn -> "asn: " + asn + ", ").orElse("")
        + "prefixes: "
        + quoted(prefixes)
        + ", maximumPrefixes: "
        + bgp.maximumPrefixes()
        + ", advertise: "
        + form(bgp.advertise())
        + bgp.passwordFile().map(file -> ", passwordFrom: {file: \"" + file + "\"}").orElse("")
        + "}";
  }

  /** In quotes, because a colon means something else in YAML. */
  private static String quoted(List<?> values) {
    return values.stream().map(v -> "\"" + v + "\"").collect(Collectors.joining(", ", "[", "]"));
  }

  private static void line(StringBuilder text, String key, Object value) {
    text.append("  ").append(key).append(": ").append(value).append('\n');
  }
}
