package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Hosts that nobody announces: which ports are listened to, and what follows from what is heard.
 */
final class WireLearning {
  private final Foundation foundation;
  private final Instances instances;
  private final RouteExchange routes;
  private final ForwardingPlan plan;
  private final Effects effects;
  private List<LearningPort> ports = List.of();

  WireLearning(
      Foundation foundation,
      Instances instances,
      RouteExchange routes,
      ForwardingPlan plan,
      Effects effects) {
    this.foundation = foundation;
    this.instances = instances;
    this.routes = routes;
    this.plan = plan;
    this.effects = effects;
  }

  void hear(long now, List<Sighting> seen) {
    for (var sighting : seen) {
      for (var network : instances.all()) {
        if (network.namespace().equals(sighting.namespace())) {
          learningEndpoint(network, sighting.port())
              .ifPresent(port -> network.learned().hear(now, port, sighting));
        }
      }
    }
  }

  /**
   * A frame has moved the row of a learned MAC to another port: it was heard there. Before the rest
   * of the node takes the observations, for which the row then is where it shall be.
   */
  void see(long now, List<Observation> observations) {
    for (var seen : observations) {
      if (seen.object().orElse(null) instanceof LocalFdbEntry row
          && plan.desired(seen.key()).orElse(null) instanceof LocalFdbEntry wanted
          && !row.fixed()
          && !wanted.fixed()
          && !row.port().equals(wanted.port())) {
        var heard =
            new Sighting(row.namespace(), row.port(), row.mac(), Optional.empty(), true, now);
        hear(now, List.of(heard));
      }
    }
  }

  private static Optional<Endpoint> learningEndpoint(NetworkInstance network, String port) {
    return network.local().learning().stream().filter(e -> e.port().equals(port)).findFirst();
  }

  /** Takes over who stood behind ports that learn. */
  void adopt(long now, Collection<ForwardingObject> standing) {
    for (var object : standing) {
      if (object instanceof LocalFdbEntry row) {
        for (var network : instances.all()) {
          if (network.namespace().equals(row.namespace())) {
            learningEndpoint(network, row.port())
                .ifPresent(
                    port ->
                        network.learned().adopt(now, port, row.mac(), addresses(row, standing)));
          }
        }
      }
    }
  }

  private static List<IpAddress> addresses(
      LocalFdbEntry row, Collection<ForwardingObject> standing) {
    var addresses = new ArrayList<IpAddress>();
    for (var object : standing) {
      if (object instanceof NeighbourEntry neighbour
          && neighbour.namespace().equals(row.namespace())
          && neighbour.vni().equals(row.vni())
          && neighbour.mac().equals(row.mac())) {
        addresses.add(neighbour.ip());
      }
    }
    return addresses;
  }

  /** After every event: true when what is announced may have changed. */
  boolean settle(long now) {
    boolean changed = isDue(now) && follow(now);
    listen();
    return changed;
  }

  /** Seldom: most nodes learn nobody. */
  private boolean isDue(long now) {
    for (var network : instances.all()) {
      if (network.isDue(now)) {
        return true;
      }
    }
    return false;
  }

  private boolean follow(long now) {
    boolean changed = false;
    var questions = new ArrayList<HostQuestion>();
    var rebound = new ArrayList<HostBinding>();
    for (var network : List.copyOf(instances.all())) {
      network.check(now);
      for (var host : network.learned().takeChanged()) {
        changed = true;
        refreshTenant(network, host.addresses());
      }
      if (network.endpoints().isEmpty() && instances.closeIfEmpty(network)) {
        changed = true; // it only stayed to send frames on
        refreshTenant(network, List.of());
        continue;
      }
      questions.addAll(network.learned().takeQuestions());
      rebound.addAll(network.rebindings().take());
    }
    if (!rebound.isEmpty()) {
      effects.add(new NodeEffect.TellHosts(rebound));
    }
    if (!questions.isEmpty()) {
      effects.add(new NodeEffect.AskHosts(questions));
    }
    return changed;
  }

  private void refreshTenant(NetworkInstance network, Collection<HostAddress> addresses) {
    instances
        .refreshTenant(network, addresses, foundation.tenants(), foundation.underlay())
        .ifPresent(routes::importInto);
  }

  private void listen() {
    var now = new ArrayList<LearningPort>();
    for (var network : instances.all()) {
      for (var endpoint : network.local().learning()) {
        if (plan.isRealized(network.port(endpoint).key())) {
          now.add(new LearningPort(network.namespace(), endpoint.port(), network.intent().vni()));
        }
      }
    }
    if (!now.equals(ports)) {
      ports = List.copyOf(now);
      effects.add(new NodeEffect.ListenToPorts(ports));
    }
  }

  OptionalLong nextCheck() {
    var next = OptionalLong.empty();
    for (var network : instances.all()) {
      var check = network.nextCheck();
      if (next.isEmpty() || check.isPresent() && check.getAsLong() < next.getAsLong()) {
        next = check;
      }
    }
    return next;
  }

  /** Every MAC that is on this node, and every port that learns and where nobody was heard. */
  List<HostView> view(long now) {
    var views = new ArrayList<HostView>();
    for (var network : instances.all()) {
      for (var endpoint : network.endpoints()) {
        var hosts =
            network.local().hosts().stream().filter(h -> h.port().equals(endpoint.port())).toList();
        hosts.forEach(host -> views.add(view(now, network, endpoint, host)));
        if (hosts.isEmpty()) {
          views.add(view(now, network, endpoint, endpoint));
        }
      }
    }
    return views;
  }

  private static HostView view(
      long now, NetworkInstance network, Endpoint endpoint, Endpoint host) {
    var mac = Optional.of(host.mac()).filter(m -> !m.isZero());
    boolean announced = mac.filter(endpoint.mac()::equals).isPresent();
    var learned = mac.map(network.learned()::addresses).orElse(List.<IpAddress>of());
    return new HostView(
        endpoint.name(),
        endpoint.network(),
        mac,
        !endpoint.learn() ? "announced" : endpoint.sticky() ? "sticky" : "learned",
        announced,
        announced ? List.copyOf(endpoint.hosts()) : List.of(),
        learned,
        mac.map((MacAddress m) -> network.learned().silent(now, m)).orElse(OptionalLong.empty()),
        mac.isPresent() && network.isHere(host));
  }
}
