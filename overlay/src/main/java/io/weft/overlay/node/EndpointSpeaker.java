package io.weft.overlay.node;

import io.weft.bgp.rib.NextHop;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.Explanation;
import io.weft.bgp.speaker.Path;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.SessionOptions;
import io.weft.bgp.speaker.SessionOptions.Excess;
import io.weft.bgp.speaker.SessionOptions.MaximumPrefixes;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.overlay.attachment.Endpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The BGP speaker of one network towards its endpoints on this node. They connect to the network's
 * gateway, each with its own address, for the family of that address; they hear nothing of each
 * other.
 */
final class EndpointSpeaker {
  /** Sessions of one network on one node; more are refused. */
  static final int MAX_SESSIONS = 64;

  /** How long one that said too much is not listened to. */
  private static final int REST_SECONDS = 60;

  private static final int WARN_PERCENT = 75;

  private final NetworkInstance network;
  private final Effects effects;
  private final Speaker speaker;
  private final BehindEndpoints learned = new BehindEndpoints();

  /** What the kernel had from before a restart, until who said it says it again. */
  private final BehindEndpoints adopted;

  private final TreeSet<IpPrefix> changed = new TreeSet<>();
  private final TreeMap<IpAddress, String> endpoints = new TreeMap<>();
  private final TreeMap<IpAddress, String> ended = new TreeMap<>();
  private final EndpointReports reports;
  private EndpointGuard guard;
  private SpeakerConfig config;
  private List<Route> said = List.of();
  private boolean begun;

  /**
   * Makes one that begins with {@link #configure}.
   *
   * @param adopted what stands in the kernel by the word of endpoints of the network
   */
  EndpointSpeaker(
      NetworkInstance network,
      EndpointGuard guard,
      BehindEndpoints adopted,
      NodeIntent intent,
      Underlay underlay,
      Effects effects) {
    this.network = network;
    this.guard = guard;
    this.adopted = adopted;
    this.effects = effects;
    this.reports = new EndpointReports(network.intent().name(), effects);
    this.config = config(intent, underlay, List.of());
    this.speaker = new Speaker(config);
  }

  NetworkInstance network() {
    return network;
  }

  // ---- configuration ----------------------------------------------------------------------

  /** Follows the endpoints that are here, and what the intent says now. */
  void configure(long now, EndpointGuard nextGuard, NodeIntent intent, Underlay underlay) {
    guard = nextGuard;
    endpoints.clear();
    var ranges = new ArrayList<PeerRange>();
    for (var endpoint : network.endpoints()) {
      for (var host : endpoint.addresses()) {
        guard
            .network()
            .gatewayOf(host.address())
            .ifPresent(gateway -> ranges.add(range(endpoint, host.address(), gateway)));
      }
    }
    ended.keySet().retainAll(endpoints.keySet());
    var next = config(intent, underlay, ranges);
    if (!next.equals(config)) {
      config = next;
      step(now, new SpeakerEvent.ConfigChanged(next));
    }
    changed.addAll(
        adopted.removeIf(
            (prefix, endpoint) ->
                !endpoints.containsKey(endpoint) || !guard.allows(prefix, endpoint)));
    sayDefault(now);
    if (!begun) {
      begun = true;
      step(now, new SpeakerEvent.OriginationCompleted());
    }
  }

  private SpeakerConfig config(NodeIntent intent, Underlay underlay, List<PeerRange> ranges) {
    return new SpeakerConfig(
        guard.bgp().as(),
        routerId(underlay),
        List.of(),
        ranges,
        false,
        intent.holdSeconds(),
        intent.restartSeconds(),
        MAX_SESSIONS,
        guard.bgp().maximumPrefixes());
  }

  /** The gateway's, by which a tenant knows us; where there is none of IPv4, this node's. */
  private Ipv4Address routerId(Underlay underlay) {
    return guard.network().gateways().stream()
        .filter(gateway -> gateway.address().isIpv4())
        .map(gateway -> (Ipv4Address) gateway.address())
        .findFirst()
        .orElse(underlay.routerId());
  }

  private PeerRange range(Endpoint endpoint, IpAddress address, IpAddress gateway) {
    endpoints.put(address, endpoint.name());
    var maximum =
        new MaximumPrefixes(
            guard.bgp().maximumPrefixes(), WARN_PERCENT, new Excess.Restart(REST_SECONDS), true);
    return new PeerRange(
        new IpPrefix(address, address.bits()),
        new PeerConfig(
            address,
            new PeerAs.External(),
            false,
            true,
            List.of(address.isIpv4() ? Family.IPV4_UNICAST : Family.IPV6_UNICAST),
            Optional.of(gateway),
            NextHop.SELF,
            SessionOptions.DEFAULT.withMaximumPrefixes(Optional.of(maximum)),
            Optional.of(guard.policy(address)),
            Optional.empty()));
  }

