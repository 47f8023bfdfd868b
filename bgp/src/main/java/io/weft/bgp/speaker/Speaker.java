package io.weft.bgp.speaker;

import io.weft.bgp.rib.Reason;
import io.weft.bgp.rib.RibSize;
import io.weft.bgp.speaker.SpeakerEvent.Accepted;
import io.weft.bgp.speaker.SpeakerEvent.ConfigChanged;
import io.weft.bgp.speaker.SpeakerEvent.ConnectFailed;
import io.weft.bgp.speaker.SpeakerEvent.Connected;
import io.weft.bgp.speaker.SpeakerEvent.DeadlineReached;
import io.weft.bgp.speaker.SpeakerEvent.Disconnected;
import io.weft.bgp.speaker.SpeakerEvent.ImportTargetsChanged;
import io.weft.bgp.speaker.SpeakerEvent.MessageReceived;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoutesRemoved;
import io.weft.bgp.speaker.SpeakerEvent.OriginationCompleted;
import io.weft.bgp.speaker.SpeakerEvent.PathFailed;
import io.weft.bgp.speaker.SpeakerEvent.RoutesOriginated;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * A BGP speaker for EVPN, which is also a route reflector: pure, so that the same one runs over TCP
 * and in a simulation. One thread owns it. It never blocks, and never throws for anything that a
 * peer can send.
 *
 * <p>Sessions begin with the first step, whatever its event. Limits are in {@link SpeakerConfig}.
 */
public final class Speaker implements SpeakerInspection {
  private final Outbox outbox;
  private final Neighbours neighbours;
  private SpeakerConfig config;
  private Routing routing;
  private boolean started;

  public Speaker(SpeakerConfig config) {
    this(config, true);
  }

  private Speaker(SpeakerConfig config, boolean tellsBestPaths) {
    this.config = config;
    this.outbox = new Outbox(tellsBestPaths);
    this.routing = new Routing(config, outbox);
    this.neighbours = new Neighbours(config, routing, outbox);
  }

  /**
   * One that only passes routes on: nobody here uses them, so that no {@link
   * SpeakerEffect.BestPathChanged} comes from it.
   */
  public static Speaker reflector(SpeakerConfig config) {
    return new Speaker(config, false);
  }

  /**
   * Takes one event.
   *
   * @param nowNanos a clock that never goes back
   * @return what to do, in order
   */
  public List<SpeakerEffect> step(long nowNanos, SpeakerEvent event) {
    return step(nowNanos, List.of(event));
  }

  /** Takes events that came together: changes of routes are packed over all of them. */
  public List<SpeakerEffect> step(long nowNanos, List<SpeakerEvent> events) {
    if (!started) {
      started = true;
      neighbours.start(nowNanos);
    }
    events.forEach(event -> take(nowNanos, event));
    if (routing.flush(neighbours.all())) {
      neighbours.restartIsOver();
    }
    return outbox.drain();
  }

  /** When {@link DeadlineReached} is due; empty: not before another event. */
  public OptionalLong nextDeadline() {
    return neighbours.nextDeadline();
  }

  /** All that it is and holds, copied: for small speakers, and tests. */
  public SpeakerView view() {
    var routes = new ArrayList<RouteView>();
    walk(RouteSelection.ALL, 0).go(Integer.MAX_VALUE, routes::addAll);
    return new SpeakerView(config.as(), config.routerId(), neighbours.view(), routes);
  }

  @Override
  public SpeakerStatus status() {
    return new SpeakerStatus(config.as(), config.routerId(), neighbours.view());
  }

  @Override
  public RibSize table() {
    return routing.table();
  }

  @Override
  public RouteWalk walk(RouteSelection wanted, int from) {
    return routing.walk(wanted, from);
  }

  @Override
  public Explanation explain(Route route) {
    return routing.explain(route, neighbours.all());
  }

  @Override
  public List<Route> refused(Predicate<Route> meant) {
    return routing.refused(meant, neighbours.all());
  }

  /** Keys of what the peer said and is not held, oldest first, each with the reason; copied. */
  public Map<Route, Reason> refusedOf(IpAddress peer) {
    return neighbours.all().stream()
        .filter(neighbour -> neighbour.address().equals(peer))
        .findFirst()
        .map(neighbour -> neighbour.refusals.all())
        .orElseGet(Collections::emptyMap);
  }

  private void take(long now, SpeakerEvent event) {
    switch (event) {
      case MessageReceived(var connection, var decoded) ->
          neighbours.received(now, connection, decoded);
      case DeadlineReached _ -> neighbours.timePassed(now);
      case Accepted(var connection, var peer, var local) -> {
        neighbours.ourEnd(connection, local);
        neighbours.accepted(now, connection, peer);
      }
      case Connected(var connection, var peer, var local) -> {
        neighbours.ourEnd(connection, local);
        neighbours.connected(now, connection, peer);
      }
      case ConnectFailed(var peer, _) -> neighbours.connectFailed(now, peer);
      case Disconnected(var connection, var reason) ->
          neighbours.disconnected(now, connection, reason);
      case PathFailed(var peer, var reason) -> neighbours.pathFailed(now, peer, reason);
      case RoutesOriginated(var routes) -> routing.originate(routes);
      case OriginatedRoutesRemoved(var routes) -> routing.remove(routes);
      case OriginationCompleted _ -> routing.completeOrigination();
      case ImportTargetsChanged(var targets) -> routing.importTargets(targets, neighbours.all());
      case ConfigChanged(var next) -> configure(now, next);
    }
  }

  private void configure(long now, SpeakerConfig next) {
    boolean another = !next.hasIdentityOf(config);
    config = next;
    if (another) {
      // Learned routes go before the table does, so that users hear of it.
      neighbours.stop(now, next);
      routing.flush(neighbours.all());
      routing = new Routing(next, routing, outbox);
      neighbours.begin(now, routing);
    } else {
      neighbours.configure(now, next);
      routing.keepAll(next.keepAll(), neighbours.all());
    }
  }
}
