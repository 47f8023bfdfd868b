package io.weft.overlay.node;

import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.bgp.wire.Route;
import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.ipam.AddressRequest;
import io.weft.overlay.ipam.AddressWrite;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A node at 10.0.0.1 with a kernel that the test scripts, and a real speaker as its reflector. The
 * reflector says on behalf of other nodes what the test wants said.
 */
final class OneNode {
  static final AutonomousSystem AS = new AutonomousSystem(65000);
  static final IpAddress VTEP = IpAddress.parse("10.0.0.1");
  static final IpAddress REFLECTOR = IpAddress.parse("10.0.0.254");
  static final Underlay UNDERLAY = new Underlay(VTEP, Ipv4Address.parse("10.0.0.1"), 1500);

  final Node node;
  final TreeMap<ForwardingKey, ForwardingObject> kernel = new TreeMap<>();
  final TreeSet<Kind> refusing = new TreeSet<>();
  Predicate<ForwardingObject> refuse = _ -> false;
  final TreeSet<Kind> refusingRemovals = new TreeSet<>();
  final List<List<KernelChange>> batches = new ArrayList<>();
  final TreeMap<Long, AttachResult> attached = new TreeMap<>();
  final TreeMap<Long, Boolean> detached = new TreeMap<>();

  /** Detach calls that were not taken, and why. */
  final TreeMap<Long, String> refusedDetaches = new TreeMap<>();

  final List<String> reports = new ArrayList<>();
  final List<Message.Update> updates = new ArrayList<>();

  /** Where endpoints may connect to. */
  List<EndpointListener> listeners = List.of();

  /** Ports behind which it listens. */
  List<LearningPort> learningPorts = List.of();

  /** What it told its endpoints of others. */
  final List<HostBinding> told = new ArrayList<>();

  /** What it asked hosts. */
  final List<HostQuestion> questions = new ArrayList<>();

  private final Map<Long, EndpointRouter> routers = new TreeMap<>();

  /** When false, a batch waits for {@link #applyBatch}. */
  boolean applying = true;

  /** When true, what happens to the node waits for {@link #giveGathered}. */
  boolean gathering;

  /** When false, the node's connects are refused. */
  boolean reachable = true;

  /** Writes to the store of addresses that nobody has carried out yet. */
  final Queue<AddressWrite> writes = new ArrayDeque<>();

  final TreeMap<Long, String> addressAnswers = new TreeMap<>();

  /** What it is told to have below it. */
  Underlay underlay = UNDERLAY;

  long now = 1;
  private Speaker reflector = reflector();
  private Optional<NodeEffect.ApplyChanges> waiting = Optional.empty();
  private final Queue<NodeEvent> forNode = new ArrayDeque<>();
  private long connection;
  private long requests;

  OneNode() {
    this(new NodeConfig("n1", "weft-", 100));
  }

  OneNode(NodeConfig config) {
    node = new Node(config);
  }

  private static Speaker reflector() {
    var clients = List.of(PeerRange.clients(IpPrefix.parse("10.0.0.0/24"), AS));
    return new Speaker(
        new SpeakerConfig(
            AS, Ipv4Address.parse("10.0.0.254"), List.of(), clients, true, 90, 120, 10, 10_000));
  }

  // What there is.

  static NetworkIntent network(String name, String tenant, int vni) {
    return network(name, tenant, vni, "192.168.1.0/24");
  }

  static NetworkIntent network(String name, String tenant, int vni, String subnet) {
    var target = RouteTarget.automatic(AS, new Vni(vni));
    return new NetworkIntent(
        name,
        Optional.of(tenant),
        new Vni(vni),
        List.of(IpPrefix.parse(subnet)),
        List.of(target),
        List.of(target),
        OptionalInt.empty());
  }

  static NodeIntent intent(NetworkIntent... networks) {
    var peer = new PeerConfig(REFLECTOR, AS, false, false);
    return new NodeIntent(AS, List.of(peer), 90, 120, List.of(networks));
  }

