package io.weft.overlay.node;

import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressWrite;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;

/**
 * How endpoints come and go: by a call, by adoption after a restart, and by vanishing with their
 * pod. Calls are answered when the kernel has done what follows from them.
 */
final class EndpointLifecycle {
  /** So often the kernel may refuse to remove a port before its detach call is answered. */
  private static final int REMOVAL_ATTEMPTS = 3;

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
  private final Admission admission;
  private final PostponedAttachments postponed = new PostponedAttachments();
  private final Waiting<String> attaching = new Waiting<>();
  private final Departures leaving = new Departures();
  private final Waiting<ForwardingKey> detaching = new Waiting<>();

  /** Those that have stood once: a refusal later on does not take them away. */
  private final TreeSet<String> established = new TreeSet<>();

  EndpointLifecycle(
      NodeConfig config,
      Foundation foundation,
      Instances instances,
      RouteExchange routes,
      ForwardingPlan plan,
      Addressing addressing,
      Effects effects,
      EndpointSpeakers speakers) {
    this.addressing = addressing;
    this.standby = new StandbyHolders(addressing.book(), plan);
    this.claims = new ClaimHolding(addressing, this::isPresent);
    this.foundation = foundation;
    this.instances = instances;
    this.routes = routes;
    this.plan = plan;
    this.effects = effects;
    this.attachments = new Attachments(config.maxEndpoints(), addressing.book());
    this.admission = new Admission(config, foundation, instances, attachments);
    this.speakers = speakers;
  }

  // ---- calls ------------------------------------------------------------------------------

