package io.weft.agent.record;

import io.weft.bgp.speaker.RouteSelection;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.MessageReceived;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What leads a fresh brain to where this one is: the last that was said of the intent, the
 * underlay, the addresses, a drain and the groups that ports have joined, what stands in the
 * kernel, and of each peer its connection, its OPEN and the routes that are held from it. What is
 * under way is not in it, nor how often a MAC has moved.
 */
final class Snapshot {
  /** Routes of equal attributes that are put into one message. */
  private static final int MOST_ROUTES = 1_000;

  private static final List<Family> ALL_SAID =
      List.of(Family.ROUTE_TARGET, Family.L2VPN_EVPN, Family.IPV4_UNICAST, Family.IPV6_UNICAST);

  private final Node node;
  private final Map<Class<?>, NodeEvent> last = new LinkedHashMap<>();
  private final Map<Segment, NodeEvent> groups = new LinkedHashMap<>();
  private final TreeMap<Long, Opened> connections = new TreeMap<>();

  private static final class Opened {
    final SpeakerEvent event;
    final IpAddress peer;
    Optional<Message.Open> open = Optional.empty();

    Opened(SpeakerEvent event, IpAddress peer) {
      this.event = event;
      this.peer = peer;
    }
  }

  Snapshot(Node node) {
    this.node = node;
  }

  /** Every event passes here before the brain takes it. */
  void see(NodeEvent event) {
    switch (event) {
      case NodeEvent.IntentChanged _,
          NodeEvent.UnderlayChanged _,
          NodeEvent.PodCidrsSeen _,
          NodeEvent.AddressesSeen _,
          NodeEvent.DrainChanged _ ->
          last.put(event.getClass(), event);
      case NodeEvent.GroupsSeen seen -> {
        groups.remove(seen.segment());
        if (!seen.ports().isEmpty()) {
          groups.put(seen.segment(), seen);
        }
      }
      case NodeEvent.Bgp(var bgp) -> see(bgp);
      default -> {}
    }
  }

  private void see(SpeakerEvent event) {
    switch (event) {
      case SpeakerEvent.Connected(long connection, var peer, _) ->
          connections.put(connection, new Opened(event, peer));
      case SpeakerEvent.Accepted(long connection, var peer, _) ->
          connections.put(connection, new Opened(event, peer));
      case SpeakerEvent.Disconnected(long connection, _) -> connections.remove(connection);
      case MessageReceived(long connection, Decoded.Good(Message.Open open)) ->
          Optional.ofNullable(connections.get(connection))
              .ifPresent(opened -> opened.open = Optional.of(open));
      default -> {}
    }
  }

  /** We closed it. */
  void closed(long connection) {
    connections.remove(connection);
  }

  /** In steps; on the thread of the brain. */
  List<List<NodeEvent>> steps() {
    var steps = new ArrayList<List<NodeEvent>>();
    for (var event : last.values()) {
      steps.add(List.of(event));
    }
    groups.values().forEach(seen -> steps.add(List.of(seen)));
    if (node.bgp().isEmpty()) {
      return steps; // it has not begun
    }
    steps.add(List.of(new NodeEvent.KernelObserved(node.standing())));
    var routes = routes();
    boolean complete = node.view().converged();
    connections.forEach(
        (connection, opened) ->
            opened.open.ifPresent(
                open -> {
                  steps.add(List.of(new NodeEvent.Bgp(opened.event)));
                  steps.add(List.of(received(connection, open)));
                  steps.add(List.of(received(connection, new Message.Keepalive())));
                  steps.add(
                      said(connection, routes.getOrDefault(opened.peer, List.of()), complete));
                }));
    return steps;
  }

  private Map<IpAddress, List<RouteView>> routes() {
    var byPeer = new TreeMap<IpAddress, List<RouteView>>();
    node.bgp()
        .orElseThrow()
        .walk(RouteSelection.ALL, 0)
        .go(
            Integer.MAX_VALUE,
            paths ->
                paths.forEach(
                    path ->
                        path.peer()
                            .filter(_ -> !path.local())
                            .ifPresent(
                                peer ->
                                    byPeer
                                        .computeIfAbsent(peer, _ -> new ArrayList<>())
                                        .add(path))));
    return byPeer;
  }

  /** All that a peer says, and that it was all, if it had come to that. */
  private static List<NodeEvent> said(long connection, List<RouteView> routes, boolean complete) {
    var groups = new LinkedHashMap<PathAttributes, List<RouteView>>();
    routes.forEach(
        route -> groups.computeIfAbsent(route.attributes(), _ -> new ArrayList<>()).add(route));
    var events = new ArrayList<NodeEvent>();
    groups.forEach(
        (attributes, group) -> {
          for (int from = 0; from < group.size(); from += MOST_ROUTES) {
            var some = group.subList(from, Math.min(group.size(), from + MOST_ROUTES));
            events.add(received(connection, update(attributes, some)));
          }
        });
    for (var family : complete ? ALL_SAID : List.<Family>of()) {
      events.add(received(connection, Message.Update.endOfRib(family)));
    }
    return events;
  }

  private static Message update(PathAttributes attributes, List<RouteView> routes) {
    boolean numbered = routes.stream().anyMatch(route -> route.pathId() != 0);
    return new Message.Update(
        List.of(),
        routes.stream().map(RouteView::route).toList(),
        Optional.of(attributes),
        Optional.empty(),
        List.of(),
        List.of(),
        numbered ? routes.stream().map(RouteView::pathId).toList() : List.of());
  }

  private static NodeEvent received(long connection, Message message) {
    return new NodeEvent.Bgp(new MessageReceived(connection, new Decoded.Good(message)));
  }
}
