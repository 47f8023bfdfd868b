package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.ImportTarget;
import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.Sharing;
import io.weft.overlay.node.Origination.Change;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Between the networks of a node and its speaker: routes of peers go into the networks that import
 * them, and what the networks announce goes to the peers.
 */
final class RouteExchange {
  /** What a drained node is, for people. */
  static final String DRAINED =
      "this node is drained: it announces nothing of its networks and attaches no endpoint; 'weft"
          + " drain --undo' ends that";

  private static final int MAX_PEERS = 256;
  private static final int MAX_PEERS_OF_REFLECTOR = 4096;
  private static final int MAX_ROUTES_PER_PEER = 4_000_000;

  private final Instances instances;
  private final UnderlayRouting underlayRouting;
  private final Effects effects;
  private final TargetedRoutes<Path> learned = new TargetedRoutes<>(Path::key, Path::attributes);
  private final Sharing sharing;
  private final Origination origination = new Origination();
  private final TreeMap<Family, TreeSet<IpAddress>> endOfRibFrom =
      new TreeMap<>(Comparator.comparingInt(Family::afi).thenComparingInt(Family::safi));
  private Optional<Speaker> speaker = Optional.empty();
  private List<ImportTarget> importTargets = List.of();
  private final VtepTwins twins;
  private Optional<Underlay> vteps = Optional.empty();
  private boolean drained;
  private boolean originationDue;

  RouteExchange(
      Instances instances, UnderlayRouting underlayRouting, Effects effects, Sharing sharing) {
    this.sharing = sharing;
    this.instances = instances;
    this.underlayRouting = underlayRouting;
    this.effects = effects;
    this.twins = new VtepTwins(effects);
  }

  /** Makes the speaker; it begins with the next event for it. */
  void start(NodeIntent intent, Underlay underlay) {
    underlayRouting.change(intent, underlay);
    vteps = Optional.of(underlay);
    speaker = Optional.of(new Speaker(config(intent, underlay)));
  }

  boolean isStarted() {
    return speaker.isPresent();
  }

  void configure(long now, NodeIntent intent, Underlay underlay) {
    underlayRouting.change(intent, underlay);
    boolean moved = vteps.filter(ours -> ours.vteps().equals(underlay.vteps())).isEmpty();
    vteps = Optional.of(underlay);
    if (moved) {
      learned.forEach((key, path) -> twins.see(key, Optional.of(path), underlay));
    }
    speak(now, new SpeakerEvent.ConfigChanged(config(intent, underlay)));
  }

  private static SpeakerConfig config(NodeIntent from, Underlay underlay) {
    boolean reflects =
        from.peers().stream().anyMatch(PeerConfig::client)
            || from.ranges().stream().anyMatch(range -> range.template().client());
    return new SpeakerConfig(
        from.as(),
        underlay.routerId(),
        from.peers(),
        from.ranges(),
        reflects,
        from.holdSeconds(),
        from.restartSeconds(),
        from.longLivedSeconds(),
        reflects ? MAX_PEERS_OF_REFLECTOR : MAX_PEERS,
        MAX_ROUTES_PER_PEER);
  }

  /** Gives the speaker an event and does what follows; nothing before the start. */
  void speak(long now, SpeakerEvent event) {
    speak(now, List.of(event));
  }

