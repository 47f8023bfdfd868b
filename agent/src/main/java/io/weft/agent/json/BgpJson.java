package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.MulticastRoute;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.bgp.wire.UnicastRoute;
import java.util.concurrent.TimeUnit;

/** A speaker's view as JSON: {@code peers} and {@code routes}. */
public final class BgpJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private BgpJson() {}

  /**
   * The peers, each with state, counts and why it last went down.
   *
   * @param nowNanos on the clock of the speaker
   */
  public static ObjectNode peers(SpeakerStatus view, long nowNanos) {
    var document = NODES.objectNode();
    document.put("asn", view.as().value()).put("routerId", view.routerId().toString());
    var peers = document.putArray("peers");
    for (var peer : view.peers()) {
      var node = peers.addObject();
      node.put("address", peer.address().toString());
      peer.as().ifPresent(as -> node.put("asn", as.value()));
      peer.routerId().ifPresent(id -> node.put("routerId", id.toString()));
      node.put("client", peer.client());
      node.put("state", peer.state());
      node.put("seconds", TimeUnit.NANOSECONDS.toSeconds(nowNanos - peer.sinceNanos()));
      node.put("received", peer.received());
      node.put("sent", peer.sent());
      node.put("stale", peer.staleRoutes());
      node.put("refused", peer.refused() + peer.forgotten());
      node.put("updates", peer.updates());
      peer.lastReason().ifPresent(reason -> node.put("lastReason", reason));
      texts(node.putArray("families"), peer.families());
    }
    return document;
  }

  /**
   * The paths that were found; {@code matching} counts them, {@code more} those behind the limit,
   * {@code next} is where a further page begins. In the order of the table, which is none.
   */
  public static ObjectNode routes(RoutePage page) {
    var document = NODES.objectNode();
    var routes = document.putArray("routes");
    page.routes().forEach(route -> routes.add(row(route)));
    document.put("matching", page.matching()).put("more", page.matching() - routes.size());
    page.next().ifPresent(next -> document.put("next", next));
    return document;
  }

  static ObjectNode row(RouteView route) {
    var node = NODES.objectNode();
    node.put("route", route.route().key().toString());
    node.put("family", route.route().family().toString());
    describe(route.route(), node);
    describe(route.attributes(), node);
    node.put("local", route.local());
    node.put("best", route.best());
    node.put("stale", route.stale());
    route.peer().ifPresent(peer -> node.put("peer", peer.toString()));
    if (route.pathId() != 0) {
      node.put("pathId", route.pathId());
    }
    return node;
  }

  private static void describe(Route route, ObjectNode node) {
    switch (route) {
      case UnicastRoute r -> node.put("prefix", r.prefix().toString());
      case RouteTargetMembership r ->
          node.put("routeTarget", r.target().map(Object::toString).orElse("all"));
      case EvpnRoute.EthernetAutoDiscovery r ->
          node.put("type", 1).put("rd", r.rd().toString()).put("esi", r.esi().toString());
      case EvpnRoute.MacIpAdvertisement r -> {
        node.put("type", 2).put("rd", r.rd().toString()).put("mac", r.mac().toString());
        r.ip().ifPresent(ip -> node.put("ip", ip.toString()));
        node.put("vni", r.label());
        r.label2().ifPresent(l3 -> node.put("l3vni", l3));
      }
      case EvpnRoute.InclusiveMulticast r ->
          node.put("type", 3).put("rd", r.rd().toString()).put("ip", r.originator().toString());
      case EvpnRoute.EthernetSegment r ->
          node.put("type", 4).put("rd", r.rd().toString()).put("esi", r.esi().toString());
      case EvpnRoute.IpPrefixRoute r ->
          node.put("type", 5)
              .put("rd", r.rd().toString())
              .put("prefix", r.prefix().toString())
              .put("vni", r.label());
      case MulticastRoute r -> {
        node.put("type", r.type()).put("rd", r.rd().toString());
        r.source().ifPresent(source -> node.put("source", source.toString()));
        r.group().ifPresent(group -> node.put("group", group.toString()));
        node.put("ip", r.originator().toString());
      }
      case EvpnRoute.UnknownEvpnRoute r -> node.put("type", r.type());
    }
  }

  private static void describe(PathAttributes attributes, ObjectNode node) {
    node.put("nextHop", attributes.nextHop().toString());
    attributes.pmsiTunnel().ifPresent(pmsi -> node.put("vni", pmsi.label()));
    attributes.localPreference().ifPresent(value -> node.put("localPreference", value));
    if (!attributes.asPath().segments().isEmpty()) {
      node.put("asPath", attributes.asPath().toString());
    }
    attributes.originatorId().ifPresent(id -> node.put("originatorId", id.toString()));
    texts(node.putArray("clusterList"), attributes.clusterList());
    texts(node.putArray("routeTargets"), attributes.routeTargets());
    attributes
        .macMobility()
        .ifPresent(
            mobility ->
                node.put("sequence", mobility.mobilitySequence())
                    .put("sticky", mobility.isSticky()));
    texts(
        node.putArray("communities"),
        attributes.extendedCommunities().stream()
            .filter(community -> !community.isRouteTarget())
            .map(ExtendedCommunity::toString)
            .toList());
  }

  static void texts(ArrayNode array, Iterable<?> values) {
    for (var value : values) {
      array.add(value.toString());
    }
  }
}
