package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.bgp.speaker.Explanation;
import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Route;
import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import io.weft.overlay.evpn.PrefixReading;
import io.weft.overlay.node.BehindView;
import io.weft.overlay.node.NodeView.NetworkView;
import io.weft.overlay.node.TenantIntent;
import io.weft.overlay.node.TenantView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Why a route is not here, not best, not imported or not sent, as JSON ({@code why}): what the
 * speaker knows of each route asked about, and what endpoints say of it, or who could have said it.
 */
public final class WhyJson {
  /** Routes that are told of at most; {@code more} counts the others. */
  public static final int MAX_ROUTES = 100;

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private WhyJson() {}

  /**
   * The answer.
   *
   * @param importers of the node; empty on a reflector, which imports nothing
   * @param text the question as it was typed
   * @param told what the speaker says to it
   */
  public static ObjectNode why(
      SpeakerStatus view, Optional<Importers> importers, String text, Explanation.Several told) {
    var document = NODES.objectNode();
    var behind = importers.map(Importers::behind).orElse(BehindView.Page.NONE);
    boolean known = !told.routes().isEmpty() || !behind.rows().isEmpty();
    document.put("question", text).put("known", known);
    var routes = document.putArray("routes");
    told.routes().forEach(route -> routes.add(route(importers, route)));
    document.put("more", told.more());
    document.set("endpoints", TenantJson.behind(behind));
    if (!known) {
      unknown(view, importers, document);
    }
    return document;
  }

  private static void unknown(
      SpeakerStatus view, Optional<Importers> importers, ObjectNode document) {
    var reasons = document.putArray("reasons");
    if (view.peers().isEmpty()) {
      reasons.add("there are no neighbours that could have said it");
    }
    for (var peer : view.peers()) {
      reasons.add(
          isUp(peer)
              ? "neighbour "
                  + peer.address()
                  + " is established; none of the "
                  + peer.received()
                  + " routes kept from it is this one"
                  + (peer.forgotten() == 0
                      ? ""
                      : ", and of " + peer.forgotten() + " refused ones the reason is forgotten")
              : "neighbour "
                  + peer.address()
                  + " is "
                  + peer.state()
                  + peer.lastReason().map(reason -> ": " + reason).orElse(""));
    }
    importers.ifPresent(all -> reasons.add(imported(all)));
  }

  private static String imported(Importers importers) {
    var targets = new ArrayList<String>();
    for (var network : importers.networks()) {
      for (var target : network.intent().importTargets()) {
        targets.add(target + " (" + network.intent().name() + ")");
      }
    }
    for (var tenant : importers.tenants()) {
      for (var target : imports(tenant)) {
        targets.add(target + " (tenant " + tenant.name() + ")");
      }
    }
    return "a node keeps only routes with a target that one of its networks imports, or a tenant"
        + " that routes (its l3vni); imported here: "
        + (targets.isEmpty() ? "none" : String.join(", ", targets));
  }

  private static ObjectNode route(Optional<Importers> importers, Explanation told) {
    var node = NODES.objectNode().put("route", told.key().toString());
    var paths = node.putArray("paths");
    for (var standing : told.paths()) {
      paths.add(
          BgpJson.row(standing.path())
              .put("used", standing.used())
              .put("reason", reason(standing)));
    }
    var refused = node.putArray("refused");
    for (var refusal : told.refused()) {
      refused
          .addObject()
          .put("peer", refusal.peer().toString())
          .put("reason", "not imported: " + refusal.reason().text());
    }
    var best = told.paths().stream().map(Explanation.Standing::path).filter(RouteView::best);
    best.findFirst()
        .filter(path -> path.route() instanceof EvpnRoute)
        .ifPresent(
            path ->
                importers.ifPresent(
                    all -> {
                      networks(all.networks(), path, node);
                      tenants(all, path, node);
                    }));
    var peers = node.putArray("peers");
    told.sendings().forEach(sending -> peers.add(sending(sending)));
    return node;
  }

  private static String reason(Explanation.Standing standing) {
    return standing
        .notBest()
        .map(
            lost ->
                standing.used()
                    ? "as good as the best, and used beside it"
                    : "not best: " + lost.text())
        .orElse("best");
  }

  private static ObjectNode sending(Explanation.Sending sending) {
    var node = NODES.objectNode();
    node.put("address", sending.peer().toString());
    sending.from().ifPresent(from -> node.put("from", from.toString()));
    if (sending.pathId() != 0) {
      node.put("pathId", sending.pathId());
    }
    node.put("obstacle", sending.notSent().isPresent());
    var path = sending.pathId() == 0 ? "" : " under path identifier " + sending.pathId();
    return node.put(
        "reason",
        sending.notSent().map(why -> "not sent" + path + ": " + why.text()).orElse("sent" + path));
  }