  /** The same with events that came together. */
  void speak(long now, List<SpeakerEvent> events) {
    if (speaker.isEmpty() || events.isEmpty()) {
      return;
    }
    for (var effect : speaker.get().step(now, events)) {
      switch (effect) {
        case SpeakerEffect.Connect _, SpeakerEffect.Send _, SpeakerEffect.Close _ ->
            effects.add(new NodeEffect.Bgp(effect));
        case SpeakerEffect.BestPathChanged(var key, var path, var multipath) -> {
          if (key instanceof UnicastRoute unicast) {
            underlayRouting.learn(unicast, multipath);
          } else {
            var kept = path.map(sharing::of);
            learn(kept.map(Path::key).orElse(key), kept);
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
    vteps.ifPresent(ours -> twins.see(key, path, ours));
    var before = learned.put(key, path);
    if (before.isPresent() && path.filter(now -> saysTheSame(before.get(), now)).isPresent()) {
      return; // another reflector's word for it
    }
    var carried = learned.targets(before, path);
    for (var network : instances.importers(carried)) {
      network.learn(key, path.filter(network::imports));
      originationDue = originationDue || network.announcement().isDue();
    }
    for (var tenant : instances.tenantsShown(carried)) {
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

  /** Gives it all that was learned for it, because it is new or imports something else. */
  void importInto(NetworkInstance network) {
    var keys = new LinkedHashSet<>(network.held());
    keys.addAll(learned.matching(network.importTargets()));
    keys.forEach(key -> network.learn(key, learned.find(key).filter(network::imports)));
    instances.tenant(network.namespace()).ifPresent(TenantInstance::refreshBehindAll);
  }

  /** As {@link #importInto(NetworkInstance)}, and what other tenants of this node say. */
  void importInto(TenantInstance tenant) {
    var keys = new LinkedHashSet<>(tenant.held());
    keys.addAll(learned.matching(tenant.shownTargets()));
    keys.addAll(origination.said(tenant.importTargets()));
    keys.forEach(key -> teach(tenant, key));
  }

  /** BGP does not bring our own routes back, and another tenant of this node may import them. */
  private void teach(TenantInstance tenant, Route key) {
    var said = origination.said(key).filter(_ -> key instanceof EvpnRoute);
    if (said.isPresent()) {
      tenant.learnLocal(said.get());
    } else {
      var heard = learned.find(key);
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

  /**
   * A drained node tells no peer of the overlay; what it says of the underlay stays, for what is
   * still on its way to it. Its own networks and tenants go on by what they say to each other.
   */
  void drain(long now, boolean wanted) {
    if (wanted == drained) {
      return;
    }
    drained = wanted;
    var routes =
        origination.said().stream().filter(route -> isOfOverlay(route.route().key())).toList();
    if (drained) {
      var keys = routes.stream().map(route -> route.route().key()).toList();
      speakOf(now, keys, SpeakerEvent.OriginatedRoutesRemoved::new);
    } else {
      speakOf(now, routes, SpeakerEvent.RoutesOriginated::new);
    }
  }

  private static boolean isOfOverlay(Route key) {
    return !(key instanceof UnicastRoute);
  }

  /** Other nodes with a VTEP address of this one, in words. */
  List<String> vtepTwins() {
    return twins.texts();
  }

  boolean isDrained() {
    return drained;
  }

  /** How many routes it has told its peers of its networks. */
  int announced() {
    return drained
        ? 0
        : (int) origination.said().stream().filter(r -> isOfOverlay(r.route().key())).count();
  }

  /** Tells the speaker what the networks announce now. */
  void originate(long now) {
    if (!originationDue) {
      return;
    }
    originationDue = false;
    var wanted = new LinkedHashMap<Object, List<OriginatedRoute>>();
    wanted.put(underlayRouting, underlayRouting.routes());
    wanted.putAll(instances.announcements());
    var changes = origination.say(wanted);
    var told = changes.stream().filter(change -> !drained || !isOfOverlay(change.key())).toList();
    var gone = told.stream().filter(change -> change.after().isEmpty()).map(Change::key);
    var said = told.stream().flatMap(change -> change.after().stream());
    speakOf(now, gone.toList(), SpeakerEvent.OriginatedRoutesRemoved::new);
    speakOf(now, said.toList(), SpeakerEvent.RoutesOriginated::new);
    for (var change : changes) {
      var carried = origination.targets(change);
      instances.tenantsShown(carried).forEach(tenant -> teach(tenant, change.key()));
    }
  }

  private <T> void speakOf(long now, List<T> what, Function<List<T>, SpeakerEvent> event) {
    if (!what.isEmpty()) {
      speak(now, event.apply(what));
    }
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
