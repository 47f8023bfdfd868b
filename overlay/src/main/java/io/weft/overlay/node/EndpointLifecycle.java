package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressWrite;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How endpoints come and go: by a call, by adoption after a restart, and by vanishing with their
 * pod. Calls are answered when the kernel has done what follows from them.
 */
final class EndpointLifecycle {
  /** So often the kernel may refuse to remove a port before its detach call is answered. */
  private static final int REMOVAL_ATTEMPTS = 3;

  private final NodeConfig config;
  private final Foundation foundation;
  private final Instances instances;
  private final RouteExchange routes;
  private final ForwardingPlan plan;
  private final Effects effects;
  private final Addressing addressing;
  private final ClaimHolding claims;
  private final StandbyHolders standby;
  private final EndpointSpeakers speakers;
  private final Attachments attachments;

  /** Calls that wait for a write to the store of addresses, by what they wait for. */
  private final TreeMap<String, List<NodeEvent.AttachRequested>> unaddressed = new TreeMap<>();

  private final Waiting<String> attaching = new Waiting<>();

  private final Departures leaving = new Departures();

  private final Waiting<ForwardingKey> detaching = new Waiting<>();

  /** Those that have stood once: a refusal later on does not take them away. */
  private final TreeSet<String> established = new TreeSet<>();

  private List<NodeEvent.AttachRequested> postponed = new ArrayList<>();

  EndpointLifecycle(
      NodeConfig config,
      Foundation foundation,
      Instances instances,
      RouteExchange routes,
      ForwardingPlan plan,
      Addressing addressing,
      Effects effects,
      EndpointSpeakers speakers) {
    this.config = config;
    this.addressing = addressing;
    this.standby = new StandbyHolders(addressing.book(), foundation);
    this.claims = new ClaimHolding(addressing, this::isPresent);
    this.foundation = foundation;
    this.instances = instances;
    this.routes = routes;
    this.plan = plan;
    this.effects = effects;
    this.attachments = new Attachments(config.maxEndpoints(), addressing.book());
    this.speakers = speakers;
  }

  // ---- calls ------------------------------------------------------------------------------

  void attach(NodeEvent.AttachRequested event) {
    var request = event.attach();
    if (!routes.isStarted()) {
      refuse(event.request(), Reason.NOT_READY, foundation.missing());
      return;
    }
    var standing = attachments.find(request.endpoint());
    if (standing.isPresent()) {
      attachAgain(event, standing.get());
      return;
    }
    var network = foundation.network(request.network());
    if (network.isEmpty()) {
      refuse(event.request(), Reason.UNKNOWN_NETWORK, unknownNetwork(request.network()));
      return;
    }
    var holder = instances.holderOf(network.get().vni(), request.network());
    if (holder.isPresent()) {
      refuse(
          event.request(),
          Reason.INVALID_REQUEST,
          "VNI %s of network '%s' is still that of network '%s' on this node, until its endpoints are detached"
              .formatted(network.get().vni(), request.network(), holder.get().intent().name()));
      return;
    }
    if (request.claim().isEmpty()) {
      attach(event, request, network.get(), false);
      return;
    }
    switch (claims.step(request, request.claim().get())) {
      case ClaimHolding.Step.Held(var resolved) -> attach(event, resolved, network.get(), true);
      case ClaimHolding.Step.New() -> attach(event, request, network.get(), false);
      case ClaimHolding.Step.Waits(var write) -> await(event, write);
      case ClaimHolding.Step.Rejected(var refusal) ->
          effects.add(new NodeEffect.ReplyToAttach(event.request(), refusal));
    }
  }

  /**
   * Attaches, or finds out what is in the way.
   *
   * @param request of the event, with what its claim says
   * @param claimed the endpoint holds its claim
   */
  private void attach(
      NodeEvent.AttachRequested event,
      AttachRequest request,
      NetworkIntent network,
      boolean claimed) {
    var remote = instances.find(network.name()).map(NetworkInstance::remote);
    switch (attachments.check(
        request, network, remote, foundation.subnetsBeside(network), claimed)) {
      case Attachments.Checked.Rejected(var refusal) ->
          effects.add(new NodeEffect.ReplyToAttach(event.request(), refusal));
      case Attachments.Checked.Waits(var write) -> await(event, write);
      case Attachments.Checked.Accepted(var endpoint) -> {
        if (request.claim().isPresent() && !claimed) {
          await(event, claims.create(request.claim().get(), endpoint));
        } else {
          accept(event, endpoint, network);
        }
      }
    }
  }