  static AttachRequest request(String endpoint, String network, String... addresses) {
    return new AttachRequest(
        endpoint,
        network,
        "/run/netns/" + endpoint,
        "eth0",
        Optional.empty(),
        List.of(addresses).stream().map(IpAddress::parse).toList());
  }

  static MacAddress macOf(String ipv4) {
    return new MacAddress(0x0a58_0000_0000L | (Ipv4Address.parse(ipv4).value() & 0xffff_ffffL));
  }

  // What happens.

  /** All that a node needs to begin, with the kernel as it is; the reflector has nothing to say. */
  OneNode start(NetworkIntent... networks) {
    reflect(new SpeakerEvent.OriginationCompleted());
    return begin(networks);
  }

  /** Like {@link #start}, but the reflector does not end its first table. */
  OneNode begin(NetworkIntent... networks) {
    give(new NodeEvent.IntentChanged(intent(networks)));
    give(new NodeEvent.UnderlayChanged(Optional.of(underlay), ""));
    give(new NodeEvent.KernelObserved(observable()));
    return this;
  }

  List<ForwardingObject> observable() {
    return kernel.values().stream().map(ForwardingObject::observable).toList();
  }

  long attach(AttachRequest request) {
    give(new NodeEvent.AttachRequested(++requests, request));
    return requests;
  }

  /** Attaches at once; the answer. */
  AttachResult attachNow(AttachRequest request) {
    return answer(attach(request));
  }

  AttachResult answer(long request) {
    return Optional.ofNullable(attached.get(request)).orElseThrow();
  }

  long detach(String endpoint) {
    give(new NodeEvent.DetachRequested(++requests, endpoint));
    return requests;
  }

  /** Asks the store of addresses for something; the number of the call. */
  long ask(AddressRequest wanted) {
    give(new NodeEvent.AddressesRequested(++requests, wanted));
    return requests;
  }

  void intend(NetworkIntent... networks) {
    give(new NodeEvent.IntentChanged(intent(networks)));
  }

  void give(NodeEvent event) {
    forNode.add(event);
    while (!gathering && !forNode.isEmpty()) {
      node.step(now, forNode.remove()).forEach(this::perform);
    }
  }

  /** What was gathered comes at once, and what follows from it as well. */
  void giveGathered() {
    gathering = false;
    while (!forNode.isEmpty()) {
      var together = List.copyOf(forNode);
      forNode.clear();
      node.step(now, together).forEach(this::perform);
    }
  }

  /** Lets time come to what node or reflector waits for next, if not later than {@code until}. */
  private boolean wake(long until) {
    long mine = node.nextDeadline().orElse(Long.MAX_VALUE);
    long theirs = reflector.nextDeadline().orElse(Long.MAX_VALUE);
    if (Math.min(mine, theirs) > until) {
      now = until;
      return false;
    }
    now = Math.max(now, Math.min(mine, theirs));
    if (mine <= theirs) {
      give(new NodeEvent.DeadlineReached());
    } else {
      reflect(new SpeakerEvent.DeadlineReached());
    }
    return true;
  }

  void pass(long nanos) {
    long until = now + nanos;
    for (int steps = 0; wake(until); steps++) {
      if (steps > 10_000) {
        throw new AssertionError("the node wakes and wakes: " + node.nextDeadline());
      }
    }
  }

  void forget() {
    batches.clear();
    updates.clear();
    reports.clear();
  }

  // The kernel.

  boolean isBatchWaiting() {
    return waiting.isPresent();
  }