  /** A prefix is nothing that a network could take in. */
  private static void networks(List<NetworkView> networks, RouteView path, ObjectNode node) {
    var imports = node.putArray("networks");
    if (path.route() instanceof EvpnRoute.IpPrefixRoute) {
      return;
    }
    var carried = path.attributes().routeTargets();
    for (var network : networks) {
      var wanted = network.intent().importTargets();
      var target = carried.stream().filter(one -> matches(wanted, one)).findFirst();
      boolean imported = !path.local() && target.isPresent() && isVxlan(path) && network.realised();
      imports
          .addObject()
          .put("name", network.intent().name())
          .put("imported", imported)
          .put("reason", importReason(network, path, target.map(Object::toString)));
    }
  }

  private static String importReason(NetworkView network, RouteView path, Optional<String> target) {
    if (target.isEmpty()) {
      return "not imported: it imports "
          + network.intent().importTargets()
          + ", the route carries "
          + path.attributes().routeTargets();
    }
    if (path.local()) {
      return "not imported: it is this node's own route";
    }
    if (!isVxlan(path)) {
      return "not imported: its encapsulation is not VXLAN (RFC 8365 §5.1.3)";
    }
    return network.realised()
        ? "imported by target " + target.get()
        : "not imported: it has target " + target.get() + ", but the network has no endpoint here";
  }

  /** Those that hold the route say what they do with it; of others, why they do not. */
  private static void tenants(Importers importers, RouteView path, ObjectNode node) {
    var rows = node.putArray("tenants");
    if (!isRoutable(path.route())) {
      return;
    }
    var uses = importers.uses(path.route().key());
    for (var tenant : importers.tenants()) {
      var of = uses.stream().filter(each -> each.tenant().equals(tenant.name())).toList();
      var use = of.stream().filter(TenantView.Use::used).findFirst().or(() -> first(of));
      var more = of.size() > 1 ? " (and " + (of.size() - 1) + " more parts of it)" : "";
      rows.addObject()
          .put("name", tenant.name())
          .put("imported", use.isPresent())
          .put("used", use.map(TenantView.Use::used).orElse(false))
          .put("reason", use.map(u -> u.reason() + more).orElseGet(() -> whyNot(tenant, path)));
    }
  }

  private static Optional<TenantView.Use> first(List<TenantView.Use> uses) {
    return uses.stream().findFirst();
  }

  /** A prefix, or a host with a second label (RFC 9135 §5.1). */
  private static boolean isRoutable(Route route) {
    return route instanceof EvpnRoute.IpPrefixRoute
        || route instanceof EvpnRoute.MacIpAdvertisement host
            && host.ip().isPresent()
            && host.label2().isPresent();
  }

  private static List<ImportTarget> imports(TenantView tenant) {
    return tenant.routing().map(TenantIntent::wantedTargets).orElse(List.of());
  }

  private static boolean matches(List<ImportTarget> wanted, RouteTarget carried) {
    return wanted.stream().anyMatch(target -> target.matches(carried));
  }

  private static String whyNot(TenantView tenant, RouteView path) {
    if (tenant.routing().isEmpty()) {
      return "not imported: the tenant does not route, none of its networks has a gateway";
    }
    var carried = path.attributes().routeTargets();
    var obstacle = tenant.routing().get().obstacle(path);
    if (!obstacle.isEmpty()) {
      return "not imported: " + obstacle;
    }
    var target = carried.stream().filter(one -> matches(imports(tenant), one)).findFirst();
    if (path.local()) {
      return "not imported: it is this node's own route";
    }
    if (!isVxlan(path)) {
      return "not imported: its encapsulation is not VXLAN (RFC 8365 §5.1.3)";
    }
    if (tenant.here().isEmpty()) {
      return "not imported: it has target "
          + target.orElseThrow()
          + ", but no routed network of the tenant has an endpoint here";
    }
    var unreadable = PrefixReading.obstacle(path.route(), path.attributes());
    return "not imported: it has target "
        + target.orElseThrow()
        + (unreadable.isEmpty() ? ", but cannot be reached from here" : ", but " + unreadable);
  }

  private static boolean isVxlan(RouteView path) {
    var communities = path.attributes().extendedCommunities();
    return communities.stream().noneMatch(ExtendedCommunity::isEncapsulation)
        || communities.contains(ExtendedCommunity.ENCAPSULATION_VXLAN);
  }

  private static boolean isUp(PeerView peer) {
    return peer.state().equals("Established");
  }
}