  private void accept(NodeEvent.AttachRequested event, Endpoint endpoint, NetworkIntent network) {
    var namespace =
        instances
            .find(network.name())
            .map(NetworkInstance::namespace)
            .orElseGet(() -> instances.namespaceOf(network));
    var port = new ForwardingKey(ForwardingKey.Kind.PORT, namespace, 0, endpoint.port());
    var inTheWay =
        leaving.inTheWayOf(endpoint).or(() -> Optional.of(port).filter(key -> !plan.isGone(key)));
    if (inTheWay.isPresent()) {
      postpone(event, plan.failure(inTheWay.get()));
    } else {
      add(endpoint, network, namespace);
      attaching.add(endpoint.name(), event.request());
    }
  }

  private void await(NodeEvent.AttachRequested event, AddressWrite write) {
    addressing.want(write);
    unaddressed.computeIfAbsent(Addressing.waitsOn(write), _ -> new ArrayList<>()).add(event);
  }

  /** A write to the store has ended: whoever waited for it goes on. */
  void addressesWritten(AddressWrite write, AddressWrite.Outcome outcome) {
    var waiting = unaddressed.remove(Addressing.waitsOn(write));
    for (var event : waiting == null ? List.<NodeEvent.AttachRequested>of() : waiting) {
      if (outcome instanceof AddressWrite.Outcome.Failed(var reason)) {
        refuse(event.request(), Reason.NOT_READY, reason);
      } else {
        attach(event);
      }
    }
  }

  /** Claims may have other active holders now. */
  void claimsChanged() {
    standby.apply(
        attachments.all(),
        instances,
        endpoint -> {
          var instance = instances.of(endpoint);
          effects.report(
              "endpoint " + endpoint.name(),
              instance.isStandby(endpoint)
                  ? "another holder of its claim is active; it stands by"
                  : "is the active holder of its claim");
          refreshTenant(instance, endpoint);
        });
  }

  /** Gives back addresses that no endpoint needs. */
  void settleAddresses(long now) {
    addressing.settle(now, attachments.all(), this::isPresent);
  }

  /** True for an endpoint that is here with the claim's addresses, or coming, or not gone yet. */
  private boolean isPresent(String name, AddressClaim claim) {
    return attachments
            .find(name)
            .filter(e -> addressesOf(e).containsAll(claim.addresses()))
            .isPresent()
        || leaving.has(name)
        || postponed.stream().anyMatch(event -> isOf(event, name))
        || unaddressed.values().stream()
            .anyMatch(events -> events.stream().anyMatch(event -> isOf(event, name)));
  }

  private static boolean isOf(NodeEvent.AttachRequested event, String name) {
    return event.attach().endpoint().equals(name);
  }

  /**
   * An endpoint that was detached a moment ago must leave the kernel first: else its port, which
   * leads to the former pod, would be taken for the new one, or would have its address too.
   */
  private void postpone(NodeEvent.AttachRequested event, Optional<ForwardingPlan.Failure> failure) {
    if (failure.isPresent()) {
      refuse(
          event.request(),
          Reason.KERNEL_REFUSED,
          "an earlier '"
              + event.attach().endpoint()
              + "' cannot be removed: "
              + failure.get().reason());
    } else {
      postponed.add(event);
    }
  }

  /** Those that have left the kernel have left altogether. */
  void settleLeaving() {
    for (var endpoint : leaving.takeGone(plan)) {
      attachments.free(endpoint);
      addressing.change();
    }
  }

  /** Tries again what waits for an earlier endpoint to go. */
  void attachPostponed() {
    var again = postponed;
    postponed = new ArrayList<>();
    again.forEach(this::attach);
  }

