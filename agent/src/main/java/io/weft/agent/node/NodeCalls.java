package io.weft.agent.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.cluster.PodEvents.News;
import io.weft.agent.cni.Attachments;
import io.weft.agent.cni.CniFailure;
import io.weft.agent.cni.PodNetworks;
import io.weft.agent.control.BgpCalls;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.agent.control.ControlServer.Handler;
import io.weft.agent.control.PrefixSearch;
import io.weft.agent.json.AddressJson;
import io.weft.agent.json.BgpJson;
import io.weft.agent.json.EndpointSessionJson;
import io.weft.agent.json.FlapWords;
import io.weft.agent.json.ForeignJson;
import io.weft.agent.json.GroupJson;
import io.weft.agent.json.GuardJson;
import io.weft.agent.json.HostJson;
import io.weft.agent.json.Importers;
import io.weft.agent.json.NodeJson;
import io.weft.agent.json.PathJson;
import io.weft.agent.json.PeerJson;
import io.weft.agent.json.PodJson;
import io.weft.agent.json.RouteQuestion;
import io.weft.agent.json.TenantJson;
import io.weft.agent.json.WhyJson;
import io.weft.agent.kernel.GuardView;
import io.weft.agent.loop.EventLoop;
import io.weft.agent.probe.ProbeView;
import io.weft.bgp.speaker.Explanation;
import io.weft.bgp.speaker.SpeakerInspection;
import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.wire.Route;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import io.weft.kubernetes.intent.ConnectionWay;
import io.weft.kubernetes.intent.NamespaceResolution.Choice;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.ipam.AddressRequest;
import io.weft.overlay.ipam.AddressView;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeView;
import io.weft.overlay.node.TenantView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;

/** The calls that a node answers on its socket: attach, detach, and pictures of what is. */
final class NodeCalls {
  /** A caller is told by then that there is no answer yet; the call itself goes on. */
  static final int TIMEOUT_SECONDS = 30;

  private static final String BUSY = "the node is busy; see 'weft status', and try again";
  private static final String STORE = "the store of addresses has yet to answer; see 'weft status'";
  private static final String IN_STATUS = "see 'weft status' for the reason";

  private final EventLoop<NodeEvent, NodeEffect> loop;
  private final Node node;
  private final Supplier<List<String>> problems;
  private final Supplier<List<ConnectionWay>> ways;
  private final Supplier<PeerJson> peerJson;
  private final Supplier<ProbeView> paths;
  private final Supplier<GuardView> guards;
  private final PodNetworks pods;
  private final DrainMark drain;
  private final PodNews news;
  private final AtomicLong requests = new AtomicLong();
  private final Map<Long, CompletableFuture<AttachResult>> attaching = new ConcurrentHashMap<>();
  private final Map<Long, CompletableFuture<Boolean>> detaching = new ConcurrentHashMap<>();
  private final Map<Long, CompletableFuture<String>> asking = new ConcurrentHashMap<>();

  NodeCalls(
      EventLoop<NodeEvent, NodeEffect> loop,
      Node node,
      Supplier<List<String>> problems,
      Supplier<List<ConnectionWay>> ways,
      Supplier<PeerJson> peerJson,
      Supplier<ProbeView> paths,
      Supplier<GuardView> guards,
      PodNetworks pods,
      DrainMark drain) {
    this.drain = drain;
    this.loop = loop;
    this.node = node;
    this.problems = problems;
    this.ways = ways;
    this.peerJson = peerJson;
    this.paths = paths;
    this.guards = guards;
    this.pods = pods;
    this.news = new PodNews(pods::pod);
  }

  Map<String, Handler> handlers() {
    var handlers = new TreeMap<String, Handler>();
    handlers.put("attach", this::attach);
    handlers.put("detach", this::detach);
    handlers.put("addresses", _ -> AddressJson.addresses(addresses()));
    handlers.put("activate-claim", this::activateClaim);
    handlers.put("delete-claim", this::deleteClaim);
    handlers.put("release-node", this::releaseNode);
    handlers.put("drain", this::drain);
    handlers.put("status", _ -> status());
    handlers.put("networks", _ -> NodeJson.networks(view()));
    handlers.put("endpoints", this::endpoints);
    handlers.put("multicast", _ -> GroupJson.groups(await(loop.ask(node::groups))));
    handlers.put("tenants", this::tenants);
    handlers.put("routes", this::routes);
    handlers.put("why", this::why);
    handlers.put("peers", _ -> peers());
    return handlers;
  }

