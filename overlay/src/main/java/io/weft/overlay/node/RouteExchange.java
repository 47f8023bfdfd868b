package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Between the networks of a node and its speaker: routes of peers go into the networks that import
 * them, and what the networks announce goes to the peers.
 */
final class RouteExchange {
  private static final int MAX_PEERS = 256;
  private static final int MAX_ROUTES_PER_PEER = 4_000_000;

  private final Instances instances;
  private final UnderlayRouting underlayRouting;
  private final Effects effects;
  private final Map<Route, Path> learned = new LinkedHashMap<>();
  private final Origination origination = new Origination();
  private final TreeMap<Family, TreeSet<IpAddress>> endOfRibFrom =
      new TreeMap<>(Comparator.comparingInt(Family::afi).thenComparingInt(Family::safi));
  private Optional<Speaker> speaker = Optional.empty();
  private List<ImportTarget> importTargets = List.of();
  private boolean originationDue;

  RouteExchange(Instances instances, UnderlayRouting underlayRouting, Effects effects) {
    this.instances = instances;
    this.underlayRouting = underlayRouting;
    this.effects = effects;
  }

  /** Makes the speaker; it begins with the next event for it. */
  void start(NodeIntent intent, Underlay underlay) {
    underlayRouting.change(intent, underlay);
    speaker = Optional.of(new Speaker(config(intent, underlay)));
  }

  boolean isStarted() {
    return speaker.isPresent();
  }

  void configure(long now, NodeIntent intent, Underlay underlay) {
    underlayRouting.change(intent, underlay);
    speak(now, new SpeakerEvent.ConfigChanged(config(intent, underlay)));
  }

  private static SpeakerConfig config(NodeIntent from, Underlay underlay) {
    return new SpeakerConfig(
        from.as(),
        underlay.routerId(),
        from.peers(),
        from.ranges(),
        false,
        from.holdSeconds(),
        from.restartSeconds(),
        from.longLivedSeconds(),
        MAX_PEERS,
        MAX_ROUTES_PER_PEER);
  }

  /** Gives the speaker an event and does what follows; nothing before the start. */
  void speak(long now, SpeakerEvent event) {
    if (speaker.isEmpty()) {
      return;
    }
    for (var effect : speaker.get().step(now, event)) {
      switch (effect) {
        case SpeakerEffect.Connect _, SpeakerEffect.Send _, SpeakerEffect.Close _ ->
            effects.add(new NodeEffect.Bgp(effect));
        case SpeakerEffect.BestPathChanged(var key, var path, var multipath) -> {
          if (key instanceof UnicastRoute unicast) {
            underlayRouting.learn(unicast, multipath);
          } else {
            learn(key, path);
          }
        }
        case SpeakerEffect.PeerUp(var peer) ->
            effects.report("peer " + peer, "session established");
        case SpeakerEffect.PeerDown(var peer, var reason) ->
            effects.report("peer " + peer, "session down: " + reason);
        case SpeakerEffect.EndOfRibReceived(var peer, var family) ->
            endOfRibFrom.computeIfAbsent(family, _ -> new TreeSet<>()).add(peer);
        case SpeakerEffect.Report(var peer, var text) -> effects.report("peer " + peer, text);
      }
    }
  }

  private void learn(Route key, Optional<Path> path) {
    var before = path.isPresent() ? learned.put(key, path.get()) : learned.remove(key);
    if (before != null && path.filter(now -> saysTheSame(before, now)).isPresent()) {
      return; // another reflector's word for it
    }
    for (var instance : instances.all()) {
      instance.learn(key, path.filter(instance::imports));
      originationDue =
          originationDue || key instanceof MacIpAdvertisement route && instance.concerns(route);
    }
    for (var tenant : instances.tenants()) {
      teach(tenant, key);
    }
  }

