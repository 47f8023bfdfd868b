package io.weft.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;

/**
 * The server: GET, POST, PUT, PATCH (RFC 7396; of conditions also strategic), DELETE and watch, on
 * the loopback address, with paged lists, selectors, bookmarks, compare-and-set by resource
 * version, status subresources, preconditions, finalizers, partial metadata and tables. It refuses
 * what Kubernetes' server refuses of the kinds that Weft writes. What it does not do: webhooks,
 * roles, server-side apply.
 */
public final class ApiServer implements AutoCloseable {
  private static final int BOOKMARK_MILLIS = 250;
  private static final int LONGEST_WATCH_SECONDS = 300;

  /** The version of Kubernetes whose server this one stands for. */
  private static final String VERSION = "v1.36.0";

  private final HttpServer server;
  private final Collection<HttpServer> listening = new ConcurrentLinkedDeque<>();
  private final Store store = new Store();
  private final Pages pages = new Pages(store);
  private final Collection<ResourceType> types = new ConcurrentLinkedDeque<>(ResourceType.BUILT_IN);
  private final Collection<String> calls = new ConcurrentLinkedDeque<>();
  private final Collection<String> asked = new ConcurrentLinkedDeque<>();
  private final AtomicInteger failing = new AtomicInteger();
  private final AtomicInteger busy = new AtomicInteger();
  private final AtomicInteger generation = new AtomicInteger();
  private final AtomicInteger watches = new AtomicInteger();
  private volatile Duration latency = Duration.ZERO;
  private volatile int retryAfter;
  private volatile Predicate<String> forbidden = _ -> false;
  private volatile boolean away;
  private volatile boolean bookmarks = true;
  private volatile Consumer<String> steps = _ -> {};

