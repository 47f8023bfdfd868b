package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * BGP with endpoints: a speaker for each network that asks for it, while it is routed and has an
 * endpoint here. What they say becomes as what is said when an endpoint is attached, after the
 * {@link EndpointGuard}.
 */
final class EndpointSpeakers {
  /**
   * After a restart, what endpoints said before it stands for so long: a minute more than a daemon
   * may take to connect again (RFC 4271 §10: 120 s).
   */
  static final Duration ADOPTED = Duration.ofMinutes(3);

  private final Foundation foundation;
  private final ForwardingPlan plan;
  private final Effects effects;
  private final TreeMap<String, EndpointSpeaker> byNetwork = new TreeMap<>();
  private final TreeMap<String, BehindEndpoints> adopted = new TreeMap<>();
  private List<EndpointListener> listeners = List.of();
  private OptionalLong adoptedUntil = OptionalLong.empty();

  /** Networks that are to be looked at again. */
  private final TreeSet<String> due = new TreeSet<>();

  private boolean allDue;

  EndpointSpeakers(Foundation foundation, ForwardingPlan plan, Effects effects) {
    this.foundation = foundation;
    this.plan = plan;
    this.effects = effects;
  }

  /** Takes over what endpoints of these networks said before a restart. */
  void adopt(long now, Collection<NetworkInstance> networks, List<EndpointRoute> standing) {
    for (var network : networks) {
      standing.stream()
          .filter(route -> route.learned() && route.namespace().equals(network.namespace()))
          .forEach(route -> adopt(now, network, route));
    }
  }

  private void adopt(long now, NetworkInstance network, EndpointRoute route) {
    for (var hop : route.hops()) {
      boolean behind =
          hop.vni().equals(network.intent().vni())
              && network.endpoints().stream()
                  .flatMap(endpoint -> endpoint.addresses().stream())
                  .map(HostAddress::address)
                  .anyMatch(hop.via()::equals);
      if (behind) {
        adopted
            .computeIfAbsent(network.intent().name(), _ -> new BehindEndpoints())
            .add(route.prefix(), hop.via());
        adoptedUntil = OptionalLong.of(now + ADOPTED.toNanos());
      }
    }
  }

  /** The network, or an endpoint of it, may have come or gone. */
  void mayHaveChanged(String network) {
    due.add(network);
  }

  /** All networks may have changed, and their tenants. */
  void mayHaveChanged() {
    allDue = true;
  }

  /**
   * Follows the networks and endpoints that are here.
   *
   * @return true when what is behind endpoints of a network may be another than before
   */
  boolean follow(long now, Instances instances) {
    expire(now);
    if (allDue || !due.isEmpty()) {
      List.copyOf(byNetwork.values()).forEach(speaker -> closeIfGone(now, speaker, instances));
      instances.all().stream()
          .filter(network -> allDue || due.contains(network.intent().name()))
          .filter(EndpointSpeakers::speaks)
          .forEach(network -> configure(now, network));
      forgetAdopted(instances);
      allDue = false;
      due.clear();
    }
    boolean changed = false;
    for (var speaker : byNetwork.values()) {
      var prefixes = speaker.takeChanged();
      changed |= !prefixes.isEmpty();
      prefixes.forEach(prefix -> refresh(instances, speaker, prefix));
    }
    return changed;
  }

  /** A network that was moved to another tenant is another one. */
  private void closeIfGone(long now, EndpointSpeaker speaker, Instances instances) {
    var name = speaker.network().intent().name();
    var network = instances.find(name).filter(EndpointSpeakers::speaks);
    if (network.filter(speaker.network()::equals).isEmpty()) {
      var prefixes = speaker.prefixes();
      speaker.close(now);
      byNetwork.remove(name);
      prefixes.forEach(prefix -> refreshEverywhere(instances, prefix));
    }
  }

  /** Of networks that no longer speak with their endpoints. */
  private void forgetAdopted(Instances instances) {
    var left = new TreeMap<>(adopted);
    adopted.clear();
    left.forEach(
        (name, behind) ->
            instances
                .find(name)
                .flatMap(network -> instances.tenant(network.namespace()))
                .ifPresent(tenant -> behind.prefixes().forEach(tenant::refreshBehindEndpoints)));
  }