  /** True when everything that a network or tenant takes from a route is equal. */
  private static boolean saysTheSame(Path one, Path other) {
    return one.route().equals(other.route())
        && one.attributes().localPreference().equals(other.attributes().localPreference())
        && one.attributes().asPath().equals(other.attributes().asPath())
        && one.attributes().origin() == other.attributes().origin()
        && one.attributes().nextHop().equals(other.attributes().nextHop())
        && one.attributes().extendedCommunities().equals(other.attributes().extendedCommunities())
        && one.attributes().pmsiTunnel().equals(other.attributes().pmsiTunnel());
  }

  /** Gives it all that was learned, because it is new or imports something else. */
  void importInto(Importer instance) {
    learned.forEach(
        (key, path) -> instance.learn(key, Optional.of(path).filter(instance::imports)));
    instances.tenants().forEach(TenantInstance::refreshBehindAll);
  }

  /** As {@link #importInto(Importer)}, and what other tenants of this node say. */
  void importInto(TenantInstance tenant) {
    learned.keySet().forEach(key -> teach(tenant, key));
    origination.said().forEach(key -> teach(tenant, key));
  }

  /** BGP does not bring our own routes back, and another tenant of this node may import them. */
  private void teach(TenantInstance tenant, Route key) {
    var said = origination.said(key).filter(_ -> key instanceof EvpnRoute);
    if (said.isPresent()) {
      tenant.learnLocal(said.get());
    } else {
      var heard = Optional.ofNullable(learned.get(key));
      tenant.learn(key, heard.filter(tenant::imports));
      tenant.heard(key, heard);
    }
  }

  /** Tells the speaker what the networks import now. */
  void updateImportTargets(long now) {
    var sorted = instances.importTargets();
    if (!sorted.equals(importTargets)) {
      importTargets = sorted;
      speak(now, new SpeakerEvent.ImportTargetsChanged(sorted));
    }
  }

  /** What the networks announce may have changed. */
  void originationMayHaveChanged() {
    originationDue = true;
  }

  /** Tells the speaker what the networks announce now. */
  void originate(long now) {
    if (!originationDue) {
      return;
    }
    originationDue = false;
    var wanted =
        Stream.concat(
                underlayRouting.routes().stream(),
                Stream.concat(
                    instances.all().stream().flatMap(each -> each.routes().stream()),
                    instances.tenants().stream().flatMap(each -> each.routes().stream())))
            .toList();
    for (var event : origination.say(wanted)) {
      speak(now, event);
      switch (event) {
        case SpeakerEvent.RoutesOriginated(var routes) ->
            routes.forEach(said -> teach(said.route().key()));
        case SpeakerEvent.OriginatedRoutesRemoved(var keys) -> keys.forEach(this::teach);
        default -> {}
      }
    }
  }

  private void teach(Route key) {
    instances.tenants().forEach(tenant -> teach(tenant, key));
  }

  /**
   * True when each of the peers that may speak has said all it has since the start, in each of its
   * families (RFC 4724 §2), and no peer is still to be found.
   */
  boolean heardAllOf(NodeIntent intent) {
    return intent.peers().stream()
            .filter(peer -> peer.options().shutdown().isEmpty())
            .allMatch(this::heardAllOf)
        && intent.underlay().interfaces().stream()
            .allMatch(
                link ->
                    intent.peers().stream()
                        .anyMatch(peer -> peer.address().linkName().equals(Optional.of(link))));
  }

  private boolean heardAllOf(PeerConfig peer) {
    return peer.families().stream()
        .filter(family -> !family.equals(Family.ROUTE_TARGET))
        .allMatch(
            family -> endOfRibFrom.getOrDefault(family, new TreeSet<>()).contains(peer.address()));
  }

  OptionalLong nextDeadline() {
    return speaker.map(Speaker::nextDeadline).orElse(OptionalLong.empty());
  }

  Optional<SpeakerStatus> status() {
    return speaker.map(Speaker::status);
  }

  /** For questions about routes. */
  Optional<Speaker> speaker() {
    return speaker;
  }
}