  private String unknownNetwork(String name) {
    var known = foundation.networks().keySet();
    return "network '"
        + name
        + "' is not known on node "
        + config.name()
        + (known.isEmpty() ? "; no network is" : "; known: " + String.join(", ", known));
  }

  /** The same call again gets the same answer: callers repeat when they are in doubt. */
  private void attachAgain(NodeEvent.AttachRequested event, Endpoint standing) {
    var request = event.attach();
    if (standing.isOf(request)) {
      attaching.add(standing.name(), event.request());
    } else {
      refuse(
          event.request(),
          Reason.INVALID_REQUEST,
          "endpoint '"
              + standing.name()
              + "' is attached already, to network '"
              + standing.network()
              + "' with MAC address "
              + standing.mac()
              + " and addresses "
              + standing.addresses()
              + standing.link().map(link -> " on " + link).orElse("")
              + (standing.prefixes().isEmpty() ? "" : " and prefixes " + standing.prefixes())
              + "; detach it first or use another name");
    }
  }

  private static SortedSet<IpAddress> addressesOf(Endpoint endpoint) {
    var addresses = new TreeSet<IpAddress>();
    endpoint.addresses().forEach(host -> addresses.add(host.address()));
    return addresses;
  }

  void detach(long request, String name) {
    refusePostponed(name);
    var endpoint = attachments.find(name);
    if (endpoint.isEmpty()) {
      effects.add(new NodeEffect.ReplyToDetach(request, false));
      return;
    }
    attaching
        .take(name)
        .forEach(earlier -> refuse(earlier, Reason.INVALID_REQUEST, wasDetached(name)));
    detaching.add(instances.of(endpoint.get()).port(endpoint.get()).key(), request);
    forget(endpoint.get());
  }

  private void refusePostponed(String name) {
    for (var events : unaddressed.values()) {
      refusePostponed(name, events);
    }
    refusePostponed(name, postponed);
  }

  private void refusePostponed(String name, List<NodeEvent.AttachRequested> waiting) {
    for (var event : List.copyOf(waiting)) {
      if (isOf(event, name)) {
        waiting.remove(event);
        addressing.change();
        refuse(event.request(), Reason.INVALID_REQUEST, wasDetached(name));
      }
    }
  }

  private static String wasDetached(String name) {
    return "'" + name + "' was detached";
  }

  private void refuse(long request, Reason reason, String message) {
    effects.add(new NodeEffect.ReplyToAttach(request, new Refused(reason, message)));
  }

  // ---- without a call ---------------------------------------------------------------------

  /**
   * Takes over what an earlier life of this node attached.
   *
   * @param behind the routes that stand to what is behind endpoints
   */
  void adopt(EndpointPort port, Collection<EndpointRoute> behind) {
    var known = foundation.network(port.network());
    var network =
        known
            .filter(n -> instances.namespaceOf(n).equals(port.namespace()))
            .map(n -> n.withVni(port.vni())) // as it stands; all change together afterwards
            .or(() -> known.map(n -> elsewhere(n, port)))
            .orElseGet(() -> orphan(port));
    established.add(port.endpoint());
    standby.adopt(port);
    add(Attachments.adopt(port, network.subnets(), behind), network, port.namespace());
  }

  /** A network that changed its tenant stands where it was, until all change together. */
  private static NetworkIntent elsewhere(NetworkIntent network, EndpointPort port) {
    return network.withVni(port.vni()).withGateways(List.of());
  }

  private NetworkIntent orphan(EndpointPort port) {
    effects.report(
        "network " + port.network(),
        "endpoint '"
            + port.endpoint()
            + "' stands in "
            + port.namespace()
            + " as VNI "
            + port.vni()
            + ", but the intent has no such network there; it goes on until it is detached");
    return NetworkIntent.orphan(port, foundation.intent().as());
  }

