package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerInspection;
import io.weft.bgp.wire.Route;
import io.weft.net.IpPrefix;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.ipam.AddressBook;
import io.weft.overlay.ipam.AddressView;
import io.weft.overlay.ipam.SubnetUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The brain of one node. Three straight lines run through it:
 *
 * <ol>
 *   <li>attach call -> address -> plan -> kernel -> reply, and a route to the peers;
 *   <li>route of a peer -> import by route target -> plan -> kernel;
 *   <li>the kernel differs from the plan -> kernel.
 * </ol>
 *
 * <p>It is pure: {@link #step} takes the time and one event and gives effects; one thread owns it.
 * Until intent, underlay and the kernel's state are all known it changes nothing.
 */
public final class Node {
  private static final long SECOND = 1_000_000_000L;

  private final NodeConfig config;
  private final ForwardingPlan plan;
  private final Foundation foundation = new Foundation();
  private final Effects effects = new Effects();
  private final EndpointSpeakers speakers;
  private final Instances instances;
  private final RouteExchange routes;
  private final Addressing addressing;
  private final EndpointLifecycle endpoints;
  private final EarlyDetaches detaches;
  private final DeclaredEndpoints declared;
  private final WireLearning learning;
  private final ForeignChanges foreign;

  private boolean converged;
  private long convergenceDeadline;
  private boolean originationCompleted;
  private boolean batchInFlight;
  private List<KernelChange> batch = List.of();
  private long batches;
  private long kernelWrites;

  public Node(NodeConfig config) {
    this.config = config;
    this.plan = new ForwardingPlan(config.sharing());
    this.foreign = new ForeignChanges(plan, effects);
    this.speakers = new EndpointSpeakers(foundation, plan, effects);
    this.instances =
        new Instances(config, plan, effects, () -> foundation.networks().values(), speakers);
    this.routes =
        new RouteExchange(instances, new UnderlayRouting(plan), effects, config.sharing());
    this.addressing = new Addressing(new AddressBook(config.name(), config.addresses()), effects);
    this.endpoints =
        new EndpointLifecycle(
            config, foundation, instances, routes, plan, addressing, effects, speakers);
    this.detaches = new EarlyDetaches(foundation, routes, endpoints, effects);
    this.declared = new DeclaredEndpoints(endpoints, effects);
    this.learning = new WireLearning(foundation, instances, routes, plan, effects);
  }

  /**
   * Takes one event.
   *
   * @param now nanoseconds on a monotonic clock of the caller's
   * @return what is to be done, in this order
   */
  public List<NodeEffect> step(long now, NodeEvent event) {
    return step(now, List.of(event));
  }

  /** Takes events that came together: what follows from all of them is decided once. */
  public List<NodeEffect> step(long now, List<NodeEvent> events) {
    instances.advance(now);
    var spoken = new ArrayList<SpeakerEvent>();
    for (var event : events) {
      if (event instanceof NodeEvent.Bgp(var speakerEvent)) {
        spoken.add(speakerEvent);
      } else {
        routes.speak(now, spoken);
        spoken.clear();
        take(now, event);
      }
    }
    routes.speak(now, spoken);
    for (var event : events) {
      if (mayChangeOrigination(event)) {
        routes.originationMayHaveChanged();
      }
    }
    settle(now);
    return effects.drain();
  }

  private void take(long now, NodeEvent event) {
    switch (event) {
      case NodeEvent.IntentChanged(var intent) -> {
        foundation.change(intent);
        instances.change(intent.duplicates());
        declared.change(intent.declared());
        reconfigure(now);
      }
      case NodeEvent.UnderlayChanged changed -> changeUnderlay(now, changed);
      case NodeEvent.KernelObserved(var objects) -> observeKernel(now, objects);
      case NodeEvent.KernelChanged(var observations) -> {
        if (routes.isStarted()) {
          learning.see(now, observations);
          foreign.see(now, observations);
          observations.forEach(seen -> plan.observe(seen.key(), seen.object()));
          endpoints.dropVanished();
        } else {
          foundation.change(observations);
        }
      }
      case NodeEvent.GroupsSeen seen -> instances.see(seen);
      case NodeEvent.ChangesApplied(long number, var refused) -> applied(now, number, refused);
      case NodeEvent.AttachRequested attach -> endpoints.attach(attach);
      case NodeEvent.DetachRequested detach -> detaches.take(detach);
      case NodeEvent.LinksAppeared(var names) -> endpoints.tryAgain(names);
      case NodeEvent.AddressesSeen seen -> {
        addressing.see(seen);
        endpoints.claimsChanged();
      }
      case NodeEvent.PodCidrsSeen(var podCidrs) -> addressing.book().podCidrs(podCidrs);
      case NodeEvent.AddressesUnreadable(var reason) -> addressing.unreadable(reason);
      case NodeEvent.AddressWritten(var write, var outcome) -> {
        addressing.written(now, write, outcome);
        endpoints.addressesWritten(write, outcome);
      }
      case NodeEvent.AddressesRequested(long request, var wanted) ->
          addressing.request(request, wanted);
      case NodeEvent.HostsHeard(var seen) -> learning.hear(now, seen);
      case NodeEvent.DrainChanged(boolean drained) -> {
        routes.drain(now, drained);
        declared.tryAgain();
      }
      case NodeEvent.Bgp(var speakerEvent) -> routes.speak(now, speakerEvent);
      case NodeEvent.EndpointBgp(var network, var said) -> speakers.take(now, network, said);
      case NodeEvent.DeadlineReached() -> {
        routes.speak(now, new SpeakerEvent.DeadlineReached());
        speakers.timePassed(now);
      }
    }
  }

  /** Rows of other nodes' routes, which most batches are of, are nothing to announce. */
  private boolean mayChangeOrigination(NodeEvent event) {
    return switch (event) {
      case NodeEvent.Bgp _, NodeEvent.EndpointBgp _, NodeEvent.DeadlineReached _ -> false;
      case NodeEvent.ChangesApplied(_, var refused) ->
          !refused.isEmpty() || plan.isTouched() || endpoints.areUnderWay();
      default -> true;
    };
  }

  /** When {@link NodeEvent.DeadlineReached} is due; empty: nothing is waited for. */
  public OptionalLong nextDeadline() {
    if (!routes.isStarted()) {
      return OptionalLong.empty();
    }
    var next = earlier(earlier(routes.nextDeadline(), plan.nextRetry()), instances.nextRecovery());
    next = earlier(next, addressing.nextDeadline());
    next = earlier(next, speakers.nextDeadline());
    next = earlier(next, declared.nextRetry());
    next = earlier(next, learning.nextCheck());
    return converged && originationCompleted
        ? next
        : earlier(next, OptionalLong.of(convergenceDeadline));
  }

  private static OptionalLong earlier(OptionalLong one, OptionalLong other) {
    if (one.isEmpty() || other.isEmpty()) {
      return one.isEmpty() ? other : one;
    }
    return one.getAsLong() - other.getAsLong() <= 0 ? one : other;
  }

  // ---- start and intent -------------------------------------------------------------------

  private void changeUnderlay(long now, NodeEvent.UnderlayChanged changed) {
    foundation.change(changed.underlay(), changed.reason());
    if (changed.underlay().isEmpty() && routes.isStarted()) {
      effects.report("underlay", changed.reason() + "; what stands stays as it is");
    }
    reconfigure(now);
  }

  private void observeKernel(long now, List<ForwardingObject> objects) {
    if (routes.isStarted()) {
      plan.observeAll(objects);
      endpoints.dropVanished();
    } else {
      foundation.stand(objects);
      reconfigure(now);
    }
  }

  private void reconfigure(long now) {
    if (!foundation.isComplete()) {
      return;
    }
    if (!routes.isStarted()) {
      start(now);
      return;
    }
    routes.configure(now, foundation.intent(), foundation.underlay());
    changeNetworks();
  }

  private void changeNetworks() {
    speakers.mayHaveChanged();
    var wanted = new TreeMap<String, NetworkIntent>();
    for (var instance : List.copyOf(instances.all())) {
      foundation
          .network(instance.intent().name())
          .filter(network -> !instances.namespaceOf(network).equals(instance.namespace()))
          .ifPresent(network -> instances.move(instance, network, foundation.underlay()));
    }
    instances.keep(foundation.resident(), foundation.underlay());
    for (var instance : instances.all()) {
      wanted.put(instance.intent().name(), wanted(instance));
    }
    instances
        .change(wanted, foundation.underlay())
        .forEach(kept -> effects.report("network " + kept.network(), kept.reason()));
    instances.changeTenants(foundation.tenants(), foundation.underlay());
    instances.all().forEach(routes::importInto);
    instances.tenants().forEach(routes::importInto);
  }

  private void start(long now) {
    plan.holdRemoteRemovals(true);
    plan.observeAll(foundation.standing());
    convergenceDeadline = now + foundation.intent().restartSeconds() * SECOND;
    instances.found(
        foundation.standing(), convergenceDeadline + foundation.intent().holdSeconds() * SECOND);
    routes.start(foundation.intent(), foundation.underlay());
    var behind = foundation.standingBehindEndpoints();
    for (var object : foundation.standing()) {
      if (object instanceof EndpointPort port) {
        endpoints.adopt(port, behind.stream().filter(route -> !route.learned()).toList());
      }
    }
    endpoints.claimsChanged();
    learning.adopt(now, foundation.standing());
    speakers.adopt(now, instances.all(), behind);
    changeNetworks(); // from what stands to what is wanted now
    routes.updateImportTargets(now);
    routes.speak(now, new SpeakerEvent.DeadlineReached());
    detaches.started();
  }

  /** A network whose object is gone goes on for those attached. */
  private NetworkIntent wanted(NetworkInstance instance) {
    var current = instance.intent();
    var wanted = foundation.network(current.name());
    if (wanted.isEmpty()) {
      effects.report(
          "network " + current.name(),
          "is no more in the intent; its "
              + instance.endpoints().size()
              + " endpoints here stay until they are detached");
      return current;
    }
    return wanted.get();
  }

  // ---- after every event ------------------------------------------------------------------

  private void applied(long now, long number, List<Refusal> refused) {
    if (number != batches || !batchInFlight) {
      throw new IllegalStateException("batch " + number + " is not in flight");
    }
    batchInFlight = false;
    kernelWrites += batch.size() - refused.size();
    plan.applied(now, refused);
  }

  private void settle(long now) {
    if (!routes.isStarted()) {
      return;
    }
    if (instances.recoverDuplicates()) {
      routes.originationMayHaveChanged();
    }
    if (instances.mayGetTheirVni()) {
      changeNetworks();
    }
    endpoints.settleLeaving();
    endpoints.attachPostponed();
    if (declared.settle(now)) {
      routes.originationMayHaveChanged();
    }
    if (learning.settle(now)) {
      routes.originationMayHaveChanged();
    }
    if (speakers.follow(now, instances)) {
      routes.originationMayHaveChanged();
    }
    speakers.listen();
    routes.updateImportTargets(now);
    routes.originate(now); // before the answer: other nodes need the route more urgently
    endpoints.answerAttaching();
    routes.originate(now); // what an endpoint that was refused leaves behind
    endpoints.answerDetaching();
    declared.hear();
    endpoints.settleAddresses(now);
    settleOrigination(now);
    settleConvergence(now);
    foreign.settle(now);
    if (!batchInFlight) {
      batch = plan.nextBatch(now);
      if (!batch.isEmpty()) {
        batchInFlight = true;
        batches++;
        effects.add(new NodeEffect.ApplyChanges(batches, batch));
      }
    }
  }

  /** What the kernel refuses must not keep the peers waiting for End-of-RIB for ever. */
  private void settleOrigination(long now) {
    if (!originationCompleted && (endpoints.allStand() || isOverdue(now))) {
      originationCompleted = true;
      routes.speak(now, new SpeakerEvent.OriginationCompleted());
    }
  }

  private void settleConvergence(long now) {
    if (converged) {
      return;
    }
    var intent = foundation.intent();
    // Without peers nobody can say that what stands is right, nor that it is wrong.
    boolean heard = intent.peers().isEmpty() ? !plan.isHolding() : routes.heardAllOf(intent);
    if (heard || isOverdue(now)) {
      converged = true;
      plan.holdRemoteRemovals(false);
    }
  }

  private boolean isOverdue(long now) {
    return now - convergenceDeadline >= 0;
  }

  /** For questions about routes, on the thread of {@link #step}; empty until it speaks BGP. */
  public Optional<SpeakerInspection> bgp() {
    return routes.speaker().map(speaker -> speaker);
  }

  /** The tenants of the intent, realised here or not; on the thread of {@link #step}. */
  public List<TenantView> tenants() {
    return TenantViews.of(foundation, instances);
  }

  /**
   * A part of a tenant's table: what is connected and what other nodes say; on the thread of {@link
   * #step}.
   *
   * @param from where it begins; empty: at the beginning
   * @param limit so many prefixes of other nodes at most, 1 or more
   * @return empty where the tenant does not route on this node
   */
  public Optional<TenantView.PrefixPage> prefixes(
      String tenant, Optional<IpPrefix> from, int limit) {
    return TenantViews.prefixes(instances, tenant, from, limit);
  }

  /** What the tenants that have taken a route in do with it; on the thread of {@link #step}. */
  public List<TenantView.Use> uses(Route route) {
    return TenantViews.uses(instances, route);
  }

  /**
   * What is behind endpoints of this node, given or said by BGP; on the thread of {@link #step}.
   *
   * @param tenant of this one alone; empty: of all
   * @param most so many prefixes of one network at most
   */
  public BehindView.Page behind(Optional<String> tenant, Predicate<IpPrefix> meant, int most) {
    return BehindViews.of(instances, speakers, tenant, meant, most);
  }

  /**
   * Who is on this node, announced or learned; on the thread of {@link #step}.
   *
   * @param now on the clock of {@link #step}
   */
  public List<HostView> hosts(long now) {
    return learning.view(now);
  }

  /** Ways to other VTEPs that networks use, sorted by VTEP; on the thread of {@link #step}. */
  public List<Tunnel> tunnels() {
    return Tunnels.of(plan, instances);
  }

  /** The multicast groups of the networks here; on the thread of {@link #step}. */
  public List<GroupsView> groups() {
    return instances.all().stream().map(network -> network.replication().view()).toList();
  }

  /** Networks whose gateways advertise themselves here; on the thread of {@link #step}. */
  public List<AdvertisedNetwork> advertised() {
    return instances.all().stream().flatMap(network -> network.advertised().stream()).toList();
  }

  /** What others did to objects of ours in the kernel; on the thread of {@link #step}. */
  public ForeignView foreign() {
    return foreign.view();
  }

  /** Where what stands is not what the intent says, and what to do about it, in words. */
  public List<String> deviations(long now) {
    var texts = new ArrayList<>(drained() ? List.of(RouteExchange.DRAINED) : List.<String>of());
    texts.addAll(routes.vtepTwins());
    texts.addAll(routes.isStarted() ? Deviations.of(foundation, instances, now) : detaches.view());
    return List.copyOf(texts);
  }

  /** True while it announces nothing and attaches nothing; on the thread of {@link #step}. */
  public boolean drained() {
    return routes.isDrained();
  }

  /** How many routes of the overlay it has said of itself; on the thread of {@link #step}. */
  public int announced() {
    return routes.announced();
  }

  /** The addresses of all networks by the clock of {@link #step}, and on its thread. */
  public AddressView addresses(long now) {
    return new AddressViews(foundation, instances, addressing, now).view();
  }

  /** How much of each subnet is used here; on the thread of {@link #step}. */
  public List<SubnetUse> subnetUses(long now) {
    return new AddressViews(foundation, instances, addressing, now).uses();
  }

  /** Moves and duplicates, counted; on the thread of {@link #step}. */
  public MoveCounts moves() {
    return instances.moves();
  }

  /** What stands in the kernel, as far as is known, in the order of the keys. */
  public List<ForwardingObject> standing() {
    return plan.realized();
  }

  /** What stands under one key, likewise. */
  public Optional<ForwardingObject> standing(ForwardingKey key) {
    return plan.realized(key);
  }

  /** True while a batch is with the kernel. */
  public boolean isWriting() {
    return batchInFlight;
  }

  /** What the node is and holds now. */
  public NodeView view() {
    return new NodeView(
        config.name(),
        foundation.knownUnderlay(),
        foundation.underlayReason(),
        converged,
        NetworkViews.of(foundation.networks(), instances, foundation.knownUnderlay()),
        endpoints.view(),
        plan.realizedCount(),
        plan.pending(),
        kernelWrites,
        List.copyOf(plan.failures()),
        routes.status(),
        instances.duplicates(),
        instances.unusedRoutes(),
        speakers.view(),
        declared.waiting(),
        endpoints.attaching(),
        instances.sharedAddresses());
  }
}