  private void sayDefault(long now) {
    var wanted = new ArrayList<OriginatedRoute>();
    if (guard.bgp().saysDefault()) {
      for (var gateway : guard.network().gateways()) {
        var everything = new UnicastRoute(new IpPrefix(gateway.address().masked(0), 0));
        wanted.add(
            new OriginatedRoute(
                everything,
                PathAttributes.originated(gateway.address(), List.of(), Optional.empty())));
      }
    }
    var keys = wanted.stream().map(route -> route.route().key()).distinct().toList();
    if (keys.equals(said)) {
      return;
    }
    var gone = said.stream().filter(key -> !keys.contains(key)).toList();
    said = keys;
    step(now, new SpeakerEvent.OriginatedRoutesRemoved(gone));
    step(now, new SpeakerEvent.RoutesOriginated(wanted));
  }

  /** Ends all sessions. */
  void close(long now) {
    endpoints.clear();
    step(
        now,
        new SpeakerEvent.ConfigChanged(
            new SpeakerConfig(
                config.as(),
                config.routerId(),
                List.of(),
                List.of(),
                false,
                config.holdSeconds(),
                config.restartSeconds(),
                MAX_SESSIONS,
                config.maxRoutesPerPeer())));
  }

  // ---- what endpoints say -----------------------------------------------------------------

  void take(long now, SpeakerEvent event) {
    step(now, EndpointUpdate.trimmed(event));
  }

  private void step(long now, SpeakerEvent event) {
    for (var effect : speaker.step(now, event)) {
      switch (effect) {
        case SpeakerEffect.Connect _, SpeakerEffect.Send _, SpeakerEffect.Close _ ->
            effects.add(
                new NodeEffect.EndpointBgp(network.intent().name(), EndpointUpdate.told(effect)));
        case SpeakerEffect.BestPathChanged(var key, _, var multipath) -> {
          if (key instanceof UnicastRoute(var prefix)) {
            learned.set(prefix, multipath.stream().map(Path::peer).toList());
            changed.add(prefix);
          }
        }
        case SpeakerEffect.PeerUp(var peer) -> {
          ended.remove(peer);
          report(now, peer, "session established");
        }
        case SpeakerEffect.PeerDown(var peer, var reason) -> {
          if (endpoints.containsKey(peer)) {
            ended.put(peer, reason);
          }
          forgetAdopted(peer);
          report(now, peer, "session down: " + reason);
        }
        case SpeakerEffect.EndOfRibReceived(var peer, _) -> forgetAdopted(peer);
        case SpeakerEffect.Report(var peer, var text) -> report(now, peer, text);
      }
    }
  }

  private void report(long now, IpAddress peer, String text) {
    reports.add(
        now,
        Optional.ofNullable(endpoints.get(peer)).map(n -> n + " " + peer).orElse("" + peer),
        text);
  }

  /** What of an earlier life it has said again, it has said; the rest is no more. */
  private void forgetAdopted(IpAddress peer) {
    changed.addAll(adopted.removeIf((_, endpoint) -> endpoint.equals(peer)));
  }

  /** Nobody is waited for any longer. */
  void forgetAdopted() {
    changed.addAll(adopted.removeIf((_, _) -> true));
  }

  /** Prefixes that may be behind other endpoints than when this was called last. */
  Collection<IpPrefix> takeChanged() {
    var taken = List.copyOf(changed);
    changed.clear();
    return taken;
  }

  Collection<IpPrefix> prefixes() {
    var all = new TreeSet<>(learned.prefixes());
    all.addAll(adopted.prefixes());
    return all;
  }

  /** Addresses of the endpoints that the prefix is behind. */
  Collection<IpAddress> behind(IpPrefix prefix) {
    var all = new TreeSet<>(learned.of(prefix));
    all.addAll(adopted.of(prefix));
    return all;
  }

  EndpointGuard guard() {
    return guard;
  }

  Optional<String> endpointAt(IpAddress address) {
    return Optional.ofNullable(endpoints.get(address));
  }

  /** Everything that endpoints say, refused prefixes among them. */
  Collection<IpPrefix> said() {
    var all = new TreeSet<>(prefixes());
    for (var peer : endpoints.keySet()) {
      for (var key : speaker.refusedOf(peer).keySet()) {
        if (key instanceof UnicastRoute(var prefix)) {
          all.add(prefix);
        }
      }
    }
    return all;
  }

  /** Who says the prefix, and why one counts or does not. */
  Explanation explain(IpPrefix prefix) {
    return speaker.explain(new UnicastRoute(prefix));
  }

  OptionalLong nextDeadline() {
    return speaker.nextDeadline();
  }

  // ---- view -------------------------------------------------------------------------------

  /** Those that stand or are tried, and why others of endpoints that are here ended. */
  List<EndpointSessionView> view() {
    return EndpointSessions.of(network.intent().name(), speaker, guard, endpoints, ended);
  }
}