  void applyBatch() {
    var batch = waiting.orElseThrow();
    waiting = Optional.empty();
    var refusals = new ArrayList<Refusal>();
    for (var change : batch.changes()) {
      var refused = change instanceof KernelChange.Put ? refusing : refusingRemovals;
      boolean one = change instanceof KernelChange.Put(var object) && refuse.test(object);
      if (one || refused.contains(change.key().kind())) {
        refusals.add(new Refusal(change.key(), "no, says the kernel"));
        continue;
      }
      switch (change) {
        case KernelChange.Put(var object) -> {
          if (object.key().kind() == Kind.PORT) {
            kernel
                .keySet()
                .removeIf(
                    key ->
                        key.kind() == Kind.PORT
                            && key.discriminator().equals(object.key().discriminator()));
          }
          kernel.put(object.key(), object);
        }
        case KernelChange.Remove(var object) -> kernel.remove(object.key());
      }
    }
    give(new NodeEvent.ChangesApplied(batch.batch(), refusals));
  }

  /** Someone else takes it away. */
  void lose(ForwardingKey key) {
    kernel.remove(key);
    give(new NodeEvent.KernelChanged(List.of(new NodeEvent.Observation(key, Optional.empty()))));
  }

  List<ForwardingObject> kernel(Kind kind) {
    return kernel.values().stream().filter(object -> object.key().kind() == kind).toList();
  }

  List<Kind> kinds() {
    return kernel.keySet().stream().map(ForwardingKey::kind).toList();
  }

  // Other nodes, as the reflector tells of them.

  static Route macRoute(String vtep, int vni, String ip) {
    return macRoute(vtep, vni, macOf(ip), Optional.of(IpAddress.parse(ip)));
  }

  static Route macRoute(String vtep, int vni, MacAddress mac, Optional<IpAddress> ip) {
    var rd = RouteDistinguisher.of(Ipv4Address.parse(vtep), vni & 0xffff);
    return new MacIpAdvertisement(rd, Esi.ZERO, 0, mac, ip, vni, OptionalInt.empty());
  }

  static Route floodRoute(String vtep, int vni) {
    var rd = RouteDistinguisher.of(Ipv4Address.parse(vtep), vni & 0xffff);
    return new InclusiveMulticast(rd, 0, IpAddress.parse(vtep));
  }

  static PathAttributes attributes(String vtep, int vni, ExtendedCommunity... more) {
    var communities = new ArrayList<ExtendedCommunity>();
    communities.add(ExtendedCommunity.ENCAPSULATION_VXLAN);
    communities.add(ExtendedCommunity.of(RouteTarget.automatic(AS, new Vni(vni))));
    communities.addAll(List.of(more));
    var address = IpAddress.parse(vtep);
    return PathAttributes.originated(
        address, communities, Optional.of(PmsiTunnel.ingressReplication(vni, address)));
  }

  void say(Route route, PathAttributes attributes) {
    reflect(new SpeakerEvent.RoutesOriginated(List.of(new OriginatedRoute(route, attributes))));
  }

  /** A node with this VTEP has an endpoint with this address. */
  void sayMac(String vtep, int vni, String ip, ExtendedCommunity... more) {
    say(macRoute(vtep, vni, ip), attributes(vtep, vni, more));
  }

  void sayFlood(String vtep, int vni) {
    say(floodRoute(vtep, vni), attributes(vtep, vni));
  }

  void unsay(Route route) {
    reflect(new SpeakerEvent.OriginatedRoutesRemoved(List.of(route.key())));
  }

  void endOfRib() {
    reflect(new SpeakerEvent.OriginationCompleted());
  }

  /** Routes that the reflector holds from the node. */
  List<Route> announced() {
    return reflector.view().routes().stream()
        .filter(route -> !route.local())
        .map(route -> route.route())
        .toList();
  }

  PathAttributes announced(Route key) {
    return reflector.view().routes().stream()
        .filter(route -> !route.local() && route.route().key().equals(key.key()))
        .findFirst()
        .orElseThrow()
        .attributes();
  }

  private void reflect(SpeakerEvent event) {
    reflectLater(event);
    if (!forNode.isEmpty()) {
      give(forNode.remove());
    }
  }