  /**
   * An interface that is gone went with its pod: it cannot be made again from here. A link of the
   * node may come back, and is waited for.
   */
  void dropVanished() {
    for (var endpoint : List.copyOf(attachments.all())) {
      var key = instances.of(endpoint).port(endpoint).key();
      if (endpoint.link().isEmpty()
          && !attaching.has(endpoint.name())
          && plan.realized(key).isEmpty()
          && plan.movesFrom(key).isEmpty()) {
        effects.report(
            "endpoint " + endpoint.name(),
            "its interface " + endpoint.port() + " is gone; it is detached");
        forget(endpoint);
      }
    }
  }

  // ---- both -------------------------------------------------------------------------------

  private void add(Endpoint endpoint, NetworkIntent network, String namespace) {
    attachments.add(endpoint);
    addressing.change();
    var standing = instances.find(network.name());
    var instance =
        standing.orElseGet(() -> instances.open(network, namespace, foundation.underlay()));
    if (standing.isEmpty()) {
      routes.importInto(instance);
    }
    instance.stand(endpoint, standby.has(endpoint));
    instance.add(endpoint);
    refreshTenant(instance, endpoint);
  }

  private void refreshTenant(NetworkInstance instance, Endpoint endpoint) {
    speakers.mayHaveChanged(instance.intent().name());
    instances
        .refreshTenant(instance, endpoint, foundation.tenants(), foundation.underlay())
        .ifPresent(routes::importInto);
  }

  private void forget(Endpoint endpoint) {
    var instance = instances.of(endpoint);
    leaving.add(instance.port(endpoint).key(), endpoint);
    attachments.remove(endpoint.name());
    established.remove(endpoint.name());
    instance.remove(endpoint);
    instances.closeIfEmpty(instance);
    refreshTenant(instance, endpoint);
  }

  // ---- answers ----------------------------------------------------------------------------

  void answerAttaching() {
    for (var name : attaching.keys()) {
      var endpoint = attachments.find(name).orElseThrow();
      var instance = instances.of(endpoint);
      var keys = instance.keysOf(endpoint);
      var failure = keys.stream().flatMap(key -> plan.failure(key).stream()).findFirst();
      if (failure.isPresent()) {
        for (long request : attaching.take(name)) {
          refuse(
              request, Reason.KERNEL_REFUSED, failure.get().key() + ": " + failure.get().reason());
        }
        if (!established.contains(name)) {
          forget(endpoint);
        }
      } else if (stands(endpoint)) {
        established.add(name);
        for (long request : attaching.take(name)) {
          effects.add(new NodeEffect.ReplyToAttach(request, attached(instance, endpoint)));
        }
      }
    }
  }

  private static Attached attached(NetworkInstance instance, Endpoint endpoint) {
    return new Attached(
        endpoint.name(),
        endpoint.network(),
        instance.intent().vni(),
        endpoint
            .link()
            .map(NodeLink::name)
            .or(() -> endpoint.pod().map(ForwardingObject.PodInterface::name))
            .orElse(""),
        endpoint.mac(),
        endpoint.addresses(),
        Attachments.gateways(
            instance.intent(), endpoint.addresses().stream().map(HostAddress::address).toList()),
        instance.mtu());
  }

  void answerDetaching() {
    for (var key : detaching.keys()) {
      var failure = plan.failure(key).filter(f -> f.attempts() >= REMOVAL_ATTEMPTS);
      if (plan.isGone(key) || failure.isPresent()) {
        for (long request : detaching.take(key)) {
          effects.add(new NodeEffect.ReplyToDetach(request, true));
        }
        failure.ifPresent(
            f ->
                effects.report(
                    key.toString(),
                    "was detached, but the kernel refuses its removal: "
                        + f.reason()
                        + "; it is tried again until it goes"));
      }
    }
  }

  /** True when the kernel holds all that all endpoints need. */
  boolean allStand() {
    return attachments.all().stream().allMatch(this::stands);
  }

  private boolean stands(Endpoint endpoint) {
    return instances.of(endpoint).keysOf(endpoint).stream().allMatch(plan::isRealized);
  }

  List<NodeView.EndpointView> view() {
    return attachments.all().stream()
        .map(endpoint -> new NodeView.EndpointView(endpoint, stands(endpoint)))
        .toList();
  }
}