  /** True when no endpoint can be attached. */
  boolean isDrained() {
    return routes.isDrained();
  }

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
    if (isDrained()) {
      refuse(event.request(), Reason.DRAINED, RouteExchange.DRAINED);
      return;
    }
    var unusable = admission.unusable(request.network());
    if (unusable.isPresent()) {
      reply(event, unusable.get());
      return;
    }
    var network = foundation.network(request.network()).orElseThrow();
    if (request.claim().isEmpty()) {
      attach(event, request, network, false);
      return;
    }
    switch (claims.step(request, request.claim().get())) {
      case ClaimHolding.Step.Held(var resolved) -> attach(event, resolved, network, true);
      case ClaimHolding.Step.New() -> attach(event, request, network, false);
      case ClaimHolding.Step.Waits(var write) -> await(event, write);
      case ClaimHolding.Step.Rejected(var refusal) -> reply(event, refusal);
    }
  }

  /**
   * Gives an endpoint that stays behind its link and in its network other addresses, another MAC or
   * other prefixes, if nothing speaks against it.
   */
  Attachments.Checked change(Endpoint standing, AttachRequest request) {
    var checked = check(standing, request);
    if (checked instanceof Attachments.Checked.Accepted(var next)) {
      var instance = instances.of(standing);
      instance.remove(standing);
      attachments.add(next);
      attachments.free(standing);
      addressing.change();
      instance.add(next);
      refreshTenant(instance, standing);
      refreshTenant(instance, next);
    }
    return checked;
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
    switch (admission.check(request, network, claimed)) {
      case Attachments.Checked.Rejected(var refusal) -> reply(event, refusal);
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
      if (endpoint.declared()) {
        established.add(endpoint.name()); // it waits for its link
      }
    }
  }

  private void await(NodeEvent.AttachRequested event, AddressWrite write) {
    addressing.want(write);
    postponed.untilWritten(write, event);
  }

  /** A write to the store has ended: whoever waited for it goes on. */
  void addressesWritten(AddressWrite write, AddressWrite.Outcome outcome) {
    for (var event : postponed.takeWritten(write)) {
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
    return attachments.find(name).filter(e -> e.hosts().containsAll(claim.addresses())).isPresent()
        || leaving.has(name)
        || postponed.has(name);
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
          "an earlier '%s' cannot be removed: %s"
              .formatted(event.attach().endpoint(), failure.get().reason()));
    } else {
      postponed.untilGone(event);
    }
  }

  /** Those that have left the kernel have left altogether. */
  void settleLeaving() {
    for (var endpoint : leaving.takeGone(plan)) {
      attachments.free(endpoint);
      addressing.change();
    }
  }

  /** True while some come or go. */
  boolean areUnderWay() {
    return attaching.areAny() || detaching.areAny() || leaving.areAny() || postponed.areAny();
  }

  /** Tries again what waits for an earlier endpoint to go. */
  void attachPostponed() {
    postponed.takeDepartures().forEach(this::attach);
  }

  /** The same call again gets the same answer: callers repeat when they are in doubt. */
  private void attachAgain(NodeEvent.AttachRequested event, Endpoint standing) {
    var request = event.attach();
    if (standing.isOf(request)) {
      attaching.add(standing.name(), event.request());
    } else {
      reply(event, Admission.attachedAlready(standing));
    }
  }

  void detach(long request, String name) {
    var endpoint = attachments.find(name).filter(standing -> !standing.declared());
    cancel(name);
    if (endpoint.isEmpty()) {
      effects.add(new NodeEffect.ReplyToDetach(request, false));
      return;
    }
    detaching.add(instances.of(endpoint.get()).port(endpoint.get()).key(), request);
    forget(endpoint.get());
  }

  /** Whoever waits to attach it does so in vain. */
  void cancel(String name) {
    for (var event : postponed.take(name)) {
      addressing.change();
      refuse(event.request(), Reason.INVALID_REQUEST, wasDetached(name));
    }
  }

  /** Whoever made this one call waits in vain; others of its name do not. */
  void cancel(NodeEvent.AttachRequested call) {
    if (postponed.remove(call)) {
      addressing.change();
      refuse(call.request(), Reason.INVALID_REQUEST, wasDetached(call.attach().endpoint()));
    }
  }

  private static String wasDetached(String name) {
    return "'" + name + "' was detached";
  }

  private void reply(NodeEvent.AttachRequested event, Refused refusal) {
    effects.add(new NodeEffect.ReplyToAttach(event.request(), refusal));
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
    var standing = Attachments.adopt(port, network.subnets(), behind);
    var cluster = foundation.cluster(network).orElse(ClusterIntent.NONE);
    add(ClusterChoice.adopt(standing, cluster), network, port.namespace());
  }

  /** A network that changed its tenant stands where it was, until all change together. */
  private static NetworkIntent elsewhere(NetworkIntent network, EndpointPort port) {
    return network.withVni(port.vni()).withGateways(List.of());
  }

  private NetworkIntent orphan(EndpointPort port) {
    effects.report(
        "network " + port.network(),
        "endpoint '%s' stands in %s as VNI %s, but the intent has no such network there; it goes on until it is detached"
            .formatted(port.endpoint(), port.namespace(), port.vni()));
    return NetworkIntent.orphan(port, foundation.intent().as());
  }

  /** An interface that is gone went with its pod; a link of the node may come back: it waits. */
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

  /** What the kernel refused because of these links is tried again at once. */
  void tryAgain(Collection<String> links) {
    for (var endpoint : attachments.all()) {
      if (endpoint.link().map(NodeLink::name).filter(links::contains).isPresent()) {
        instances.of(endpoint).keysOf(endpoint).forEach(plan::tryAgain);
      }
    }
  }

  /** Whether the request could be carried out in the place of one that stands. */
  Attachments.Checked check(Endpoint standing, AttachRequest request) {
    var checked = admission.checkInPlaceOf(standing, request);
    if (checked instanceof Attachments.Checked.Waits(var write)) {
      addressing.want(write);
    }
    return checked;
  }

  // ---- both -------------------------------------------------------------------------------

  Collection<Endpoint> all() {
    return attachments.all();
  }

  Optional<Endpoint> find(String name) {
    return attachments.find(name);
  }

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
        .refreshTenant(instance, endpoint.addresses(), foundation.tenants(), foundation.underlay())
        .ifPresent(routes::importInto);
  }

  /** It is no more one of this node's; the kernel has yet to follow. */
  void forget(Endpoint endpoint) {
    var name = endpoint.name();
    attaching
        .take(name)
        .forEach(earlier -> refuse(earlier, Reason.INVALID_REQUEST, wasDetached(name)));
    var instance = instances.of(endpoint);
    leaving.add(instance.port(endpoint).key(), endpoint);
    attachments.remove(name);
    established.remove(name);
    instance.remove(endpoint);
    instances.closeIfEmpty(instance);
    refreshTenant(instance, endpoint);
    instance.learned().takeChanged().forEach(host -> refreshTenant(instance, host)); // behind it
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
          effects.add(new NodeEffect.ReplyToAttach(request, AttachReply.of(instance, endpoint)));
        }
      }
    }
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
                    "was detached, but the kernel refuses its removal: %s; it is tried again until it goes"
                        .formatted(f.reason())));
      }
    }
  }

  /** True when the kernel holds all that all endpoints need whose links are there. */
  boolean allStand() {
    return attachments.all().stream()
        .allMatch(e -> stands(e) || e.link().isPresent() && isRefused(e));
  }

  private boolean isRefused(Endpoint endpoint) {
    return plan.failure(instances.of(endpoint).port(endpoint).key()).isPresent();
  }

  /** Why an endpoint that is attached does not stand; empty when it does, or is not one. */
  Optional<String> missing(String name) {
    return attachments
        .find(name)
        .filter(endpoint -> !stands(endpoint))
        .map(
            endpoint ->
                instances.of(endpoint).keysOf(endpoint).stream()
                    .flatMap(key -> plan.failure(key).stream())
                    .findFirst()
                    .map(ForwardingPlan.Failure::reason)
                    .orElse("the kernel has yet to follow"));
  }

  /** Endpoints of calls without an answer, and what each waits for. */
  SortedMap<String, String> attaching() {
    var calls = postponed.calls();
    attaching.keys().forEach(name -> missing(name).ifPresent(why -> calls.put(name, why)));
    calls.keySet().removeIf(name -> attachments.find(name).stream().anyMatch(Endpoint::declared));
    return calls;
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