  private static void refreshEverywhere(Instances instances, IpPrefix prefix) {
    instances.tenants().forEach(tenant -> tenant.refreshBehindEndpoints(prefix));
  }

  private static void refresh(Instances instances, EndpointSpeaker speaker, IpPrefix prefix) {
    instances
        .tenant(speaker.network().namespace())
        .ifPresent(tenant -> tenant.refreshBehindEndpoints(prefix));
  }

  private static boolean speaks(NetworkInstance network) {
    return network.intent().bgp().isPresent() && network.intent().isRouted();
  }

  private void configure(long now, NetworkInstance network) {
    var intent = network.intent();
    var guard =
        new EndpointGuard(intent, intent.bgp().orElseThrow(), foundation.subnetsBeside(intent));
    var speaker =
        byNetwork.computeIfAbsent(
            intent.name(),
            name ->
                new EndpointSpeaker(
                    network,
                    guard,
                    Optional.ofNullable(adopted.remove(name)).orElseGet(BehindEndpoints::new),
                    foundation.intent(),
                    foundation.underlay(),
                    effects));
    speaker.configure(now, guard, foundation.intent(), foundation.underlay());
  }

  private void expire(long now) {
    if (adoptedUntil.isPresent() && now - adoptedUntil.getAsLong() >= 0) {
      adoptedUntil = OptionalLong.empty();
      byNetwork.values().forEach(EndpointSpeaker::forgetAdopted);
    }
  }

  /** Tells where endpoints may connect to, when that is another place than before. */
  void listen() {
    var wanted = new ArrayList<EndpointListener>();
    for (var speaker : byNetwork.values()) {
      var network = speaker.network();
      for (var gateway : network.intent().gateways()) {
        var object =
            new ForwardingObject.GatewayAddress(
                network.namespace(),
                network.intent().vni(),
                gateway.address(),
                gateway.prefixLength());
        if (plan.realized(object.key()).isPresent()) {
          wanted.add(
              new EndpointListener(
                  network.intent().name(),
                  network.namespace(),
                  network.intent().vni(),
                  gateway.address()));
        }
      }
    }
    if (!wanted.equals(listeners)) {
      listeners = List.copyOf(wanted);
      effects.add(new NodeEffect.ListenToEndpoints(listeners));
    }
  }

  void take(long now, String network, SpeakerEvent event) {
    var speaker = byNetwork.get(network);
    if (speaker != null) {
      speaker.take(now, event);
    } else if (event instanceof SpeakerEvent.Accepted(long connection, _, _)) {
      effects.add(
          new NodeEffect.EndpointBgp(
              network, new SpeakerEffect.Close(connection, "the network does not speak BGP")));
    }
  }

  void timePassed(long now) {
    for (var speaker : byNetwork.values()) {
      if (speaker.nextDeadline().isPresent() && speaker.nextDeadline().getAsLong() - now <= 0) {
        speaker.take(now, new SpeakerEvent.DeadlineReached());
      }
    }
  }

  OptionalLong nextDeadline() {
    var next = adoptedUntil;
    for (var speaker : byNetwork.values()) {
      var deadline = speaker.nextDeadline();
      if (next.isEmpty() || deadline.isPresent() && deadline.getAsLong() < next.getAsLong()) {
        next = deadline;
      }
    }
    return next;
  }

  // ---- for the tenants --------------------------------------------------------------------

  /** What endpoints of the network say is behind them. */
  Collection<IpPrefix> prefixes(String network) {
    var speaker = byNetwork.get(network);
    return speaker == null ? before(network).prefixes() : speaker.prefixes();
  }

  /** Addresses of the endpoints of the network that the prefix is behind. */
  Collection<IpAddress> behind(String network, IpPrefix prefix) {
    var speaker = byNetwork.get(network);
    return speaker == null ? before(network).of(prefix) : speaker.behind(prefix);
  }

  private BehindEndpoints before(String network) {
    return adopted.getOrDefault(network, new BehindEndpoints());
  }

  /** That of a network, while it speaks. */
  Optional<EndpointSpeaker> of(String network) {
    return Optional.ofNullable(byNetwork.get(network));
  }

  List<EndpointSessionView> view() {
    return byNetwork.values().stream().flatMap(speaker -> speaker.view().stream()).toList();
  }
}