  private ObjectNode endpoints(JsonNode call) throws CallRefused, InterruptedException {
    var name = call.path("endpoint").asText();
    var hosts =
        await(loop.ask(() -> node.hosts(System.nanoTime()))).stream()
            .filter(host -> name.isEmpty() || host.endpoint().equals(name))
            .toList();
    if (hosts.isEmpty() && !name.isEmpty()) {
      throw new CallRefused("UNKNOWN_ENDPOINT", "no endpoint '" + name + "' on this node");
    }
    var document = HostJson.hosts(hosts);
    document.set("stopped", GuardJson.ports(guards.get(), name));
    return document;
  }

  private ObjectNode drain(JsonNode call) throws CallRefused, InterruptedException {
    boolean drained = !call.path("undo").asBoolean();
    int before = await(loop.ask(node::announced));
    try {
      synchronized (drain) { // of two calls at once both keep the later
        drain.set(drained);
        loop.put(new NodeEvent.DrainChanged(drained));
      }
    } catch (IOException e) {
      throw new CallRefused(
          "NOT_KEPT",
          "nothing has changed: it cannot be kept over a restart, "
              + e
              + "; make room in the directory of --state, or let the agent write there");
    }
    int after = await(loop.ask(node::announced)); // events before it are done
    return JsonNodeFactory.instance
        .objectNode()
        .put("drained", drained)
        .put("withdrawn", Math.max(0, before - after))
        .put("announced", after)
        .put("endpoints", view().endpoints().size());
  }

  private ObjectNode status() throws CallRefused, InterruptedException {
    var document = status(pods.namespaceProblems());
    document.set("misplacedPods", PodJson.misplaced(pods.misplaced()));
    return document;
  }

  private ObjectNode status(List<String> more) throws CallRefused, InterruptedException {
    var view = view();
    var all = new ArrayList<>(problems.get());
    all.addAll(more);
    all.addAll(await(loop.ask(() -> node.deviations(System.nanoTime()))));
    view.bgp().ifPresent(bgp -> all.addAll(FlapWords.problems(bgp, System.nanoTime())));
    var document = NodeJson.status(view, all);
    document.set("duplicates", NodeJson.duplicates(view, System.nanoTime()));
    document.put("drained", await(loop.ask(node::drained)));
    document.set(
        "foreignChanges", ForeignJson.foreign(await(loop.ask(node::foreign)), System.nanoTime()));
    document.set(
        "endpointSessions",
        EndpointSessionJson.sessions(view.endpointSessions(), System.nanoTime()));
    document.set("paths", PathJson.paths(paths.get()));
    document.set("stopped", GuardJson.stopped(guards.get()));
    return document;
  }

  /**
   * What a NodeState says: the status without pods and namespaces, how many networks have endpoints
   * here, and whether what the kernel refuses is not one tenant's alone.
   */
  ObjectNode summary() throws CallRefused, InterruptedException {
    var document = status(List.of());
    var view = view();
    long used = view.networks().stream().filter(each -> each.localEndpoints() > 0).count();
    boolean all = view.kernelFailures().stream().anyMatch(each -> each.key().isOfAllTenants());
    return document.put("networks", used).put("refusedToAll", all);
  }