  private void reflectLater(SpeakerEvent event) {
    for (var effect : reflector.step(now, event)) {
      switch (effect) {
        case SpeakerEffect.Send(long number, var messages) ->
            messages.forEach(message -> forNode.add(received(number, message)));
        case SpeakerEffect.Close(long number, _) ->
            forNode.add(new NodeEvent.Bgp(new SpeakerEvent.Disconnected(number, "closed")));
        default -> {}
      }
    }
  }

  private static NodeEvent received(long connection, Message message) {
    return new NodeEvent.Bgp(
        new SpeakerEvent.MessageReceived(connection, new Decoded.Good(message)));
  }

  // Effects.

  private void perform(NodeEffect effect) {
    switch (effect) {
      case NodeEffect.Bgp(var bgp) -> perform(bgp);
      case NodeEffect.ApplyChanges batch -> {
        if (waiting.isPresent()) {
          throw new AssertionError("two batches in flight");
        }
        waiting = Optional.of(batch);
        batches.add(batch.changes());
        if (applying) {
          applyBatch();
        }
      }
      case NodeEffect.ReplyToAttach(long request, var result) -> {
        if (attached.put(request, result) != null) {
          throw new AssertionError("request " + request + " was answered twice");
        }
      }
      case NodeEffect.ReplyToDetach(long request, boolean was) -> {
        if (detached.put(request, was) != null) {
          throw new AssertionError("request " + request + " was answered twice");
        }
      }
      case NodeEffect.RefuseDetach(long request, var why) -> refusedDetaches.put(request, why);
      case NodeEffect.WriteAddress(var write) -> writes.add(write);
      case NodeEffect.ReplyToAddresses(long request, var refusal) ->
          addressAnswers.put(request, refusal);
      case NodeEffect.ListenToEndpoints(var wanted) -> listeners = wanted;
      case NodeEffect.ListenToPorts(var wanted) -> learningPorts = wanted;
      case NodeEffect.AskHosts(var asked) -> questions.addAll(asked);
      case NodeEffect.TellHosts(var bindings) -> told.addAll(bindings);
      case NodeEffect.EndpointBgp(_, SpeakerEffect.Send(long number, var messages)) ->
          messages.forEach(message -> router(number).hear(message));
      case NodeEffect.EndpointBgp(_, SpeakerEffect.Close(long number, var reason)) ->
          router(number).lose(reason);
      case NodeEffect.EndpointBgp(_, var other) ->
          throw new AssertionError("not for an endpoint: " + other);
      case NodeEffect.Report(var subject, var text) -> reports.add(subject + ": " + text);
    }
  }

  /** An endpoint's daemon has a connection of this number. */
  long connect(EndpointRouter router) {
    routers.put(++connection, router);
    return connection;
  }

  private EndpointRouter router(long number) {
    return Optional.ofNullable(routers.get(number)).orElseThrow();
  }

  /** What the endpoint's daemon does comes in when the node has done its present work. */
  void later(NodeEvent event) {
    forNode.add(event);
  }

  private void perform(SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.Connect(var peer) -> {
        if (reachable) {
          connection++;
          forNode.add(new NodeEvent.Bgp(new SpeakerEvent.Connected(connection, peer)));
          reflectLater(new SpeakerEvent.Accepted(connection, VTEP));
        } else {
          forNode.add(new NodeEvent.Bgp(new SpeakerEvent.ConnectFailed(peer, "refused")));
        }
      }
      case SpeakerEffect.Send(long number, var messages) -> {
        for (var message : messages) {
          if (message instanceof Message.Update update) {
            updates.add(update);
          }
          reflectLater(new SpeakerEvent.MessageReceived(number, new Decoded.Good(message)));
        }
      }
      case SpeakerEffect.Close(long number, _) ->
          reflectLater(new SpeakerEvent.Disconnected(number, "closed"));
      default -> throw new AssertionError("not for the outside: " + effect);
    }
  }
}
