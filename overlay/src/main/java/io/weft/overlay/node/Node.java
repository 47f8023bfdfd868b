package io.weft.overlay.node;

import io.weft.bgp.speaker.Path;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.RouteTarget;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.KernelChange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

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
  private final NodeConfig config;
  private final ForwardingPlan plan = new ForwardingPlan();
  private final Attachments attachments;
  private final TreeMap<String, NetworkIntent> networks = new TreeMap<>();
  private final Instances instances;
  private final Map<Route, Path> learned = new LinkedHashMap<>();
  private final Origination origination = new Origination();
  private final Waiting<String> attaching = new Waiting<>();
  private final Waiting<ForwardingKey> detaching = new Waiting<>();
  private final TreeSet<IpAddress> endOfRibFrom = new TreeSet<>();

  private Optional<NodeIntent> intent = Optional.empty();
  private Optional<Underlay> underlay = Optional.empty();
  private String underlayReason = "not known yet";
  private Optional<List<ForwardingObject>> dumpBeforeStart = Optional.empty();
  private Optional<Speaker> speaker = Optional.empty();
  private List<RouteTarget> importTargets = List.of();
  private boolean converged;
  private long convergenceDeadline;
  private boolean originationCompleted;
  private boolean originationDue;
  private boolean batchInFlight;
  private List<KernelChange> batch = List.of();
  private long batches;
  private long kernelWrites;
  private List<NodeEffect> effects = new ArrayList<>();

  public Node(NodeConfig config) {
    this.config = config;
    this.attachments = new Attachments(config.maxEndpoints());
    this.instances = new Instances(config, plan);
  }

  /**
   * Takes one event.
   *
   * @param now nanoseconds on a monotonic clock of the caller's
   * @return what is to be done, in this order
   */
  public List<NodeEffect> step(long now, NodeEvent event) {
    effects = new ArrayList<>();
    originationDue |=
        !(event instanceof NodeEvent.Bgp || event instanceof NodeEvent.DeadlineReached);
    switch (event) {
      case NodeEvent.IntentChanged(var newIntent) -> changeIntent(now, newIntent);
      case NodeEvent.UnderlayChanged(var newUnderlay, var reason) ->
          changeUnderlay(now, newUnderlay, reason);
      case NodeEvent.KernelObserved(var objects) -> observeKernel(now, objects);
      case NodeEvent.KernelChanged(var observations) -> noticeKernel(observations);
      case NodeEvent.ChangesApplied(long number, var refused) -> {
        if (number != batches || !batchInFlight) {
          throw new IllegalStateException("batch " + number + " is not in flight");
        }
        batchInFlight = false;
        kernelWrites += batch.size() - refused.size();
        plan.applied(now, refused);
      }
      case NodeEvent.AttachRequested attach -> attach(attach);
      case NodeEvent.DetachRequested(long request, var endpoint) -> detach(request, endpoint);
      case NodeEvent.Bgp(var speakerEvent) -> speak(now, speakerEvent);
      case NodeEvent.DeadlineReached() -> speak(now, new SpeakerEvent.DeadlineReached());
    }
    settle(now);
    return effects;
  }

  /** When {@link NodeEvent.DeadlineReached} is due; empty: nothing is waited for. */
  public OptionalLong nextDeadline() {
    var next = speaker.map(Speaker::nextDeadline).orElse(OptionalLong.empty());
    next = earlier(next, started() ? plan.nextRetry() : OptionalLong.empty());
    return earlier(
        next,
        started() && !converged ? OptionalLong.of(convergenceDeadline) : OptionalLong.empty());
  }

  private static OptionalLong earlier(OptionalLong one, OptionalLong other) {
    if (one.isEmpty() || other.isEmpty()) {
      return one.isEmpty() ? other : one;
    }
    return one.getAsLong() - other.getAsLong() <= 0 ? one : other;
  }

  private boolean started() {
    return speaker.isPresent();
  }

  // ---- start and intent -------------------------------------------------------------------

  private void changeIntent(long now, NodeIntent newIntent) {
    intent = Optional.of(newIntent);
    networks.clear();
    for (var network : newIntent.networks()) {
      networks.put(network.name(), network);
    }
    reconfigure(now);
  }

  private void changeUnderlay(long now, Optional<Underlay> newUnderlay, String reason) {
    underlayReason = reason;
    if (newUnderlay.isPresent()) {
      underlay = newUnderlay;
    } else if (started()) {
      report("underlay", reason + "; what stands stays as it is");
    }
    reconfigure(now);
  }

  private void observeKernel(long now, List<ForwardingObject> objects) {
    if (started()) {
      plan.observeAll(objects);
      dropVanishedEndpoints();
    } else {
      dumpBeforeStart = Optional.of(objects);
      reconfigure(now);
    }
  }

  private void reconfigure(long now) {
    if (intent.isEmpty() || underlay.isEmpty() || dumpBeforeStart.isEmpty()) {
      return;
    }
    if (!started()) {
      start(now, intent.get(), dumpBeforeStart.get());
      return;
    }
    speak(now, new SpeakerEvent.ConfigChanged(speakerConfig(intent.get())));
    for (var instance : instances.all()) {
      changeInstance(instance);
    }
  }

  private void start(long now, NodeIntent first, List<ForwardingObject> standing) {
    plan.observeAll(standing);
    plan.holdRemoteRemovals(true);
    convergenceDeadline = now + first.restartSeconds() * 1_000_000_000L;
    speaker = Optional.of(new Speaker(speakerConfig(first)));
    for (var object : standing) {
      if (object instanceof EndpointPort port) {
        adopt(port);
      }
    }
    updateImportTargets(now);
    speak(now, new SpeakerEvent.DeadlineReached());
  }

  private void adopt(EndpointPort port) {
    var network = networks.get(port.network());
    var suffix = network == null ? "" : instances.namespaceOf(network);
    if (network == null || !suffix.equals(port.namespace())) {
      network = NetworkIntent.orphan(port, intent.orElseThrow().as());
      report(
          "network " + port.network(),
          "endpoint '"
              + port.endpoint()
              + "' stands in "
              + port.namespace()
              + " as VNI "
              + port.vni()
              + ", but the intent has no such network there; it goes on until it is detached");
    }
    var endpoint = Attachments.adopt(port, network.subnets());
    attachments.add(endpoint);
    instance(network, port.namespace()).add(endpoint);
  }

  private SpeakerConfig speakerConfig(NodeIntent from) {
    return new SpeakerConfig(
        from.as(),
        underlay.orElseThrow().routerId(),
        from.peers(),
        List.of(),
        false,
        from.holdSeconds(),
        from.restartSeconds(),
        256,
        4_000_000);
  }

  /** A network whose object is gone, or moved to another tenant, goes on for those attached. */
  private void changeInstance(NetworkInstance instance) {
    var current = instance.intent();
    var wanted = networks.get(current.name());
    if (wanted == null) {
      report(
          "network " + current.name(),
          "is no more in the intent; its "
              + instance.endpoints().size()
              + " endpoints here stay until they are detached");
      wanted = current;
    } else if (!instance.namespace().equals(instances.namespaceOf(wanted))) {
      report(
          "network " + current.name(),
          "changed its tenant; its endpoints here stay in "
              + instance.namespace()
              + " until they are detached");
      wanted = current;
    }
    instances.change(instance, wanted, underlay.orElseThrow());
    importAgain(instance);
  }

  private NetworkInstance instance(NetworkIntent network, String namespace) {
    var existing = instances.find(network.name());
    if (existing.isPresent()) {
      return existing.get();
    }
    var created = instances.open(network, namespace, underlay.orElseThrow());
    importAgain(created);
    return created;
  }

  // ---- attach and detach ------------------------------------------------------------------

  private void attach(NodeEvent.AttachRequested event) {
    var request = event.attach();
    if (!started()) {
      refuse(event.request(), Reason.NOT_READY, notReadyReason());
      return;
    }
    var standing = attachments.find(request.endpoint());
    if (standing.isPresent()) {
      attachAgain(event, standing.get());
      return;
    }
    var network = networks.get(request.network());
    if (network == null) {
      refuse(
          event.request(),
          Reason.UNKNOWN_NETWORK,
          "network '"
              + request.network()
              + "' is not known on node "
              + config.name()
              + (networks.isEmpty()
                  ? "; no network is"
                  : "; known: " + String.join(", ", networks.keySet())));
      return;
    }
    var existing = instances.find(network.name());
    switch (attachments.check(request, network, existing.map(NetworkInstance::remote))) {
      case Attachments.Checked.Rejected(var refusal) ->
          effects.add(new NodeEffect.ReplyToAttach(event.request(), refusal));
      case Attachments.Checked.Accepted(var endpoint) -> {
        attachments.add(endpoint);
        instance(network, instances.namespaceOf(network)).add(endpoint);
        waitFor(event.request(), endpoint);
      }
    }
  }

  private String notReadyReason() {
    if (intent.isEmpty()) {
      return "the node has not read its configuration yet";
    }
    return underlay.isEmpty()
        ? "the node has no VTEP address: " + underlayReason
        : "the node has not read the kernel's tables yet";
  }

  /** The same call again gets the same answer: callers repeat when they are in doubt. */
  private void attachAgain(NodeEvent.AttachRequested event, Endpoint standing) {
    var request = event.attach();
    boolean same =
        standing.network().equals(request.network())
            && standing
                .pod()
                .map(
                    pod ->
                        pod.networkNamespace().equals(request.networkNamespace())
                            && pod.name().equals(request.interfaceName()))
                .orElse(true);
    if (same) {
      waitFor(event.request(), standing);
    } else {
      refuse(
          event.request(),
          Reason.INVALID_REQUEST,
          "endpoint '"
              + standing.name()
              + "' is attached already, to network '"
              + standing.network()
              + "'; detach it first or use another name");
    }
  }

  private void waitFor(long request, Endpoint endpoint) {
    attaching.add(endpoint.name(), request);
  }

  private void refuse(long request, Reason reason, String message) {
    effects.add(new NodeEffect.ReplyToAttach(request, new Refused(reason, message)));
  }

  private void detach(long request, String name) {
    var endpoint = attachments.find(name);
    if (endpoint.isEmpty()) {
      effects.add(new NodeEffect.ReplyToDetach(request, false));
      return;
    }
    attaching
        .take(name)
        .forEach(earlier -> refuse(earlier, Reason.INVALID_REQUEST, "'" + name + "' was detached"));
    var instance = instances.of(endpoint.get());
    detaching.add(instance.port(endpoint.get()).key(), request);
    forget(endpoint.get());
  }

  private void forget(Endpoint endpoint) {
    var instance = instances.of(endpoint);
    attachments.remove(endpoint.name());
    instance.remove(endpoint);
    instances.closeIfEmpty(instance);
  }

  // ---- kernel -----------------------------------------------------------------------------

  private void noticeKernel(List<NodeEvent.Observation> observations) {
    for (var observation : observations) {
      plan.observe(observation.key(), observation.object());
    }
    dropVanishedEndpoints();
  }

  /** An interface that is gone went with its pod: it cannot be made again from here. */
  private void dropVanishedEndpoints() {
    for (var endpoint : List.copyOf(attachments.all())) {
      var key = instances.of(endpoint).port(endpoint).key();
      if (!attaching.has(endpoint.name()) && plan.realized(key).isEmpty()) {
        report(
            "endpoint " + endpoint.name(),
            "its interface " + endpoint.port() + " is gone; it is detached");
        forget(endpoint);
      }
    }
  }

  // ---- routes -----------------------------------------------------------------------------

  private void speak(long now, SpeakerEvent event) {
    if (speaker.isEmpty()) {
      return;
    }
    for (var effect : speaker.get().step(now, event)) {
      switch (effect) {
        case SpeakerEffect.Connect _, SpeakerEffect.Send _, SpeakerEffect.Close _ ->
            effects.add(new NodeEffect.Bgp(effect));
        case SpeakerEffect.BestPathChanged(var key, var path) -> learn(key, path);
        case SpeakerEffect.PeerUp(var peer) -> report("peer " + peer, "session established");
        case SpeakerEffect.PeerDown(var peer, var reason) ->
            report("peer " + peer, "session down: " + reason);
        case SpeakerEffect.EndOfRibReceived(var peer, _) -> endOfRibFrom.add(peer);
        case SpeakerEffect.Report(var peer, var text) -> report("peer " + peer, text);
      }
    }
  }

  private void learn(Route key, Optional<Path> path) {
    if (path.isPresent()) {
      learned.put(key, path.get());
    } else {
      learned.remove(key);
    }
    for (var instance : instances.all()) {
      instance.learn(key, path.filter(instance::imports));
      originationDue |=
          key instanceof MacIpAdvertisement route && instance.hasLocalMac(route.mac());
    }
  }

  private void importAgain(NetworkInstance instance) {
    learned.forEach(
        (key, path) -> instance.learn(key, Optional.of(path).filter(instance::imports)));
  }

  private void updateImportTargets(long now) {
    var sorted = instances.importTargets();
    if (!sorted.equals(importTargets)) {
      importTargets = sorted;
      speak(now, new SpeakerEvent.ImportTargetsChanged(sorted));
    }
  }

  private void originate(long now) {
    if (!originationDue) {
      return;
    }
    originationDue = false;
    var wanted = instances.all().stream().flatMap(each -> each.routes().stream()).toList();
    for (var event : origination.say(wanted)) {
      speak(now, event);
    }
  }

  // ---- after every event ------------------------------------------------------------------

  private void settle(long now) {
    if (!started()) {
      return;
    }
    replyToAttaching();
    updateImportTargets(now);
    originate(now);
    replyToDetaching();
    if (!originationCompleted && plan.failures().isEmpty() && localObjectsStand()) {
      originationCompleted = true;
      speak(now, new SpeakerEvent.OriginationCompleted());
    }
    settleConvergence(now);
    if (!batchInFlight) {
      batch = plan.nextBatch(now);
      if (!batch.isEmpty()) {
        batchInFlight = true;
        batches++;
        effects.add(new NodeEffect.ApplyChanges(batches, batch));
      }
    }
  }

  private boolean localObjectsStand() {
    return attachments.all().stream()
        .allMatch(
            endpoint ->
                instances.of(endpoint).keysOf(endpoint).stream().allMatch(plan::isRealized));
  }

  private void settleConvergence(long now) {
    if (converged) {
      return;
    }
    boolean heardAll =
        intent.orElseThrow().peers().stream()
            .allMatch(peer -> endOfRibFrom.contains(peer.address()));
    if (heardAll || now - convergenceDeadline >= 0) {
      converged = true;
      plan.holdRemoteRemovals(false);
    }
  }

  private void replyToAttaching() {
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
        forget(endpoint);
      } else if (keys.stream().allMatch(plan::isRealized)) {
        for (long request : attaching.take(name)) {
          effects.add(new NodeEffect.ReplyToAttach(request, attached(instance, endpoint)));
        }
      }
    }
  }

  private static AttachResult attached(NetworkInstance instance, Endpoint endpoint) {
    return new Attached(
        endpoint.name(),
        endpoint.network(),
        instance.intent().vni(),
        endpoint.pod().map(ForwardingObject.PodInterface::name).orElse(""),
        endpoint.mac(),
        endpoint.addresses(),
        instance.mtu());
  }

  private void replyToDetaching() {
    for (var key : detaching.keys()) {
      if (plan.isGone(key)) {
        for (long request : detaching.take(key)) {
          effects.add(new NodeEffect.ReplyToDetach(request, true));
        }
      }
    }
  }

  private void report(String subject, String text) {
    effects.add(new NodeEffect.Report(subject, text));
  }

  // ---- view -------------------------------------------------------------------------------

  /** What the node is and holds now. */
  public NodeView view() {
    return new NodeView(
        config.name(),
        underlay,
        underlay.isPresent() ? "" : underlayReason,
        converged,
        NetworkViews.of(networks, instances, underlay),
        attachments.all().stream()
            .map(
                endpoint ->
                    new NodeView.EndpointView(
                        endpoint,
                        instances.of(endpoint).keysOf(endpoint).stream()
                            .allMatch(plan::isRealized)))
            .toList(),
        plan.realized().size(),
        plan.pending(),
        kernelWrites,
        List.copyOf(plan.failures()),
        speaker.map(Speaker::view));
  }
}