  /** What pods should know of themselves, since the last call; one thread calls it. */
  List<News> podNews() {
    try {
      return news.look(guards.get(), view());
    } catch (CallRefused e) {
      return List.of(); // it comes with the next
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  private ObjectNode peers() throws CallRefused, InterruptedException {
    return peerJson.get().addTo(BgpJson.peers(speaker(), System.nanoTime()));
  }

  private ObjectNode routes(JsonNode call) throws CallRefused, InterruptedException {
    return BgpCalls.routes(call, this::ask);
  }

  private ObjectNode why(JsonNode call) throws CallRefused, InterruptedException {
    return BgpCalls.why(call, this::importers, this::ask);
  }

  private Optional<Importers> importers(RouteQuestion question, Explanation.Several told)
      throws CallRefused, InterruptedException {
    var networks = view().networks();
    return Optional.of(
        await(
            loop.ask(
                () -> {
                  var uses = new HashMap<Route, List<TenantView.Use>>();
                  told.routes().forEach(route -> uses.put(route.key(), node.uses(route.key())));
                  var behind = node.behind(Optional.empty(), question::means, WhyJson.MAX_ROUTES);
                  return new Importers(networks, node.tenants(), uses, behind);
                })));
  }

  private ObjectNode tenants(JsonNode call) throws CallRefused, InterruptedException {
    var tenants = await(loop.ask(node::tenants));
    var name = call.path("tenant").asText();
    if (name.isEmpty()) {
      return TenantJson.tenants(tenants, ways.get());
    }
    if (tenants.stream().noneMatch(each -> each.name().equals(name))) {
      throw new CallRefused("UNKNOWN_TENANT", "tenant '" + name + "' is not known");
    }
    var table = await(loop.askInSlices(new PrefixSearch(node, name)::go));
    var behind =
        await(loop.ask(() -> node.behind(Optional.of(name), _ -> true, TenantJson.MAX_BEHIND)));
    return TenantJson.tenant(name, tenants, ways.get(), table, behind);
  }

  private <T> T ask(Function<SpeakerInspection, Optional<T>> slice)
      throws CallRefused, InterruptedException {
    speaker(); // once there is one, it stays
    return await(loop.askInSlices(() -> slice.apply(node.bgp().orElseThrow())));
  }

  private NodeView view() throws CallRefused, InterruptedException {
    return await(loop.ask(node::view));
  }

  private SpeakerStatus speaker() throws CallRefused, InterruptedException {
    var view = view();
    return view.bgp()
        .orElseThrow(
            () ->
                new CallRefused(
                    "NOT_READY", "the node speaks no BGP yet: " + view.underlayReason()));
  }

  private ObjectNode attach(JsonNode call) throws CallRefused, InterruptedException {
    return switch (attach(AttachCall.request(call))) {
      case AttachResult.Attached attached -> NodeJson.attached(attached);
      case AttachResult.Refused(var reason, var message) ->
          throw new CallRefused(reason.name(), message);
    };
  }

  private AttachResult attach(AttachRequest request) throws CallRefused, InterruptedException {
    long id = requests.incrementAndGet();
    var answer = new CompletableFuture<AttachResult>();
    attaching.put(id, answer);
    try {
      loop.put(new NodeEvent.AttachRequested(id, request));
      return await(answer, () -> waitsFor(request.endpoint()));
    } finally {
      attaching.remove(id);
    }
  }

  private ObjectNode detach(JsonNode call) throws CallRefused, InterruptedException {
    var endpoint = AttachCall.text(call, "endpoint");
    refuseDeclared(endpoint);
    return JsonNodeFactory.instance
        .objectNode()
        .put("endpoint", endpoint)
        .put("wasAttached", detach(endpoint));
  }

  /** The brain would leave it alone, and the resource bring it back. */
  private void refuseDeclared(String endpoint) throws CallRefused, InterruptedException {
    for (var each : view().endpoints()) {
      if (each.endpoint().declared() && each.endpoint().name().equals(endpoint)) {
        throw new CallRefused(
            "DECLARED",
            "a resource declares '%s': remove Endpoint %s from the configuration"
                .formatted(endpoint, endpoint));
      }
    }
  }

  private boolean detach(String endpoint) throws CallRefused, InterruptedException {
    long id = requests.incrementAndGet();
    var answer = new CompletableFuture<Boolean>();
    detaching.put(id, answer);
    try {
      loop.put(new NodeEvent.DetachRequested(id, endpoint));
      return await(answer, () -> IN_STATUS);
    } finally {
      detaching.remove(id);
    }
  }

  private AddressView addresses() throws CallRefused, InterruptedException {
    return await(loop.ask(() -> node.addresses(System.nanoTime())));
  }

  private ObjectNode deleteClaim(JsonNode call) throws CallRefused, InterruptedException {
    return ask(new AddressRequest.DeleteClaim(AttachCall.text(call, "claim")));
  }

  private ObjectNode activateClaim(JsonNode call) throws CallRefused, InterruptedException {
    return ask(
        new AddressRequest.ActivateClaim(
            AttachCall.text(call, "claim"), AttachCall.text(call, "node")));
  }

  private ObjectNode releaseNode(JsonNode call) throws CallRefused, InterruptedException {
    return ask(new AddressRequest.ReleaseNode(AttachCall.text(call, "node")));
  }

  private ObjectNode ask(AddressRequest request) throws CallRefused, InterruptedException {
    long id = requests.incrementAndGet();
    var answer = new CompletableFuture<String>();
    asking.put(id, answer);
    try {
      loop.put(new NodeEvent.AddressesRequested(id, request));
      var refusal = await(answer, () -> STORE);
      if (!refusal.isEmpty()) {
        throw new CallRefused("INVALID_REQUEST", refusal);
      }
      return JsonNodeFactory.instance.objectNode();
    } finally {
      asking.remove(id);
    }
  }

  /** The same calls for the CNI plugin. */
  Attachments attachments() {
    return new Attachments() {
      @Override
      public Choice networkOf(PodName pod, Optional<String> configured)
          throws CniFailure, InterruptedException {
        return pods.networkOf(pod, configured);
      }

      @Override
      public boolean isReached(String network) {
        return pods.isReached(network);
      }

      @Override
      public void started(String endpoint, PodName pod, String network) {
        pods.started(endpoint, pod, network);
      }

      @Override
      public AttachResult.Attached attach(AttachRequest request)
          throws CniFailure, InterruptedException {
        return switch (orFail(() -> NodeCalls.this.attach(request))) {
          case AttachResult.Attached attached -> attached;
          case AttachResult.Refused(var reason, var message) ->
              throw CniFailure.of(reason, message);
        };
      }

      @Override
      public boolean detach(String endpoint) throws CniFailure, InterruptedException {
        boolean was = orFail(() -> NodeCalls.this.detach(endpoint));
        pods.ended(endpoint);
        return was;
      }

      @Override
      public NodeView view() throws CniFailure, InterruptedException {
        return orFail(NodeCalls.this::view);
      }
    };
  }

  private interface Call<T> {
    T run() throws CallRefused, InterruptedException;
  }

  /** The node is stopping or too busy: the runtime may try again. */
  private static <T> T orFail(Call<T> call) throws CniFailure, InterruptedException {
    try {
      return call.run();
    } catch (CallRefused e) {
      throw new CniFailure(
          CniFailure.TRY_AGAIN, "the node does not answer", String.valueOf(e.getMessage()));
    }
  }

  /** Called by the loop with an answer of the brain's. */
  void answer(NodeEffect.ReplyToAttach reply) {
    var waiting = attaching.remove(reply.request());
    if (waiting != null) {
      waiting.complete(reply.result());
    }
  }

  /** Called by the loop with an answer of the brain's. */
  void answer(NodeEffect.ReplyToDetach reply) {
    var waiting = detaching.remove(reply.request());
    if (waiting != null) {
      waiting.complete(reply.wasAttached());
    }
  }

  /** Called by the loop with an answer of the brain's. */
  void answer(NodeEffect.RefuseDetach reply) {
    var waiting = detaching.remove(reply.request());
    if (waiting != null) {
      waiting.completeExceptionally(new CallRefused("NOT_READY", reply.why()));
    }
  }

  /** Called by the loop with an answer of the brain's. */
  void answer(NodeEffect.ReplyToAddresses reply) {
    var waiting = asking.remove(reply.request());
    if (waiting != null) {
      waiting.complete(reply.refusal());
    }
  }

  /** What the attach call of the endpoint waits for. */
  private String waitsFor(String endpoint) throws InterruptedException {
    var view = loop.ask(node::view);
    try {
      return view.get(1, TimeUnit.SECONDS).attaching().getOrDefault(endpoint, IN_STATUS);
    } catch (ExecutionException e) {
      return String.valueOf(e.getCause() == null ? e : e.getCause().getMessage());
    } catch (TimeoutException _) {
      view.cancel(false);
      return BUSY;
    }
  }

  private static <T> T await(CompletableFuture<T> answer) throws CallRefused, InterruptedException {
    return await(answer, () -> BUSY);
  }

  private interface Reason {
    String words() throws InterruptedException;
  }

  private static <T> T await(CompletableFuture<T> answer, Reason reason)
      throws CallRefused, InterruptedException {
    try {
      return answer.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      var cause = e.getCause();
      if (cause instanceof CallRefused refused) {
        throw refused;
      }
      throw new CallRefused("STOPPING", String.valueOf(cause == null ? e : cause.getMessage()));
    } catch (TimeoutException _) {
      var words = reason.words();
      if (!answer.cancel(false)) {
        return await(answer, reason); // it has come meanwhile
      }
      throw new CallRefused("TIMEOUT", "no answer for %d s: %s".formatted(TIMEOUT_SECONDS, words));
    }
  }
}
