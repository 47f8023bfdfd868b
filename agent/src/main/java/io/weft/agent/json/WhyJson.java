package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.bgp.speaker.SpeakerView;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.overlay.node.NodeView.NetworkView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/**
 * Why a route is not here, not best, not imported or not sent, as JSON ({@code why}): what is known
 * of each route asked about, or who could have said it.
 */
public final class WhyJson {
  /** Routes that are told of at most; {@code more} counts the others. */
  static final int MAX_ROUTES = 100;

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private WhyJson() {}

  /**
   * The answer.
   *
   * @param networks of the node; empty on a reflector, which imports nothing
   * @param text a route as {@code routes} prints it, a MAC, an IP or a prefix
   * @throws IllegalArgumentException in words, when the text is none of them
   */
  public static ObjectNode why(
      SpeakerView view, Optional<List<NetworkView>> networks, String text) {
    var question = RouteQuestion.parse(text);
    var known = new LinkedHashMap<String, List<RouteView>>();
    for (var route : view.routes()) {
      if (question.means(route.route())) {
        known.computeIfAbsent(route.route().key().toString(), _ -> new ArrayList<>()).add(route);
      }
    }
    var document = NODES.objectNode();
    document.put("question", text).put("known", !known.isEmpty());
    var routes = document.putArray("routes");
    for (var entry : known.entrySet()) {
      if (routes.size() < MAX_ROUTES) {
        routes.add(route(view, networks, entry.getKey(), entry.getValue()));
      }
    }
    document.put("more", known.size() - routes.size());
    if (known.isEmpty()) {
      unknown(view, networks, document);
    }
    return document;
  }

  private static void unknown(
      SpeakerView view, Optional<List<NetworkView>> networks, ObjectNode document) {
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
              : "neighbour "
                  + peer.address()
                  + " is "
                  + peer.state()
                  + peer.lastReason().map(reason -> ": " + reason).orElse(""));
    }
    networks.ifPresent(
        all -> {
          var targets = new ArrayList<String>();
          all.forEach(
              n ->
                  n.intent()
                      .importTargets()
                      .forEach(t -> targets.add(t + " (" + n.intent().name() + ")")));
          reasons.add(
              "a node keeps only routes with a target that one of its networks imports; imported"
                  + " here: "
                  + (targets.isEmpty() ? "none" : String.join(", ", targets)));
        });
  }

  private static ObjectNode route(
      SpeakerView view,
      Optional<List<NetworkView>> networks,
      String key,
      List<RouteView> candidates) {
    var node = NODES.objectNode().put("route", key);
    var paths = node.putArray("paths");
    var best = candidates.stream().filter(RouteView::best).findFirst();
    for (var path : candidates) {
      paths.add(BgpJson.row(path).put("reason", reason(view, best, path)));
    }
    best.ifPresent(
        path -> {
          if (path.route() instanceof EvpnRoute) {
            networks.ifPresent(all -> imports(all, path, node));
          }
          sending(view, path, node);
        });
    return node;
  }

  private static String reason(SpeakerView view, Optional<RouteView> best, RouteView path) {
    if (path.best()) {
      return "best";
    }
    return best.map(used -> "not best: " + PathDifference.words(view, used, path))
        .orElse("not best: the choice is not made yet");
  }

  private static void imports(List<NetworkView> networks, RouteView path, ObjectNode node) {
    var imports = node.putArray("networks");
    var carried = path.attributes().routeTargets();
    for (var network : networks) {
      var wanted = network.intent().importTargets();
      var target = carried.stream().filter(wanted::contains).findFirst();
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

  private static boolean isVxlan(RouteView path) {
    var communities = path.attributes().extendedCommunities();
    return communities.stream().noneMatch(ExtendedCommunity::isEncapsulation)
        || communities.contains(ExtendedCommunity.ENCAPSULATION_VXLAN);
  }

  private static void sending(SpeakerView view, RouteView path, ObjectNode node) {
    var peers = node.putArray("peers");
    var from = PathDifference.peer(view, path);
    boolean internal = from.flatMap(PeerView::as).filter(view.as()::equals).isPresent();
    boolean fromClient = from.filter(PeerView::client).isPresent();
    for (var peer : view.peers()) {
      var obstacle = obstacle(view, path, peer, internal, fromClient);
      peers
          .addObject()
          .put("address", peer.address().toString())
          .put("obstacle", obstacle.isPresent())
          .put("reason", obstacle.map(o -> "not sent: " + o).orElse("may be sent"));
    }
  }

  private static Optional<String> obstacle(
      SpeakerView view, RouteView path, PeerView peer, boolean internal, boolean fromClient) {
    if (!isUp(peer)) {
      return Optional.of("the session is " + peer.state());
    }
    if (path.peer().filter(peer.address()::equals).isPresent()) {
      return Optional.of("the route is from there");
    }
    var external = peer.as().filter(as -> !as.equals(view.as()));
    if (external.isPresent()) {
      return external
          .filter(path.attributes().asPath()::contains)
          .map(as -> "AS " + as + " is in its AS_PATH already (RFC 4271 §9.1.2)");
    }
    if (internal && !fromClient && !peer.client()) {
      return Optional.of(
          "it is from an internal neighbour, and neither is our client (RFC 4456 §6)");
    }
    if (path.attributes().originatorId().isPresent()
        && path.attributes().originatorId().equals(peer.routerId())) {
      return Optional.of("the neighbour originated it (RFC 4456 §8)");
    }
    return Optional.empty();
  }

  private static boolean isUp(PeerView peer) {
    return peer.state().equals("Established");
  }
}