  /**
   * Not virtual threads: up to Java 25.0.3 those that wait for a monitor with a time limit, as
   * watches do, may all be left waiting for ever (JDK-8373120), and the rest of the calls with
   * them.
   */
  private final ExecutorService threads =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("api-server-", 0).factory());

  private ApiServer(HttpServer server) {
    this.server = server;
    listen(server);
  }

  /** Answers on one more socket that is bound already, as {@link #start(HttpServer)}. */
  public void listen(HttpServer bound) {
    bound.createContext("/", this::handle);
    bound.setExecutor(threads);
    bound.start();
    listening.add(bound);
  }

  /** Without TLS, on a free port. */
  public static ApiServer start() throws IOException {
    return start(bind());
  }

  /** A socket for {@link #start(HttpServer)}, on a free port of the loopback. */
  public static HttpServer bind() throws IOException {
    return HttpServer.create(loopback(), 0);
  }

  /**
   * On a socket that is bound already, as in another network namespace. A thread is born into the
   * namespace of the one that starts it, so the server must not be started there: the threads that
   * answer would be in it, and whatever those start.
   */
  public static ApiServer start(HttpServer bound) {
    return new ApiServer(bound);
  }

  /** With TLS; the certificate must be for 127.0.0.1. Client certificates are asked for. */
  public static ApiServer start(SSLContext tls) throws IOException {
    var server = HttpsServer.create(loopback(), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(com.sun.net.httpserver.HttpsParameters parameters) {
            var wanted = tls.getDefaultSSLParameters();
            wanted.setWantClientAuth(true);
            parameters.setSSLParameters(wanted);
          }
        });
    return new ApiServer(server);
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  public URI uri() {
    return URI.create(
        (server instanceof HttpsServer ? "https" : "http")
            + "://"
            + server.getAddress().getAddress().getHostAddress()
            + ":"
            + server.getAddress().getPort());
  }

  /** From now on objects of the CustomResourceDefinition are kept. */
  public void define(JsonNode definition) {
    types.add(ResourceType.of(definition));
  }

  /**
   * Makes an object, or replaces the one of its name, without a call: for objects that are there
   * when a client comes, or change where the test cannot call. A status that is given is written
   * too.
   *
   * @throws IllegalArgumentException when the kind is not known or the schema refuses it
   */
  public JsonNode put(ObjectNode object) {
    var type = type(object.path("kind").asText());
    var metadata = object.path("metadata");
    var namespace = metadata.path("namespace").asText("");
    var name = metadata.path("name").asText();
    try {
      var stored =
          store.find(type, namespace, name).isPresent()
              ? store.replace(type, namespace, name, false, object)
              : store.create(type, namespace, object);
      return type.hasStatus() && object.has("status")
          ? store.replace(type, namespace, name, true, object)
          : stored;
    } catch (Refusal refusal) {
      throw new IllegalArgumentException(refusal.words(), refusal);
    }
  }

  /** From now on there is no such kind, as with a server of an earlier version. */
  public void undefine(String kind) {
    types.removeIf(type -> type.kind().equals(kind));
  }

  private ResourceType type(String kind) {
    return types.stream()
        .filter(each -> each.kind().equals(kind))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no such kind: " + kind));
  }

  /** All objects of the kind, without a call. */
  public List<ObjectNode> objects(String kind) {
    return store.list(type(kind), "").stream().map(ObjectNode::deepCopy).toList();
  }

  /**
   * Removes an object of a cluster-wide kind, without a call.
   *
   * @throws IllegalArgumentException when it is not there
   */
  public void remove(String kind, String name) {
    try {
      store.delete(type(kind), "", name, "", "");
    } catch (Refusal refusal) {
      throw new IllegalArgumentException(refusal.words(), refusal);
    }
  }

  // ---- Trouble ----------------------------------------------------------------------------

  /** Each call waits so long. */
  public void latency(Duration next) {
    latency = next;
  }

  /** While away no call is answered: connections break, also those of watches. */
  public void away(boolean next) {
    away = next;
    cutWatches();
  }

  /** Ends all watches, as the server does when it restarts. */
  public void cutWatches() {
    generation.incrementAndGet();
    synchronized (store) {
      store.notifyAll();
    }
  }

  /** Forgets past changes: who wants to go on from before, or with a list, hears 410 Gone. */
  public void compact() {
    synchronized (store) {
      store.compact();
      pages.forget();
    }
  }

  /** So many calls that follow are carried out, and answered 500 all the same. */
  public void fail(int calls) {
    failing.set(calls);
  }

  /** So many calls that follow are not carried out: too much is asked, in so many seconds again. */
  public void busy(int calls, int seconds) {
    retryAfter = seconds;
    busy.set(calls);
  }

  /** Calls such as {@code PUT /apis/...} that nobody may make: roles are not there yet. */
  public void forbid(Predicate<String> calls) {
    forbidden = calls;
  }

  private void refuse(String call) throws Refusal {
    if (busy.get() > 0 && busy.getAndDecrement() > 0) {
      throw Refusal.busy(retryAfter);
    }
    if (forbidden.test(call)) {
      throw Refusal.forbidden(call);
    }
  }

  /** Watches say nothing while there is no change. */
  public void bookmarks(boolean next) {
    bookmarks = next;
  }

  /**
   * Told of each call that changes something, before it is carried out and again before it is
   * answered, such as {@code before PUT /apis/...} and {@code after PUT /apis/...}; the call waits
   * for it. So a test may end the caller in between.
   */
  public void steps(Consumer<String> next) {
    steps = next;
  }

  /** What was called, such as {@code PUT /apis/...}, in its order. */
  public List<String> calls() {
    return List.copyOf(calls);
  }

  /** Path and query of each call, in their order. */
  public List<String> asked() {
    return List.copyOf(asked);
  }

  /** Watches that are open. */
  public int watches() {
    return watches.get();
  }

  // ---- Calls ------------------------------------------------------------------------------

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      int begun = generation.get(); // before anything else: who comes now is cut with the others
      asked.add(exchange.getRequestURI().toString());
      if (away) {
        return; // closes the connection without an answer
      }
      Thread.sleep(latency);
      var parameters = HttpCall.parameters(exchange.getRequestURI());
      if (exchange.getRequestURI().getPath().equals("/version")) {
        calls.add("GET /version");
        HttpCall.send(
            exchange, 200, JsonNodeFactory.instance.objectNode().put("gitVersion", VERSION));
        return;
      }
      try {
        var target = target(exchange.getRequestURI().getPath());
        if (parameters.getOrDefault("watch", "").equals("true")) {
          var call = "WATCH " + exchange.getRequestURI().getPath();
          calls.add(call);
          refuse(call);
          watch(exchange, target, parameters, begun);
          return;
        }
        var call = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
        calls.add(call);
        refuse(call);
        boolean changes = !exchange.getRequestMethod().equals("GET");
        if (changes) {
          steps.accept("before " + call);
        }
        var answer = carryOut(exchange, target, parameters);
        if (changes) {
          steps.accept("after " + call);
        }
        if (failing.get() > 0 && failing.getAndDecrement() > 0) {
          throw new Refusal(500, "InternalError", "the answer is lost");
        }
        HttpCall.send(exchange, exchange.getRequestMethod().equals("POST") ? 201 : 200, answer);
      } catch (Refusal refusal) {
        HttpCall.send(exchange, refusal);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private JsonNode carryOut(HttpExchange exchange, Target target, Map<String, String> parameters)
      throws Refusal, IOException {
    var type = target.type();
    var namespace = target.namespace();
    boolean partial = HttpCall.wantsMetadata(exchange);
    return switch (exchange.getRequestMethod()) {
      case "GET" ->
          target.name().isEmpty()
              ? HttpCall.asked(exchange, list(target, parameters, partial))
              : WatchEvents.shown(partial, existing(target));
      case "POST" -> store.create(type, namespace, HttpCall.object(exchange, type, namespace, ""));
      case "PUT" ->
          store.replace(
              type,
              namespace,
              target.name(),
              target.status(),
              HttpCall.object(exchange, type, namespace, target.name()));
      case "PATCH" -> patch(exchange, target);
      case "DELETE" -> delete(exchange, target);
      default -> throw Refusal.bad("the method is not known");
    };
  }

  private ObjectNode list(Target target, Map<String, String> parameters, boolean partial)
      throws Refusal {
    synchronized (store) { // one state of all objects
      return pages.list(target.type(), target.namespace(), parameters, partial);
    }
  }

  private ObjectNode existing(Target target) throws Refusal {
    return store
        .find(target.type(), target.namespace(), target.name())
        .orElseThrow(() -> Refusal.notFound(target.type().named(target.name())));
  }

  private JsonNode delete(HttpExchange exchange, Target target) throws Refusal, IOException {
    var conditions = HttpCall.body(exchange).path("preconditions");
    return store.delete(
        target.type(),
        target.namespace(),
        target.name(),
        conditions.path("uid").asText(""),
        conditions.path("resourceVersion").asText(""));
  }

  private JsonNode patch(HttpExchange exchange, Target target) throws Refusal, IOException {
    var type = exchange.getRequestHeaders().getFirst("Content-Type");
    boolean strategic =
        "application/strategic-merge-patch+json".equals(type)
            && ResourceType.BUILT_IN.contains(target.type());
    if (!strategic && !"application/merge-patch+json".equals(type)) {
      throw new Refusal(415, "UnsupportedMediaType", String.valueOf(type));
    }
    var patch = HttpCall.body(exchange);
    synchronized (store) { // nobody changes it in between
      var next = existing(target);
      if (!patch.at("/metadata/resourceVersion").isTextual()) {
        next.withObject("/metadata").remove("resourceVersion");
      }
      if (strategic) {
        MergePatch.keepConditions(next, patch);
      }
      MergePatch.apply(next, patch);
      return store.replace(target.type(), target.namespace(), target.name(), target.status(), next);
    }
  }

  private void watch(
      HttpExchange exchange, Target target, Map<String, String> parameters, int begun)
      throws Refusal, IOException, InterruptedException {
    long seen = Pages.number(parameters, "resourceVersion");
    boolean partial = HttpCall.wantsMetadata(exchange);
    boolean marked = parameters.getOrDefault("allowWatchBookmarks", "").equals("true");
    int asked = Pages.number(parameters, "timeoutSeconds");
    int seconds = asked == 0 ? 60 : Math.min(LONGEST_WATCH_SECONDS, asked);
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    var selection = Selection.of(target.type(), parameters);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    watches.incrementAndGet();
    try (var out = exchange.getResponseBody()) {
      out.flush();
      while (begun == generation.get() && System.nanoTime() < end) {
        var changes = changesAfter(seen, out);
        if (changes.isEmpty()) {
          return;
        }
        for (var change : changes.get()) {
          seen = change.version();
          var event = WatchEvents.of(target, selection, change, partial);
          if (event.isPresent()) {
            Thread.sleep(latency);
            write(out, event.get());
          }
        }
        if (changes.get().isEmpty() && marked && bookmarks) {
          write(out, WatchEvents.bookmark(target.type(), seen));
        }
      }
    } finally {
      watches.decrementAndGet();
    }
  }

  /** Empty when they are forgotten, of which the watcher is told. */
  private Optional<List<Store.Change>> changesAfter(long seen, OutputStream out)
      throws IOException, InterruptedException {
    try {
      return Optional.of(store.after(seen, BOOKMARK_MILLIS));
    } catch (Refusal gone) {
      write(out, WatchEvents.error(gone));
      return Optional.empty();
    }
  }

  private static void write(OutputStream out, JsonNode event) throws IOException {
    out.write((event + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  /** {@code PREFIX/PLURAL[/NAME[/status]]} or {@code PREFIX/namespaces/NAMESPACE/PLURAL...}. */
  private Target target(String path) throws Refusal {
    for (var type : types) {
      if (path.startsWith(type.prefix() + "/")) {
        var words =
            new ArrayList<>(List.of(path.substring(type.prefix().length() + 1).split("/", -1)));
        var namespace = "";
        if (type.namespaced() && words.size() > 2 && words.getFirst().equals("namespaces")) {
          words.removeFirst();
          namespace = words.removeFirst();
        }
        boolean status = words.size() == 3 && words.getLast().equals("status");
        if (words.getFirst().equals(type.plural())
            && (words.size() < 3 || status && type.hasStatus())) {
          return new Target(type, namespace, words.size() > 1 ? words.get(1) : "", status);
        }
      }
    }
    throw new Refusal(404, "NotFound", "the server could not find the requested resource");
  }

  @Override
  public void close() {
    cutWatches();
    listening.forEach(each -> each.stop(0));
    threads.shutdown();
  }
}
